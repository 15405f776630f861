#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nvc-cli, and by NVIDIA's name, on machines with NVIDIA's driver that are folders. Root: nodes.

bats_require_minimum_version 1.5.0

setup_file() {
	export MACHINE=$BATS_FILE_TMPDIR/machine NVIDIA=$BATS_FILE_TMPDIR/nvidia-container-cli
	local nvml=$NVC_BUILD_DIR/tests/support/nvml
	umask 022
	chmod 755 "$BATS_FILE_TMPDIR"
	ln -s "$NVC_BUILD_DIR/cli/nvc-cli" "$NVIDIA"
	"$NVC_BUILD_DIR/tests/support/driver" --mig --imex 2 --nvml "$nvml/libnvidia-ml.so.1" --cuda "$nvml/libcuda.so.1" "$MACHINE"
	cat >"$BATS_FILE_TMPDIR/config.toml" <<-END
		[nvc]
		cache-dir = "$BATS_FILE_TMPDIR/answers"
		state-dir = "$BATS_FILE_TMPDIR/state"
		driver-program = "$NVC_BUILD_DIR/driver/nvc-driver"
	END
}

setup() {
	cli=$NVC_BUILD_DIR/cli/nvc-cli
	config=$BATS_FILE_TMPDIR/config.toml
}

teardown() {
	[[ ! ${container-} ]] || kill "$container" || true
}

# on PROGRAM WORD...: on the machine with the driver
on() {
	local program=$1
	shift
	run --separate-stderr "$program" --config "$config" --root "$MACHINE" --host-root "$MACHINE" "$@"
}

# nvidia-container-cli's class of failure, on one line of standard error
# shellcheck disable=SC2154 # run sets stderr_lines
fails_as() {
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "nvidia-container-cli: $1: "* ]]
}

@test "info by NVIDIA's name is what NVIDIA's program writes, and nothing else" {
	on "$NVIDIA" info
	[ "$status" -eq 0 ]
	diff - <(printf '%s\n' "$output") <<-'END'
		NVRM version:   550.54.15
		CUDA version:   12.4

		Device Index:   0
		Device Minor:   0
		Model:          NVIDIA H100 PCIe
		Brand:          Nvidia
		GPU UUID:       GPU-00000000-1111-2222-3333-444444444444
		Bus Location:   00000000:01:00.0
		Architecture:   9.0

		Device Index:   1
		Device Minor:   1
		Model:          NVIDIA H100 PCIe
		Brand:          Nvidia
		GPU UUID:       GPU-00000001-1111-2222-3333-444444444444
		Bus Location:   00000000:02:00.0
		Architecture:   9.0
	END
	on "$NVIDIA" info --csv
	diff - <(printf '%s\n' "$output") <<-'END'
		NVRM version,CUDA version
		550.54.15,12.4

		Device Index,Device Minor,Model,Brand,GPU UUID,Bus Location,Architecture
		0,0,NVIDIA H100 PCIe,Nvidia,GPU-00000000-1111-2222-3333-444444444444,00000000:01:00.0,9.0
		1,1,NVIDIA H100 PCIe,Nvidia,GPU-00000001-1111-2222-3333-444444444444,00000000:02:00.0,9.0
	END
}

@test "info has MIG devices and nodes as well, and all of it as JSON" {
	on "$cli" info
	[ "$status" -eq 0 ]
	[[ $output == *"MIG Device:     0:1 MIG-00000001-5555-6666-7777-888888888888 (GPU instance 2, compute instance 0)"* ]]
	[[ $output == *"/dev/nvidiactl"* ]]
	[[ $output != *"Mount lists"* ]]
	on "$cli" info --json
	[ "$(jq -r '[.driver.version.value, .driver.cuda.value, (.gpus | length), .gpus[0].mig, .gpus[1].mig, (.mig_devices | map(.uuid) | join(","))] | join(" ")' <<<"$output")" = \
		'550.54.15 12.4 2 true false MIG-00000000-5555-6666-7777-888888888888,MIG-00000001-5555-6666-7777-888888888888' ]
}

@test "an answer is kept, and --no-cache asks again" {
	local facts=$MACHINE/etc/stand-in-nvml
	on "$cli" info
	sed -i 's/^cuda 12.4/cuda 12.3/' "$facts"
	on "$cli" info --csv
	[[ ${lines[1]} == 550.54.15,12.4 ]]
	on "$cli" --no-cache info --csv
	sed -i 's/^cuda 12.3/cuda 12.4/' "$facts"
	[[ ${lines[1]} == 550.54.15,12.3 ]]
	on "$cli" --no-cache info --csv
	[[ ${lines[1]} == 550.54.15,12.4 ]]
}

