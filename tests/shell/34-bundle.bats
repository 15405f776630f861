#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The same bundle under runc and crun, by the shim and by a hook entry of one's own.

# shellcheck disable=SC2016,SC2030,SC2031 # jq programs; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

setup_file() {
	gpu_init
	gpu_board R36 R36 --extra-node nvc-unlisted
	gpu_board R32 R32
}

teardown_file() {
	engines_done
}

# A bundle with a root of its own that asks for a GPU.
bundle() { # DIR
	mkdir -p "$1"
	cp -a "$GPU_IMAGE" "$1/rootfs"
	bundle_make "$1" rootfs
	bundle_edit "$1" '.process.env += ["NVIDIA_VISIBLE_DEVICES=all"]'
}

args() { # DIR COMMAND...
	local dir=$1
	shift
	bundle_edit "$dir" --argjson args "$(jq -nc '$ARGS.positional' --args -- "$@")" '.process.args = $args'
}

# The hook as an entry that an engine wrote: no arguments but the command.
hook_entry() { # DIR BOARD STAGE
	bundle_edit "$1" --arg hook "$GPU_HOOK" --arg config "$(gpu_config "$2")" --arg stage "$3" \
		'.hooks[$stage] += [{path: $hook, args: ["nvc-hook", "--config", $config, $stage]}]'
}

# Runs the shim in the bundle's folder with one low-level runtime.
shim() { # RUNTIME OPTION-FOR-ENTER DIR VERB...
	local runtime=$1 option=$2 dir=$3 preload=()
	shift 3
	sed -i "s#^runtimes = .*#runtimes = [\"$runtime\"]#" "$(gpu_config R36)"
	if [[ $runtime == *crun && $option == --v2 ]] && engines_lacks_sys_resource; then preload=(env "LD_PRELOAD=$(engines_norl)"); fi
	(cd "$dir" && "$NVC_SOURCE_DIR/tests/support/enter" "$option" --board "$(gpu_dir R36)" "${preload[@]}" "$GPU_RUNTIME" --root "$ENGINES_DIR/shim" "$@" </dev/null)
}

untimed() {
	sed 's/ [0-9.]*$//'
}

tree() {
	# a directory of ext4 keeps the size it once had
	(cd "$1" && find . \( -type d -printf '%p %y %m %U %G %T@\n' \) -o -printf '%p %y %m %U %G %s %l %T@\n' | sort)
}

probe_by_shim() { # RUNTIME OPTION
	local dir=$BATS_TEST_TMPDIR/b nodes before
	mapfile -t nodes < <(gpu_nodes R36)
	bundle "$dir"
	args "$dir" cuda-probe "${nodes[@]}"
	before=$(find "$dir/rootfs" -printf '%P %y %s %l\n' | sort)
	shim "$1" "$2" "$dir" run "c$$"
	diff <(echo "$before") <(find "$dir/rootfs" -printf '%P %y %s %l\n' | sort)
}

@test "shim and runc, cgroup v1" {
	probe_by_shim "$ENGINES_RUNC" --v1
}

@test "shim and runc, cgroup v2" {
	engines_needs_bpf
	probe_by_shim "$ENGINES_RUNC" --v2
}

@test "shim and crun, cgroup v1" {
	probe_by_shim crun --v1
}

@test "shim and crun, cgroup v2" {
	engines_needs_bpf
	probe_by_shim crun --v2
}

probe_by_hook() { # run_runc|run_crun OPTION STAGE BOARD
	local dir=$BATS_TEST_TMPDIR/b nodes
	mapfile -t nodes < <(gpu_nodes "$4")
	bundle "$dir"
	hook_entry "$dir" "$4" "$3"
	hook_entry "$dir" "$4" poststop
	args "$dir" cuda-probe "${nodes[@]}"
	"$1" "$2" run --bundle "$dir" "c$$"
	run find "$dir/rootfs" -name 'libcuda*'
	[ -z "$output" ]
}

@test "prestart entry under runc, cgroup v1" {
	probe_by_hook run_runc --v1 prestart R36
}

@test "prestart entry under runc, cgroup v2" {
	engines_needs_bpf
	probe_by_hook run_runc --v2 prestart R36
}

@test "prestart entry under crun, cgroup v1" {
	probe_by_hook run_crun --v1 prestart R36
}

@test "prestart entry under crun, cgroup v2" {
	engines_needs_bpf
	probe_by_hook run_crun --v2 prestart R36
}

@test "createRuntime entry under runc" {
	probe_by_hook run_runc --v1 createRuntime R32
}

@test "createRuntime entry under crun" {
	probe_by_hook run_crun --v1 createRuntime R32
}

@test "old system calls only (Linux 4.9 of L4T R32): runc, prestart entry" {
	local dir=$BATS_TEST_TMPDIR/b nodes
	[[ $(stat -f -c %T /sys/fs/cgroup) != cgroup2fs ]] || skip "this machine has no cgroup v1, and Linux 4.9 no BPF programs for devices"
	mapfile -t nodes < <(gpu_nodes R32)
	bundle "$dir"
	bundle_edit "$dir" --arg hook "$NVC_BUILD_DIR/tests/support/enosys" --arg real "$GPU_HOOK" --arg config "$(gpu_config R32)" \
		'.hooks.prestart += [{path: $hook, args: ["enosys", "r32", "--", $real, "--config", $config, "prestart"]}]'
	args "$dir" cuda-probe "${nodes[@]}"
	run_runc --v1 run --bundle "$dir" "c$$"
}

