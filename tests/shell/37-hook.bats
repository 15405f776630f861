#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The hook alone: an entry that an engine wrote, without the shim.

# shellcheck disable=SC2016,SC2030,SC2031 # jq programs; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

setup_file() {
	gpu_init
	gpu_board R32 R32
}

teardown_file() {
	engines_done
}

setup() {
	dir=$BATS_TEST_TMPDIR/b
	log=$(gpu_state R32)/hook.log
	mkdir -p "$dir"
	cp -a "$GPU_IMAGE" "$dir/rootfs"
	bundle_make "$dir" rootfs
	bundle_edit "$dir" '.process.env += ["NVIDIA_VISIBLE_DEVICES=all"]'
	rm -f "$log"
}

entries() { # OPTION... of the prestart entry; a poststop entry too
	bundle_edit "$dir" --arg hook "$GPU_HOOK" --arg config "$(gpu_config R32)" \
		--argjson more "$(jq -nc '$ARGS.positional' --args -- "$@")" '.hooks = {
			prestart: [{path: $hook, args: (["nvc-hook", "prestart", "--config", $config] + $more)}],
			poststop: [{path: $hook, args: ["nvc-hook", "poststop", "--config", $config]}]}'
}

sh_in() { # SCRIPT
	bundle_edit "$dir" --arg script "$1" '.process.args = ["/bin/sh", "-c", $script]'
}

tree() {
	(cd "$dir/rootfs" && find . ! -type d -printf '%p %y %m %U %G %s %l %T@\n' | sort)
}

records() {
	find "$(gpu_state R32)" -name '*.state' | wc -l
}

@test "after poststop nothing is left in the image, times of files included" {
	local before
	entries
	before=$(tree)
	sh_in 'ldconfig -p | grep libcuda.so.1'
	run run_runc --v1 run --bundle "$dir" "h$$"
	[ "$status" -eq 0 ]
	diff <(echo "$before") <(tree)
	[ "$(records)" -eq 0 ]
}

@test "a cache that the container wrote stays" {
	entries
	sh_in 'ldconfig'
	run_runc --v1 run --bundle "$dir" "h$$"
	grep -q "written by the container" "$log"
	[ -s "$dir/rootfs/etc/ld.so.cache" ]
	[ "$(records)" -eq 0 ]
}

@test "a hook that is killed half-way is healed by the next start" {
	local before
	entries
	before=$(tree)
	bundle_edit "$dir" '.hooks.poststop = []'
	# the state of a kill: what was made is in the record, poststop never ran
	run_runc --v1 run --bundle "$dir" "h$$"
	[ "$(records)" -eq 1 ]
	entries
	run_runc --v1 run --bundle "$dir" "h$$"
	diff <(echo "$before") <(tree)
	[ "$(records)" -eq 0 ]
}

@test "killed anywhere under crun, which runs no poststop then, it is healed by the next start" {
	local before at
	before=$(tree)
	sh_in cuda-probe
	for at in write:30 symlinkat:5 linkat:50 "$(engines_attach):1" "$(engines_attach):100" renameat:2; do
		entries
		bundle_edit "$dir" --arg call "${at%:*}" --arg n "${at#*:}" '.hooks.prestart[0] |= {path: "/usr/bin/strace", args:
			(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\($call)", "-e", "inject=\($call):signal=KILL:when=\($n)", .path] + .args[1:])}'
		run run_crun --v1 run --bundle "$dir" "k$$"
		[ "$status" -ne 0 ]
		[ "$(records)" -eq 1 ]
		entries
		run_crun --v1 run --bundle "$dir" "k$$"
		diff <(echo "$before") <(tree)
		[ "$(records)" -eq 0 ]
	done
}

@test "the log begins anew when it is large, and keeps to the level" {
	local config
	config=$(gpu_config R32)
	entries
	sh_in true
	head -c 1100000 /dev/zero | tr '\0' x >"$log"
	run_runc --v1 run --bundle "$dir" "h$$"
	[ "$(stat -c %s "$log.1")" -eq 1100000 ]
	grep -q 'info.* done in' "$log"
	rm "$log" "$log.1"
	sed -i.before 's/^runtimes/log-level = "error"\n&/' "$config"
	run_runc --v1 run --bundle "$dir" "h$$"
	mv "$config.before" "$config"
	[ ! -s "$log" ]
}

@test "nothing is made in a volume, and the error names it" {
	local before
	entries
	mkdir "$dir/volume"
	before=$(tree)
	bundle_edit "$dir" --arg from "$dir/volume" '.mounts += [{destination: "/usr/lib/aarch64-linux-gnu", type: "bind", source: $from, options: ["rbind"]}]'
	run run_runc --v1 run --bundle "$dir" "h$$"
	[ "$status" -ne 0 ]
	[[ $output == *"in a volume"* ]]
	[ -z "$(ls -A "$dir/volume")" ]
	diff <(echo "$before" | grep -v aarch64-linux-gnu) <(tree | grep -v aarch64-linux-gnu)
}

@test "an image's links lead nowhere outside" {
	local canary=$BATS_TEST_TMPDIR/canary
	entries
	mkdir "$canary"
	echo keep >"$canary/file"
	rm -rf "$dir/rootfs/usr/lib/aarch64-linux-gnu" "$dir/rootfs/opt"
	ln -s "$canary" "$dir/rootfs/usr/lib/aarch64-linux-gnu"
	ln -s "$canary/file" "$dir/rootfs/etc/ld.so.cache~"
	run run_runc --v1 run --bundle "$dir" "h$$"
	[ "$(ls -A "$canary")" = file ]
	[ "$(cat "$canary/file")" = keep ]
}

@test "a user namespace: owners are its root, nodes are granted" {
	entries
	bundle_edit "$dir" '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | .mounts |= map(select(.type != "sysfs"))'
	# its root has to get there
	mv "$dir" "$ENGINES_DIR/userns"
	dir=$ENGINES_DIR/userns
	chmod 711 "$ENGINES_DIR" "$dir"
	chown -R 100000:100000 "$dir/rootfs"
	sh_in 'ldconfig -p | grep libcuda.so.1; find /usr/lib/aarch64-linux-gnu -type d -user 0 | head -1; stat -c %u /etc/ld.so.cache'
	run run_runc --v1 run --bundle "$dir" "h$$"
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	[[ $output == *libcuda.so.1* ]]
	[ "${lines[-1]}" = 0 ]
	[ "$(find "$dir/rootfs" ! -uid 100000 | wc -l)" -eq 0 ]
}

@test "a device of the container's own spec needs no rule" {
	entries --devices-granted
	sh_in true
	run_runc --v1 run --bundle "$dir" "h$$"
	[ "$(grep -c "device rules added" "$log")" -eq 0 ]
}

@test "commands and options of NVIDIA's hook" {
	ln -sf "$GPU_HOOK" "$BATS_TEST_TMPDIR/nvidia-container-runtime-hook"
	run "$BATS_TEST_TMPDIR/nvidia-container-runtime-hook" poststart
	[ "$status" -eq 0 ]
	run "$BATS_TEST_TMPDIR/nvidia-container-runtime-hook" -version
	[ "$status" -eq 0 ]
	run "$BATS_TEST_TMPDIR/nvidia-container-runtime-hook"
	[ "$status" -eq 2 ]
	[[ $output == Usage:* ]]
	run "$BATS_TEST_TMPDIR/nvidia-container-runtime-hook" -config "$(gpu_config R32)" poststop \
		<<<'{"ociVersion":"1.0.2","id":"never","status":"stopped","bundle":"/nowhere"}'
	[ "$status" -eq 0 ]
}
