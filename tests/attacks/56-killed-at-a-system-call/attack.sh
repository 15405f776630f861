# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# SIGKILL at a system call: nothing stays on the host, and the next start of the container heals what was
# made in its image. Each call is swept in tests/shell/45-faults.bats.
# shellcheck source=tests/attacks/values.sh
. "$NVC_SOURCE_DIR/tests/attacks/values.sh"

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	is_bound "$LIB/nvidia/libcuda.so.1.1"
	[[ -c dev/nvidia0 ]]
}

kill_at() { # CALL:NUMBER
	local call=${1%:*} n=${1#*:}
	printf '#!/bin/sh\nexec strace -qq -o /dev/null -e trace=%s -e inject=%s:signal=SIGKILL:when=%s "%s" "$@"\n' "$call" "$call" "$n" "$REAL" >"$WORK/killed"
	chmod 755 "$WORK/killed"
	HOOK=$WORK/killed
}

run() {
	local at names=() killed=0
	REAL=$HOOK
	share setns:1 mkdirat:1 mkdirat:4 symlinkat:1 symlinkat:9 linkat:1 linkat:40 utimensat:1 openat:30 fcntl:60 fchownat:1 \
		renameat2:1 newfstatat:300 setns:2 readlinkat:5 write:3
	cp "$BUNDLE/config.json" "$WORK/plain.json"
	for at in "${names[@]}"; do
		echo "killed at $at" >&2
		kill_at "$at"
		run_one
		((rc == 0)) || killed=$((killed + 1))
		diff "$WORK/outside-before" <(outside) >&2 || die "killed at $at: the host has changed"
		HOOK=$REAL
		cp "$WORK/plain.json" "$BUNDLE/config.json"
		run_one
		((rc == 0)) || die "the start after a kill at $at gave $rc"
		cp "$WORK/plain.json" "$BUNDLE/config.json"
		diff "$WORK/before" <(tree "$ROOTFS") >&2 || die "killed at $at: the image is not as before"
	done
	((killed * 2 >= ${#names[@]})) || die "only $killed of ${#names[@]} were killed"
}
