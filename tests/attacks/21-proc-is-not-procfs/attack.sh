# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# The root tree's /proc is a folder with facts of its own, a link, or a tmpfs: nothing there is read or
# trusted (a FIFO would keep whoever opens it), and the container's process is looked at in the host's.
# waits: the mount of /proc/driver/nvidia/params
scenes=(folder link tmpfs)

image() {
	local name
	case $SCENE in
	link) rmdir proc && ln -s "$CANARY/dir" proc ;;
	folder)
		mkdir -p proc/driver/nvidia/gpus/0000:01:00.0 proc/self/ns proc/self/fd proc/device-tree
		for name in params version gpus/0000:01:00.0/information; do mkfifo "proc/driver/nvidia/$name"; done
		for name in mountinfo status uid_map gid_map cgroup ns/mnt; do mkfifo "proc/self/$name"; done
		mkfifo proc/{mounts,devices,filesystems,device-tree/model}
		;;
	esac
}

# Both runtimes want a procfs there before they call any hook.
skipped() {
	[[ $HARNESS == cell || $HARNESS == user ]] || echo "a runtime does not start so far"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
	[[ $SCENE != tmpfs ]] || cell_options+=(--tmpfs /proc)
}

inside() {
	is_bound "$LIB/nvidia/libcuda.so.1.1" dev/nvhost-gpu
	[[ $SCENE != tmpfs || ! $(ls -A proc) ]] || die "something was made in /proc"
}
