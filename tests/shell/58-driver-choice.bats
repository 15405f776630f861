#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a container uses of a machine with NVIDIA's driver: the GPUs it was given, the CUDA libraries of
# the host or those of the image; and what becomes of one on a machine without a GPU.

# shellcheck disable=SC2016,SC2030,SC2031 # words of the container's shell; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

bats_require_minimum_version 1.5.0

setup_file() {
	gpu_init
	gpu_driver two --gpus 2 --no-compat32
	mkdir -p "$(gpu_dir none)"
	board_config "$(gpu_dir none)" "$(gpu_state none)" 'mode-when-missing = "start"'
}

teardown_file() {
	engines_done
}

setup() {
	machine=two
	dir=$BATS_TEST_TMPDIR/b
	root=$dir/rootfs
	mkdir -p "$dir"
	cp -a "$GPU_IMAGE" "$root"
	bundle_make "$dir" rootfs
	bundle_edit "$dir" '.process.env += ["NVIDIA_VISIBLE_DEVICES=1", "NVIDIA_DRIVER_CAPABILITIES=all"]'
	rm -f "$(gpu_state "$machine")/hook.log"
}

start() { # WORD...: by the hook alone
	# one that chooses ldconfig executes it on purpose
	bundle_edit "$dir" --arg hook "$GPU_HOOK" --arg config "${config-$(gpu_config "$machine")}" --arg exempt "$NVC_SOURCE_DIR/tests/support/exempt" \
		--argjson args "$(jq -nc '$ARGS.positional' --args -- "$@")" '.process.args = $args | .hooks = {
			prestart: [{path: $exempt, args: ["exempt", $hook, "prestart", "--config", $config]} | if $config | endswith("ldconfig.toml") then . else .path = $hook | del(.args[1]) end],
			poststop: [{path: $hook, args: ["nvc-hook", "poststop", "--config", $config]}]}'
	run_runc --v1 run --bundle "$dir" "c$$"
}

tree() {
	(cd "$root" && find . ! -type d -printf '%p %y %m %U %G %s %l %T@\n' | sort)
	find "$(gpu_state "$machine")" -name '*.state' -o -name '*.kept*'
}

# libcuda.so.VERSION of the image, with NVIDIA's note unless TEXT is ''
compat() { # VERSION TEXT
	local here=$root/opt/cuda/compat
	mkdir -p "$here" "$root/usr/local"
	ln -sfn /opt/cuda "$root/usr/local/cuda"
	printf 'int cuda_of_the_image(void);\nint cuda_of_the_image(void)\n{\n\treturn 1;\n}\n' >"$BATS_TEST_TMPDIR/cuda.c"
	"${NVC_CC:-cc}" -shared -fPIC -Wl,-soname,libcuda.so.1 -o "$here/libcuda.so.$1" "$BATS_TEST_TMPDIR/cuda.c"
	ln -sf "libcuda.so.$1" "$here/libcuda.so.1"
	[[ -n $2 ]] || return 0
	# sizes of name and text, type; the name padded to 4 bytes
	printf "$(printf '\\x13\\0\\0\\0\\x%02x\\0\\0\\0\\1\\0\\0\\0' "${#2}")NVIDIA Corporation\\0\\0%s" "$2" >"$BATS_TEST_TMPDIR/note"
	objcopy --add-section .note.cuda.fwd_compatibility="$BATS_TEST_TMPDIR/note" "$here/libcuda.so.$1"
}

# the library that the loader of the container finds
finds() { # PATH
	run start sh -c 'ldconfig -p | grep "libcuda.so.1 "'
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == *"=> $1" ]]
}

@test "graphics are shown the container's own GPU; a /proc without a driver stays as it is" {
	local before
	before=$(tree)
	run start sh -c 'cat /etc/nvidia/nvidia-application-profiles-rc.d/*; echo; ls /dev/nvidia? /proc/driver'
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == *'"EGLVisibleDGPUDevices",0x2'* ]]
	[ "${lines[1]}" = /dev/nvidia1 ]
	# this machine's kernel has no driver loaded, so there is nothing to hide
	[[ -d /proc/driver/nvidia ]] || [[ $output != *$'\nnvidia\n'* ]]
	diff <(echo "$before") <(tree)
}

@test "the image's CUDA is found first where its note says that it fits, and nothing is mounted there" {
	local before
	compat 560.35.03 '{"CUDA Version":"12.6","Driver":[535,550]}'
	before=$(tree)
	finds /opt/cuda/compat/libcuda.so.560.35.03
	[ "$(grep -c 'CUDA: libraries of the image (/opt/cuda/compat, 560.35.03)' "$(gpu_state two)/hook.log")" -eq 1 ]
	diff <(echo "$before") <(tree)
	# a later ldconfig of the container looks there first, too
	run start sh -c 'ldconfig; ldconfig -p | grep "libcuda.so.1 "'
	echo "$output"
	[[ ${lines[0]} == *"=> /opt/cuda/compat/libcuda.so.1" ]]
}

