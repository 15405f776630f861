# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# Where a node must go the image has a link to the host, a file, a FIFO, another device: ours is
# bound over it, and nothing of it is opened. A folder is refused. Where a library must go it is no
# different.
scenes=(objects folder)
needle="directory where the node '/dev/nvhost-gpu'"
[[ $SCENE == objects ]] || allowed=refused
image_noise='^\./dev[ /]'

image() {
	mkdir -p dev
	case $SCENE in
	objects)
		ln -s "$CANARY/file" dev/nvhost-gpu
		echo image >dev/nvhost-as-gpu
		mkfifo dev/nvhost-ctrl-gpu dev/nvhost-dbg-gpu
		mknod dev/fb0 b 8 0
		mknod dev/fb1 c 8 0
		mknod dev/nvhost-power-gpu c 1 5
		mkdir -p "$LIB/nvidia"
		mkfifo "$LIB/nvidia/libcuda.so.1.1"
		mknod "$LIB/nvidia/libnvos.so" b 8 0
		;;
	folder) mkdir -p dev/nvhost-gpu/x ;;
	esac
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
	image_dev
}

# Whoever opened one of the FIFOs would wake up who waits at its other end.
run() {
	local waiting=()
	if [[ $SCENE == objects ]]; then
		(echo text >"$ROOTFS/dev/nvhost-ctrl-gpu" && touch "$WORK/was-read") &
		waiting+=($!)
		(read -r _ <"$ROOTFS/dev/nvhost-dbg-gpu" || touch "$WORK/was-opened") &
		waiting+=($!)
	fi
	run_harness
	((${#waiting[@]} == 0)) || kill "${waiting[@]}" || die "a FIFO of the image was opened"
}

inside() {
	is_bound dev/{nvhost-gpu,nvhost-as-gpu,nvhost-ctrl-gpu,nvhost-dbg-gpu,fb0,fb1,nvhost-power-gpu} "$LIB"/nvidia/lib{cuda.so.1.1,nvos.so}
}

after() {
	[[ $SCENE == folder || $(cat "$ROOTFS/dev/nvhost-as-gpu") == image ]] || die "the image's file was written"
}
