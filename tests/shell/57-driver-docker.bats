#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Machines with NVIDIA's driver through real docker: --runtime nvidia, --gpus all, --gpus device=0 and
# --gpus capabilities; and drivers whose library misses symbols, hangs, crashes or is not there.

# shellcheck disable=SC2016,SC2030,SC2031 # words of the container's shell; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

setup_file() {
	gpu_init
	# one daemon: its machine is a link that each test turns to another folder
	ln -s "$ENGINES_DIR/machine-two" "$(gpu_dir now)"
	machine two --gpus 2
	machine eight --gpus 8
	machine mig --gpus 2 --mig
	machine hybrid --board xavier --gpus 1
	machine missing --gpus 2 --facts 'missing nvmlSystemGetCudaDriverVersion_v2
missing nvmlDeviceGetMigMode
missing nvmlDeviceGetCudaComputeCapability'
	machine hangs --gpus 2 --facts 'hang nvmlSystemGetCudaDriverVersion_v2'
	machine crashes --gpus 2 --facts 'crash nvmlInit_v2'
	machine no-nvml --gpus 2 --no-nvml
	turn two
	board_config "$(gpu_dir now)" "$(gpu_state now)" "cache-dir = \"$(gpu_state now)/cache\"" 'driver-timeout = "2s"' \
		"driver-program = \"$NVC_BUILD_DIR/driver/nvc-driver\""
	cp "$(gpu_config now)" "$ENGINES_DIR/config.toml"
	docker_start now --board "$(gpu_dir now)" --path "$(gpu_path)" -- --add-runtime "nvidia=$GPU_RUNTIME"
	gpu_import now gpu
	tar -C "$GPU_IMAGE" -c . | dk now import --change 'ENV NVIDIA_VISIBLE_DEVICES=all' --change 'ENV NVIDIA_REQUIRE_CUDA=cuda>=12.0' - gpu:needs >/dev/null
}

machine() { # NAME OPTION...
	local name=$1
	shift
	"$NVC_BUILD_DIR/tests/support/driver" --nvml "$NVC_BUILD_DIR/tests/support/nvml/libnvidia-ml.so.1" "$@" "$ENGINES_DIR/machine-$name"
}

turn() { # NAME: that machine it is
	ln -sfn "$ENGINES_DIR/machine-$1" "$(gpu_dir now)"
	rm -rf "$(gpu_state now)/cache"
}

teardown_file() {
	docker_stop now
	engines_done
}

teardown() {
	dk now rm -f whole >/dev/null 2>&1 || true
	# nothing of ours outlives a start
	run pgrep -f "$NVC_BUILD_DIR/driver/nvc-driver"
	echo "$output"
	[ "$status" -eq 1 ]
}

# nodes of GPUs in a container, in one line: DOCKER-ARGUMENT...
nodes() {
	dk now run --rm --network none "$@" sh -c 'cd /dev; echo nvidia[0-9]*' | tr ' ' '\n' | sed 's/^nvidia//' | sort -n | tr '\n' ' '
}

four_ways() { # ALL ONE: what all are, and what the first is
	[ "$(nodes --runtime nvidia gpu:gpu)" = "$1" ]
	[ "$(nodes --gpus all gpu:plain)" = "$1" ]
	[ "$(nodes --gpus '"device=0"' gpu:plain)" = "$2" ]
	[ "$(nodes --gpus 'all,"capabilities=compute,utility"' gpu:plain)" = "$1" ]
}

whole() { # MACHINE DOCKER-ARGUMENT...: what a container does with it
	turn "$1"
	shift
	dk now run --name whole --network none "$@" cuda-probe
	# without the runtime nobody ends it: what it left goes when it starts again
	[[ " $* " == *" --gpus "* || ! $(dk now diff whole) ]]
	dk now rm whole >/dev/null
}

@test "two GPUs" {
	turn two
	four_ways '0 1 ' '0 '
	whole two --runtime nvidia gpu:needs
	whole two --gpus all gpu:plain
	# capabilities select files
	run dk now run --rm --network none --gpus 'all,"capabilities=utility"' gpu:plain sh -c 'exec 2>&1; ls /usr/bin/nvidia-smi; ls /usr/lib/*/libcuda.so.1; test -e /dev/nvidia-uvm; echo uvm $?'
	echo "$output"
	[ "${#lines[@]}" -eq 3 ]
	[ "${lines[0]}" = /usr/bin/nvidia-smi ]
	[[ ${lines[1]} == *'libcuda.so.1: No such file or directory' ]]
	[ "${lines[2]}" = 'uvm 1' ]
	# other nodes are not granted, with CAP_MKNOD too
	run dk now run --rm --network none --cap-add MKNOD --gpus '"device=0"' gpu:plain sh -c 'mknod /tmp/nvidia1 c 195 1; cat /tmp/nvidia1'
	echo "$output"
	[[ $output == *'Operation not permitted'* ]]
}

