# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# The root tree's /proc is a folder with facts of its own, a link, or a tmpfs: nothing there is read or
# trusted (a FIFO would keep whoever opens it), and the container's process is looked at in the host's.
# driver-*: with NVIDIA's own driver, whose /proc/driver/nvidia is put there, if anywhere.
scenes=(folder link tmpfs)
[[ $VARIANT != cell && $VARIANT != user-r32 ]] || scenes+=(driver-folder driver-link driver-tmpfs)

image() {
	local name
	case $SCENE in
	*link) rmdir proc && ln -s "$CANARY/dir" proc ;;
	*folder)
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

host() {
	[[ $SCENE == driver* ]] || return 0
	rm -rf "$BOARD"
	"$TOOLS/driver" --gpus 2 --mig --no-compat32 --no-nvml "$BOARD" >&2
	mkdir -p "$CANARY/dir/driver/nvidia"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
	[[ $SCENE != driver* ]] || env_add NVIDIA_DRIVER_CAPABILITIES=utility
	[[ $SCENE != *tmpfs ]] || cell_options+=(--tmpfs /proc)
}

# What is the container's of the driver's /proc is for a procfs only.
inside_driver() {
	[[ $(stat -c %t:%T dev/nvidia0) == c3:0 ]] || die 'the GPU is missing'
	! grep -E "^[^ ]+ [^ ]+ [^ ]+ [^ ]+ ($ROOTFS)?/proc/" "$MOUNTINFO" >&2 || die 'something is mounted in /proc'
	[[ $SCENE != *tmpfs || ! $(ls -A proc) ]] || die 'something was made in /proc'
	[[ $SCENE != *folder || -p proc/driver/nvidia/params ]] || die 'the FIFO of the image is gone'
}

inside() {
	if [[ $SCENE == driver* ]]; then
		inside_driver
		return
	fi
	is_bound "$LIB/nvidia/libcuda.so.1.1" dev/nvhost-gpu
	[[ $SCENE != tmpfs || ! $(ls -A proc) ]] || die "something was made in /proc"
}

after() {
	[[ $SCENE != driver* ]] || log_has "'/proc/driver/nvidia' in the container is left as it is: "
}
