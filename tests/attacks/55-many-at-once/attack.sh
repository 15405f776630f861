# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# Twenty hooks at the same time, of which none disturbs another; two hundred are in tests/shell/47-load.bats.
count=20
[[ $HARNESS == cell || $HARNESS == user ]] || count=5

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

layer() { # NUMBER: an image of its own
	mkdir -p "$WORK/$1/rootfs" "$WORK/$1/upper" "$WORK/$1/work"
	mount -t overlay -o "lowerdir=$ROOTFS,upperdir=$WORK/$1/upper,workdir=$WORK/$1/work" overlay "$WORK/$1/rootfs"
	bundle_edit "$BUNDLE" . && cp "$BUNDLE/config.json" "$WORK/$1/"
	tree "$WORK/$1/rootfs" >"$WORK/$1/before"
}

check='cmp "$0" usr/lib/aarch64-linux-gnu/nvidia/libcuda.so.1.1 && [ -c dev/nvidia0 ] && grep -aq nvidia/libcuda.so.1 etc/ld.so.cache'

one() { # NUMBER COMMAND...
	local number=$1 pid
	shift
	if [[ $HARNESS == cell || $HARNESS == user ]]; then
		"$TOOLS/cell" --id "$ID-$number" --inspect "sh -c '$check' $BOARD/$LIB/nvidia/libcuda.so.1.1" "${options[@]}" "$WORK/$number" -- "$@"
		return
	fi
	low create --bundle "$WORK/$number" "$ID-$number" || return 1
	pid=$(low state "$ID-$number" | jq .pid)
	(cd "/proc/$pid/root" && sh -c "$check" "$BOARD/$LIB/nvidia/libcuda.so.1.1") || return 1
	low delete -f "$ID-$number"
}

run() {
	local i command options=("${cell_options[@]}") jobs=()
	[[ $HARNESS != user ]] || options+=(--user)
	hook_command
	command=(prlimit --as=134217728 "${command[@]}")
	[[ $HARNESS == cell || $HARNESS == user ]] || add_hooks
	for ((i = 0; i < count; i++)); do layer "$i"; done
	for ((i = 0; i < count; i++)); do
		one "$i" "${command[@]}" >"$WORK/$i/out" 2>&1 &
		jobs+=($!)
	done
	rc=0
	for i in "${!jobs[@]}"; do
		wait "${jobs[i]}" || { cat "$WORK/$i/out" >&2 && die "number $i gave $?"; }
		diff "$WORK/$i/before" <(tree "$WORK/$i/rootfs") >&2 || die "the image of number $i has changed"
		umount "$WORK/$i/rootfs"
	done
}