@test "eight GPUs: indices, ranges, ids and what is unknown" {
	turn eight
	four_ways '0 1 2 3 4 5 6 7 ' '0 '
	[ "$(nodes --runtime nvidia -e NVIDIA_VISIBLE_DEVICES=0-2,7 gpu:gpu)" = '0 1 2 7 ' ]
	[ "$(nodes --gpus '"device=GPU-00000003-1111-2222-3333-444444444444"' gpu:plain)" = '3 ' ]
	run dk now run --rm --network none --gpus '"device=9"' gpu:plain true
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"'9'"* ]]
}

@test "a GPU divided by MIG" {
	turn mig
	run dk now run --rm --network none --gpus '"device=0:0"' gpu:plain sh -c 'cd /dev; echo nvidia[0-9]; ls nvidia-caps'
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = nvidia0 ]
	# one device: those of its GPU instance and its compute instance
	[ "${#lines[@]}" -eq 3 ]
	whole mig --runtime nvidia gpu:gpu
}

@test "who may configure MIG may use what comes of it: of the granted GPU" {
	local words mig
	turn mig
	# minors of the first instance of a GPU instance, and of the last: not there yet on GPU 0, GPU 1's
	for words in '--runtime nvidia -e NVIDIA_VISIBLE_DEVICES=0' '--gpus device=0'; do
		for mig in '' all; do
			# shellcheck disable=SC2086 # words
			run dk now run --rm --network none --cap-add SYS_ADMIN $words -e "NVIDIA_MIG_CONFIG_DEVICES=$mig" gpu:plain sh -c '
				major=$(stat -c 0x%t /dev/nvidia-caps/* | head -n 1)
				for minor in 3 137 138 272; do
					mknod /tmp/cap$minor c $((major)) $minor && head -c 1 /tmp/cap$minor
				done 2>&1; ls /dev/nvidia-caps'
			echo "$words $mig: $output"
			[ "${#lines[@]}" -ge 8 ]
			if [[ $mig ]]; then
				[[ ${lines[0]} == *cap3*'No such device'* && ${lines[1]} == *cap137*'No such device'* ]]
				[[ $output == *$'\nnvidia-cap1\n'* ]]
			else
				[[ ${lines[0]} == *cap3*'not permitted'* && ${lines[1]} == *cap137*'not permitted'* ]]
				[[ $output != *$'\nnvidia-cap1\n'* ]]
			fi
			[[ ${lines[2]} == *cap138*'not permitted'* && ${lines[3]} == *cap272*'not permitted'* ]]
			# no node that is not there, and none of another GPU
			[[ $output != *nvidia-cap3* && $output != *nvidia-cap1[4-9]?* ]]
		done
	done
}

@test "a Tegra with a discrete card" {
	turn hybrid
	[ "$(nodes --runtime nvidia -e NVIDIA_VISIBLE_DEVICES=dgpu gpu:gpu)" = '1 ' ]
	whole hybrid --gpus all gpu:plain
}

@test "a library that misses symbols: missing facts" {
	whole missing --runtime nvidia gpu:needs
	turn missing
	four_ways '0 1 ' '0 '
}

# A container that needs an answer does not start, soon, with one line; others do not notice.
broken() { # MACHINE TEXT
	turn "$1"
	four_ways '0 1 ' '0 '
	run dk now run --rm --network none --runtime nvidia gpu:needs true
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"$2"* ]]
	dk now run --rm --network none --runtime nvidia -e NVIDIA_DISABLE_REQUIRE=1 gpu:needs true
}

@test "a library that hangs: told which call" {
	broken hangs nvmlSystemGetCudaDriverVersion_v2
}

@test "a library that crashes: told which call" {
	broken crashes nvmlInit_v2
}

@test "no library: what it alone knows is not looked at" {
	turn no-nvml
	four_ways '0 1 ' '0 '
	dk now run --rm --network none --runtime nvidia gpu:needs true
}