@test "the host's CUDA where the image's does not fit, or is not wanted" {
	local host
	host=/usr/lib/$(uname -m)-linux-gnu/libcuda.so.1
	compat 560.35.03 '{"CUDA Version":"12.6","Driver":[535,545]}'
	finds "$host"
	[ "$(grep -c 'CUDA: libraries of the host (driver 550.54.15), not of the image' "$(gpu_state two)/hook.log")" -eq 1 ]
	compat 560.35.03 ''
	finds /opt/cuda/compat/libcuda.so.560.35.03
	compat 561.1 ''
	finds "$host"
	rm "$root/opt/cuda/compat/libcuda.so.561.1"
	sed 's/^\[nvidia-container-runtime\]/[nvidia-container-runtime.modes.legacy]\ncuda-compat-mode = "disabled"\n\n&/' "$(gpu_config two)" >"$BATS_TEST_TMPDIR/off.toml"
	config=$BATS_TEST_TMPDIR/off.toml
	finds "$host"
}

@test "the host's ldconfig changes nothing about the choice" {
	compat 560.35.03 '{"CUDA Version":"12.6","Driver":[535,550]}'
	sed 's,^\[nvc\],&\nldconfig = "@/sbin/ldconfig",' "$(gpu_config two)" >"$BATS_TEST_TMPDIR/ldconfig.toml"
	config=$BATS_TEST_TMPDIR/ldconfig.toml
	finds /opt/cuda/compat/libcuda.so.560.35.03
}

@test "nvc-cli plan tells the choice for a folder with the image's files" {
	compat 560.35.03 '{"CUDA Version":"12.6","Driver":[535,550]}'
	run "$GPU_CLI" --config "$(gpu_config two)" plan --rootfs "$root"
	[[ $output == *'note    CUDA: libraries of the image (/opt/cuda/compat, 560.35.03) before those of the host (driver 550.54.15)'* ]]
	run --separate-stderr "$GPU_CLI" --config "$(gpu_config two)" plan --json --rootfs "$root"
	[ "$(jq '[.notes[] | select(startswith("CUDA: libraries of the image"))] | length' <<<"$output")" -eq 1 ]
}

@test "a machine without a GPU: the container starts, and one line says why" {
	local before
	machine=none
	before=$(tree)
	run start sh -c 'echo started; ls /dev'
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = started ]
	[[ $output != *nvidia* ]]
	[ "$(grep -c 'no GPU found: .*; the container starts without one' "$(gpu_state none)/hook.log")" -eq 1 ]
	diff <(echo "$before") <(tree)
	# the shim leaves the bundle as it is
	bundle_edit "$dir" 'del(.hooks) | .process.args = ["true"]'
	cp "$dir/config.json" "$BATS_TEST_TMPDIR/config.json"
	"$NVC_SOURCE_DIR/tests/support/enter" --v1 --board "$(gpu_dir none)" "$GPU_RUNTIME" --root "$ENGINES_DIR/shim" create --bundle "$dir" "s$$" </dev/null
	"$NVC_SOURCE_DIR/tests/support/enter" --v1 --board "$(gpu_dir none)" "$GPU_RUNTIME" --root "$ENGINES_DIR/shim" delete --force "s$$"
	cmp "$dir/config.json" "$BATS_TEST_TMPDIR/config.json"
	[ "$(grep -c 'no GPU found: .*; the container starts without one' "$(gpu_state none)/runtime.log")" -eq 1 ]
	board_config "$(gpu_dir none)" "$(gpu_state none)" 'mode-when-missing = "fail"'
	run start true
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *'no GPU found'* ]]
}

@test "a driver upgraded without a reboot: the container starts, and one warning says what to do" {
	local version=$ENGINES_DIR/board-upgraded/proc/driver/nvidia/version
	machine=upgraded
	gpu_driver upgraded --no-compat32 --version 560.35.03
	sed -i 's/560\.35\.03/550.54.15/' "$version"
	run start sh -c 'ls /usr/lib/*/libcuda.so.1'
	echo "$output"
	[[ $output == *'libcuda.so.1: No such file or directory' ]]
	cat "$(gpu_state upgraded)/hook.log"
	[ "$(grep -c ' warning .*libraries are of version 560.35.03 .*, its loaded module is of 550.54.15: reboot' "$(gpu_state upgraded)/hook.log")" -eq 1 ]
	run "$GPU_CLI" --config "$(gpu_config upgraded)" plan --compute
	[[ $output == *'warning the driver'*'version 560.35.03'* ]]
	run --separate-stderr "$GPU_CLI" --config "$(gpu_config upgraded)" plan --json
	[ "$(jq '.warnings | length' <<<"$output")" -eq 1 ]
	# by the module that goes with them
	sed -i 's/550\.54\.15/560.35.03/' "$version"
	rm "$(gpu_state upgraded)/hook.log"
	run start sh -c 'ls /usr/lib/*/libcuda.so.1'
	echo "$output"
	[ "$status" -eq 0 ]
	run grep -c 'reboot' "$(gpu_state upgraded)/hook.log"
	[ "$output" = 0 ]
}