@test "list is in NVIDIA's order: nodes, programs, libraries, 32-bit ones, sockets, firmware" {
	on "$cli" list
	[ "$status" -eq 0 ]
	printf '%s\n' "$output" | grep -xE '/dev/nvidiactl|/dev/nvidia-uvm|/dev/nvidia-modeset|/dev/nvidia0|/dev/nvidia1|/dev/nvidia-caps/nvidia-cap12|/usr/bin/nvidia-smi|/usr/lib/[^/]*/libcuda.so.550.54.15|.*persistenced/socket|.*/gsp_ga10x.bin|/proc/driver/nvidia/params' |
		sed -E 's,/usr/lib/(i386|arm).*,32,; s,^/.*/,,' >"$BATS_TEST_TMPDIR/order"
	run paste -sd' ' "$BATS_TEST_TMPDIR/order"
	[ "$output" = 'nvidiactl nvidia-uvm nvidia-modeset nvidia0 nvidia1 nvidia-cap12 nvidia-smi libcuda.so.550.54.15 32 socket gsp_ga10x.bin params' ] || {
		echo "$output"
		return 1
	}
}

@test "list of a selection has that and nothing else" {
	local words pattern
	while IFS=';' read -r words pattern; do
		# shellcheck disable=SC2086 # words
		on "$cli" list $words
		[ "$status" -eq 0 ]
		grep -qE "$pattern" <<<"$output"
		run grep -vE "$pattern" <<<"$output"
		[ "$status" -eq 1 ] || {
			echo "$words: $output"
			return 1
		}
	done <<-'END'
		-l;\.so(\.|$)
		-b;^/usr/bin/nv
		-i;/socket$|/nvidia-mps$
		-f;/gsp_.*\.bin$
		--compat32;^/usr/lib/(i386-linux-gnu|arm-linux-gnueabihf)/
		-b -f;^/usr/bin/nv|/gsp_.*\.bin$
		-d 1;^/dev/(nvidia|dri/)
		--imex-channel=1 -b;channel1$|^/usr/bin/nv
		--mig-monitor=all;nvidia-cap|/proc/driver/nvidia/capabilities
	END
	on "$cli" list -d 1
	[[ $output == *"/dev/nvidia1"* ]]
	run grep -c 'nvidia0$' <<<"$output"
	[ "$output" = 0 ]
}

@test "services and firmware can be left out" {
	on "$cli" list -i -f --no-persistenced --no-fabricmanager --no-gsp-firmware
	[ "$status" -eq 0 ]
	[[ $output != *persistenced* && $output != *fabricmanager* && $output != *gsp_* ]]
}

@test "list as JSON tells where each part was found, whether it is used, and what is lacking" {
	on "$cli" list --json
	[ "$(jq -r '.parts | map(select(.name == "libcuda" or .name == "libcuda.so")) | .[0] | [.kind, .used, (.capabilities | join("+"))] | join(" ")' <<<"$output")" = 'file true compute+video' ]
	[ "$(jq -r '.parts | map(select(.why == null or .why == "")) | length' <<<"$output")" = 0 ]
	[ "$(jq -r '[.items[] | select(.part == null and .why == null)] | length' <<<"$output")" = 0 ]
	rm "$MACHINE/usr/bin/nvidia-smi"
	on "$cli" list --json
	touch "$MACHINE/usr/bin/nvidia-smi"
	chmod 755 "$MACHINE/usr/bin/nvidia-smi"
	[[ $(jq -r '.lacks[] | .name + ": " + .reason' <<<"$output") == *nvidia-smi* ]]
}

@test "plan names the part and the place of each operation" {
	on "$cli" plan --device 1 --utility
	[ "$status" -eq 0 ]
	[[ $output == *device*"/dev/nvidia1"* ]]
	[[ $output != *"/dev/nvidia0 "* ]]
	[[ $output =~ bind\ .*libnvidia-ml.*ld.so.cache ]]
	[[ $output != *libcuda.so.550* ]]
}

@test "failures have the classes of NVIDIA's program" {
	on "$NVIDIA" list --device 7
	fails_as 'device error'
	on "$NVIDIA" list --device MIG-none
	fails_as 'device error'
	on "$NVIDIA" configure --device=0 --require="cuda>=99" --pid=$$ "$BATS_TEST_TMPDIR"
	fails_as 'requirement error'
	[[ $stderr == *"cuda>=99"*12.4* ]]
	on "$NVIDIA" configure --device=0 --require="CUDA>=99 Brand=none" --pid=$$ "$BATS_TEST_TMPDIR"
	fails_as 'requirement error'
	[[ $stderr == *"CUDA>=99"*12.4* ]]
	on "$NVIDIA" configure --device=0 --ldconfig=/sbin/ldconfig --pid=$$ /x
	fails_as 'input error'
	on "$NVIDIA" configure --device=0 --mig-config=7 --pid=$$ "$BATS_TEST_TMPDIR"
	fails_as 'input error'
	on "$NVIDIA" configure --device=0 --compute --pid=99999999 "$BATS_TEST_TMPDIR"
	fails_as 'container error'
	config=/does/not/exist on "$NVIDIA" info
	fails_as 'initialization error'
	on "$NVIDIA" frobnicate
	fails_as 'input error'
}

