#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The tool that proves that nothing is executed can fail, and the hook alone under strace. What is
# traced here is below `exempt`, so that the recording of the whole run does not count it.

# shellcheck disable=SC2016,SC2030,SC2031 # jq programs; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

setup_file() {
	gpu_init
	gpu_board R36 R36
}

teardown_file() {
	engines_done
}

setup() {
	dir=$BATS_TEST_TMPDIR
	verdict=$dir/verdict
}

# A program of that name which runs the rest of the arguments as a shell does.
program() { # NAME
	printf '#!/bin/sh\n%s\n' "$2" >"$dir/$1"
	chmod 755 "$dir/$1"
}

trace() { # COMMAND...
	"$NVC_SOURCE_DIR/tests/support/exempt" "$NVC_BUILD_DIR/tests/support/exectrace" --check "$verdict" --out "$dir/out" "$@"
	! grep '^skipped: ' "$verdict" || skip "tracefs is needed: $(head -n 1 "$verdict")"
}

@test "what a hook executes is found, with its ancestors" {
	program nvc-hook '/bin/true; :'
	trace sh -c "$dir/nvc-hook; :"
	grep -q '^failed: .* executed by these: 1$' "$verdict"
	grep -q ' /bin/true (true) < nvc-hook < sh$' "$verdict"
}

@test "also by its other name, in a session of its own, and when the parent has ended" {
	program nvidia-container-runtime-hook '(setsid sh -c "sleep 0.2; ls >/dev/null" &)'
	trace sh -c "$dir/nvidia-container-runtime-hook; sleep 1"
	grep -qE ' /(usr/)?bin/ls \(ls\) ' "$verdict"
}

@test "a hook that executes nothing passes, whatever others run" {
	program nvc-hook ':'
	trace sh -c "$dir/nvc-hook; ls >/dev/null; $dir/nvc-hook"
	grep -q '^passed: .* 2 of them hook ' "$verdict"
}

@test "the runtime may become the low-level runtime and execute nothing else" {
	program runc '/bin/true; :'
	program nvc-runtime "exec $dir/runc"
	trace "$dir/nvc-runtime"
	grep -q '^passed: ' "$verdict"
	program nvc-runtime "/bin/true; exec $dir/runc"
	trace "$dir/nvc-runtime"
	grep -q '^failed: .* executed by these: 1$' "$verdict"
}

@test "what is exempt does not count" {
	program nvc-hook '/bin/true; :'
	trace "$NVC_SOURCE_DIR/tests/support/exempt" "$dir/nvc-hook"
	grep -q '^passed: .* 1 of them hook ' "$verdict"
}

@test "a thousand short-lived processes are all seen" {
	trace sh -c 'i=0; while [ $i -lt 1000 ]; do /bin/true & i=$((i + 1)); done; wait'
	[ "$(grep -c ' /bin/true ' "$dir/out")" -eq 1000 ]
}

@test "the status of the command is given on, and no instance stays" {
	run "$NVC_BUILD_DIR/tests/support/exectrace" --check "$verdict" sh -c 'exit 7'
	[ "$status" -eq 7 ]
	! grep '^skipped: ' "$verdict" || skip "tracefs is needed: $(head -n 1 "$verdict")"
	[ -z "$(unshare -m --propagation private sh -c 'mount -t tracefs tracefs /sys/kernel/tracing && ls /sys/kernel/tracing/instances' |
		grep "^nvc-exectrace-" | while read -r name; do [ -d "/proc/${name##*-}" ] || echo "$name"; done)" ]
}

@test "strace of one prestart: one exec, its own, and no process is made, a thread for the files" {
	local bundle=$dir/b
	mkdir "$bundle"
	cp -a "$GPU_IMAGE" "$bundle/rootfs"
	bundle_make "$bundle" rootfs
	bundle_edit "$bundle" --arg hook "$GPU_HOOK" --arg config "$(gpu_config R36)" --arg out "$dir/calls" '
		.process.env += ["NVIDIA_VISIBLE_DEVICES=all"] | .process.args = ["/usr/bin/cuda-probe"] | .hooks = {prestart: [{path: "/usr/bin/strace",
		args: ["strace", "-f", "-qq", "-o", $out, "-e", "trace=execve,execveat,fork,vfork,clone,clone3", $hook, "--config", $config, "prestart"]}],
		poststop: [{path: $hook, args: ["nvc-hook", "--config", $config, "poststop"]}]}'
	run_runc --v1 run --bundle "$bundle" "strace$$"
	cat "$dir/calls"
	sed -i '/ = -1 ENOSYS/d;/resumed>/d' "$dir/calls"
	[ "$(grep -c 'clone(.*CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD' "$dir/calls")" -eq 1 ]
	[ "$(wc -l <"$dir/calls")" -eq 2 ]
	grep -q 'execve(.*nvc-hook' "$dir/calls"
}