@test "without mount_setattr (Linux 5.10 of L4T R35): runc, prestart entry" {
	local dir=$BATS_TEST_TMPDIR/b nodes
	mapfile -t nodes < <(gpu_nodes R36)
	bundle "$dir"
	bundle_edit "$dir" --arg hook "$NVC_BUILD_DIR/tests/support/enosys" --arg real "$GPU_HOOK" --arg config "$(gpu_config R36)" \
		'.hooks.prestart += [{path: $hook, args: ["enosys", "r35", "--", $real, "--config", $config, "prestart"]}]'
	args "$dir" cuda-probe "${nodes[@]}"
	run_runc --v1 run --bundle "$dir" "c$$"
}

@test "create, state, start, kill, delete go through the shim" {
	local dir=$BATS_TEST_TMPDIR/b
	bundle "$dir"
	args "$dir" sleep 60
	shim "$ENGINES_RUNC" --v1 "$dir" --log "$dir/log.json" --log-format json create --bundle "$dir" life >/dev/null
	shim "$ENGINES_RUNC" --v1 "$dir" start life
	[ "$(shim "$ENGINES_RUNC" --v1 "$dir" state life | jq -r .status)" = running ]
	gpu_verify "$(shim "$ENGINES_RUNC" --v1 "$dir" state life | jq -r .pid)" R36
	shim "$ENGINES_RUNC" --v1 "$dir" kill life 9
	sleep 0.3
	shim "$ENGINES_RUNC" --v1 "$dir" delete life
}

@test "an unlimited rlimit goes through the shim unharmed" {
	local dir=$BATS_TEST_TMPDIR/b
	bundle "$dir"
	args "$dir" true
	bundle_edit "$dir" '.process.rlimits = [{type: "RLIMIT_CORE", hard: 1, soft: 1}]'
	sed -i 's/"hard": 1/"hard": 18446744073709551615/; s/"soft": 1/"soft":18446744073709551615/' "$dir/config.json"
	cp "$dir/config.json" "$dir/before.json"
	shim /bin/true --v1 "$dir" create --bundle "$dir" big
	grep -q '"hard": 18446744073709551615' "$dir/config.json"
	grep -q '"soft":18446744073709551615' "$dir/config.json"
	grep -q '"poststop"' "$dir/config.json"
	cp "$dir/config.json" "$dir/once.json"
	shim /bin/true --v1 "$dir" create --bundle "$dir" big
	cmp "$dir/once.json" "$dir/config.json"
}

@test "a bundle without a request, and other commands, leave every byte" {
	local dir=$BATS_TEST_TMPDIR/b
	bundle "$dir"
	cp "$dir/config.json" "$dir/gpu.json"
	shim /bin/true --v1 "$dir" state x
	shim /bin/true --v1 "$dir" exec --process create x create
	cmp "$dir/gpu.json" "$dir/config.json"
	bundle_edit "$dir" '.process.env -= ["NVIDIA_VISIBLE_DEVICES=all"]'
	cp -p "$dir/config.json" "$dir/before.json"
	shim /bin/true --v1 "$dir" create --bundle "$dir" x
	cmp "$dir/before.json" "$dir/config.json"
	[ "$(stat -c '%i %Y' "$dir/config.json")" = "$(stat -c '%i' "$dir/config.json") $(stat -c %Y "$dir/before.json")" ]
}

@test "a failing hook undoes everything: the image's tree is as before" {
	local dir=$BATS_TEST_TMPDIR/b before
	bundle "$dir"
	mkdir -p "$dir/rootfs/usr/lib/aarch64-linux-gnu/nvidia/libnvos.so"
	hook_entry "$dir" R36 prestart
	before=$(tree "$dir/rootfs")
	run run_crun --v1 run --bundle "$dir" "c$$"
	[ "$status" -ne 0 ]
	diff <(untimed <<<"$before") <(tree "$dir/rootfs" | untimed)
	grep -q 'libnvos.so' "$(gpu_state R36)/hook.log"
}

@test "nvc-cli configure from a hook, as ctr --gpus calls it" {
	local dir=$BATS_TEST_TMPDIR/b nodes
	mapfile -t nodes < <(gpu_nodes R36)
	bundle "$dir"
	bundle_edit "$dir" '.process.env -= ["NVIDIA_VISIBLE_DEVICES=all"]'
	args "$dir" cuda-probe "${nodes[@]}"
	cat >"$dir/hook" <<-END
		#!/bin/sh
		pid=\$(jq .pid)
		exec "$GPU_CLI" --config "$(gpu_config R36)" configure --device=all --pid="\$pid" "$dir/rootfs"
	END
	chmod +x "$dir/hook"
	bundle_edit "$dir" --arg hook "$dir/hook" '.hooks.prestart += [{path: $hook}]'
	run_runc --v1 run --bundle "$dir" "cfg$$"
}

@test "nvc-cli configure takes the place of the script that began the process" {
	local dir=$BATS_TEST_TMPDIR/b pid
	bundle "$dir"
	cat >"$dir/script" <<-END
		sleep 0.1 # two ticks of the kernel's clock at least
		unshare --mount --propagation private sleep 60 >/dev/null 2>&1 3>&- &
		echo \$! >"$dir/pid"
		until [ "\$(readlink /proc/self/ns/mnt)" != "\$(readlink /proc/\$!/ns/mnt)" ]; do sleep 0.01; done
		exec "$GPU_CLI" --config "$(gpu_config R36)" configure --no-cgroups --device=all --pid=\$! "$dir/rootfs"
	END
	run sh "$dir/script"
	pid=$(<"$dir/pid")
	grep -c "$dir/rootfs/dev/nvmap" "/proc/$pid/mountinfo" || status=1
	kill "$pid"
	[ "$status" -eq 0 ] || { echo "$output" && return 1; }
}