@test "128 GPUs are many, and the 129th is one line" {
	local nvml=$NVC_BUILD_DIR/tests/support/nvml/libnvidia-ml.so.1 n
	for n in 128 129; do
		MACHINE=$BATS_TEST_TMPDIR/$n
		"$NVC_BUILD_DIR/tests/support/driver" --gpus $n --no-compat32 --nvml "$nvml" "$MACHINE"
		on "$cli" --no-cache info --json
		[ "$status" -eq 0 ]
		[ "$(jq -r '[(.gpus | length), .gpus[127].uuid, .gpus[127].compute_capability.value? // .gpus[127].compute_capability] | join(" ")' <<<"$output")" = \
			'128 GPU-0000007f-1111-2222-3333-444444444444 9.0' ]
		[ "${#stderr_lines[@]}" -eq $((n - 128)) ]
		[[ $n -eq 128 || $stderr == *'of 129 GPUs the first 128 count'* ]]
		on "$cli" plan --device 127 --utility
		[ "$status" -eq 0 ]
		[[ $output == *"/dev/nvidia127 195:127"* ]]
		on "$cli" plan --device all
		[ "$(grep -c '^device .*/dev/nvidia[0-9]* ' <<<"$output")" -eq 128 ]
	done
	on "$NVIDIA" list --device 128
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 2 ]
	[[ $stderr == *'of 129 GPUs the first 128 count'*"'128'"* ]]
	# by the bus alone it is no other
	rm -r "$MACHINE/proc/driver/nvidia/gpus"
	on "$cli" --no-cache info --json
	[ "$(jq '.gpus | length' <<<"$output")" -eq 128 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *'of 129 GPUs the first 128 count'* ]]
}

@test "where there is no GPU info by NVIDIA's name fails, and nvc-cli says what was looked at" {
	mkdir -p "$BATS_TEST_TMPDIR"/none/{proc,sys,dev,etc}
	MACHINE=$BATS_TEST_TMPDIR/none
	on "$NVIDIA" info
	fails_as 'initialization error'
	on "$cli" info
	[ "$status" -eq 0 ]
	[[ $output == *"/proc/driver/nvidia/version: not there"* ]]
}

@test "a board with a card shows both, and gives each container the files of its own" {
	"$NVC_BUILD_DIR/tests/support/driver" --gpus 1 --board R36 "$BATS_TEST_TMPDIR/hybrid" >/dev/null
	MACHINE=$BATS_TEST_TMPDIR/hybrid
	on "$cli" info
	[ "$status" -eq 0 ]
	[[ $output == *"Device Index:   1"*"Board:"*"Mount lists:"* ]]
	on "$cli" info --json
	[ "$(jq -r '.gpus | map(.kind) | join(" ")' <<<"$output")" = 'integrated discrete' ]
	on "$NVIDIA" info
	[[ $output != *"Mount lists"* ]]
	on "$cli" list --device igpu -l
	[ "$status" -eq 0 ]
	[[ $output != *libcuda.so.550* ]]
	on "$cli" list --device dgpu -l
	[ "$status" -eq 0 ]
	[[ $output == *libcuda.so.550.54.15* ]]
}

@test "configure takes the words of NVIDIA's hook and gives what they say" {
	local root=$BATS_TEST_TMPDIR/root ns
	mkdir -p "$root"/{usr/lib/x86_64-linux-gnu,etc,dev,proc,run}
	# shellcheck disable=SC2016 # of the inner shell
	unshare -m --propagation private sh -c 'mount --bind "$1" "$1" && exec sleep 100' - "$root" >/dev/null 2>&1 3>&- &
	container=$!
	for ((i = 0; i < 500; i++)); do
		ns=$(nsenter -t "$container" -m grep -c " $root " /proc/self/mountinfo) && break
		sleep 0.01
	done
	[ "$ns" -eq 1 ]
	run --separate-stderr "$NVIDIA" --config "$config" --host-root "$MACHINE" --root="$MACHINE" --no-create-imex-channels --no-pivot --debug="$BATS_TEST_TMPDIR/log" --ldcache=/etc/ld.so.cache --user=65534:65534 \
		configure --cuda-compat-mode=ldconfig --ldconfig=@/sbin/ldconfig --no-cgroups --device=1 --imex-channel=1 --compute --utility --require='cuda>=12.0' --pid="$container" "$root"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	nsenter -t "$container" -m find "$root" -mindepth 1 >"$BATS_TEST_TMPDIR/seen"
	grep -q '/libcuda.so.1$' "$BATS_TEST_TMPDIR/seen"
	grep -q '/libnvidia-ml.so.550.54.15$' "$BATS_TEST_TMPDIR/seen"
	grep -q '/usr/bin/nvidia-smi$' "$BATS_TEST_TMPDIR/seen"
	grep -q '/dev/nvidia1$' "$BATS_TEST_TMPDIR/seen"
	grep -q 'channel1$' "$BATS_TEST_TMPDIR/seen"
	run grep -E '/dev/nvidia0$|channel0$|libnvidia-encode|libGLX|/dev/nvidia-modeset' "$BATS_TEST_TMPDIR/seen"
	[ "$status" -eq 1 ]
	[ -s "$BATS_TEST_TMPDIR/log" ]
}
