# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# The root tree is read-only, or has no block or no inode left, or its owner's quota is used up, or the
# namespace has as many mounts as it may have: all or nothing, and nothing stays behind.
scenes=(read-only full inodes quota mounts)
allowed='refused contained' needle='No space left'
case ${SCENE-} in
mounts) allowed=refused needle='No space left' ;;
quota) allowed=refused needle='Disk quota exceeded' ;;
read-only) allowed=refused needle='Read-only file system' ;;
esac

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

# The hook, in which these calls answer with that error from the COUNT-th of each on.
limit() { # COUNT CODE CALL...
	local count=$1 code=$2 call options=
	shift 2
	for call; do options+=" -e inject=$call:error=$code:when=$count+"; done
	printf '#!/bin/sh\nexec strace -f -qq -o /dev/null -e trace=%s%s "%s" "$@"\n' "$(IFS=, && echo "$*")" "$options" "$HOOK" >"$WORK/limited"
	chmod 755 "$WORK/limited"
	HOOK=$WORK/limited
}

# What fs.mount-max gives, for the machine's own limit is everybody's; and what a project's quota does,
# which ext4 has and root with all its rights is not bound by.
host() {
	case $SCENE in
	mounts) limit 40 ENOSPC move_mount mount ;;
	quota) limit 9 EDQUOT mkdirat linkat symlinkat ;;
	esac
}

make_rootfs() {
	local room files layer=$WORK
	room=$(($(du -sk "$IMAGE" | cut -f1) + 8)) files=$(($(find "$IMAGE" | wc -l) + 12))
	mkdir -p "$ROOTFS" "$WORK/layer"
	if [[ $TREE == overlay ]]; then room=16 files=9; fi
	case $SCENE in
	full) mount -t tmpfs -o "mode=755,size=${room}k" layer "$WORK/layer" && layer=$WORK/layer ;;
	inodes) mount -t tmpfs -o "mode=755,nr_inodes=$files" layer "$WORK/layer" && layer=$WORK/layer ;;
	esac
	if [[ $TREE == overlay ]]; then
		mkdir -p "$layer/upper" "$layer/overlay-work"
		mount -t overlay -o "lowerdir=$IMAGE,upperdir=$layer/upper,workdir=$layer/overlay-work" overlay "$ROOTFS"
	elif [[ $layer == "$WORK" ]]; then
		cp -a "$IMAGE/." "$ROOTFS"
	else
		cp -a "$IMAGE/." "$layer"
		mount --bind "$layer" "$ROOTFS"
	fi
	if [[ $SCENE == full ]]; then head -c 64k /dev/zero >"$ROOTFS/tmp/filler" 2>/dev/null || true; fi
	[[ $SCENE != read-only ]] || { mount --bind "$ROOTFS" "$ROOTFS" && mount -o remount,bind,ro "$ROOTFS"; }
}

inside() {
	is_bound "$LIB/nvidia/libcuda.so.1.1"
	[[ -c dev/nvidia0 ]]
}
