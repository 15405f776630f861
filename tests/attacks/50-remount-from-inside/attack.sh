# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# Somebody in the container, with CAP_SYS_ADMIN in a user namespace of his own, remounts what was put in
# read-write, with devices and set-user-ID, and writes. In the container's own user namespace he may be
# able to remount, and still cannot write: the files belong to nobody there.
scenes=(nested)
[[ $HARNESS != user ]] || scenes+=(own)

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
	sum >"$WORK/board-before"
}

sum() {
	find "$BOARD" -type f -exec sha256sum {} + | sort
	find "$BOARD" ! -type d -printf '%p %y %m %U %G %s %l %T@\n' | sort
}

# In the container, for sh: $1 is what lies in front of the root tree.
export attempts='
	for path in $1/usr/lib/aarch64-linux-gnu/nvidia/libcuda.so.1.1 $1/dev/nvidia0; do
		for options in rw suid,dev,exec,rw dev exec; do mount -o "remount,bind,$options" "$path" 2>/dev/null; done
	done
	lib=$1/usr/lib/aarch64-linux-gnu/nvidia/libcuda.so.1.1
	(echo attack >>"$lib") 2>/dev/null && echo "written: $lib"
	chmod 6755 "$lib" 2>/dev/null && echo "set-user-ID: $lib"
	[ "${2-}" = own ] || ! umount "$lib" 2>/dev/null || echo "unmounted $lib"
	while read -r _ _ _ _ at options rest; do
		case $at in *libcuda.so.1.1) echo "options $options" ;; esac
	done </proc/self/mountinfo
'

inside() {
	local pid said front=$ROOTFS
	is_bound "$LIB/nvidia/libcuda.so.1.1"
	if [[ $SCENE == own ]]; then
		pid=$(pgrep -P "$PPID" | grep -vx "$$" | head -n 1)
		said=$(nsenter -t "$pid" --user --mount -S 0 -G 0 /bin/sh -c "$attempts" sh "$front" own 2>&1 || true)
	elif [[ $HARNESS == user ]]; then
		pid=$(pgrep -P "$PPID" | grep -vx "$$" | head -n 1)
		said=$(nsenter -t "$pid" --user --mount -S 0 -G 0 unshare --user --map-root-user --mount /bin/sh -c "$attempts" sh "$front" 2>&1 || true)
	elif [[ $HARNESS == cell ]]; then
		said=$(unshare --user --map-root-user --mount /bin/sh -c "$attempts" sh "$front" 2>&1 || true)
	else
		pid=$(cut -d/ -f3 <<<"$MOUNTINFO")
		said=$(nsenter -t "$pid" --mount --pid /bin/busybox unshare -U -r -m /bin/sh -c "$attempts" sh '' 2>&1 || true)
	fi
	echo "$said" >&2
	[[ $said != *unmounted* && $said != *written:* && $said != *set-user-ID:* ]] || die 'the driver can be changed'
	[[ $said == *options* ]] || die 'the attempts did not see the mount'
	[[ $SCENE == own ]] || [[ $said =~ options\ ro,nosuid,nodev ]] || die 'the flags are not locked'
}

after() {
	diff "$WORK/board-before" <(sum) >&2 || die "the driver's files have changed"
}
