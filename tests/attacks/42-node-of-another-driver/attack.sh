# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# waits: IMEX channels and MIG devices that exist
# A node of the lists with the number of something else on the host: another driver's, a disk's, the
# memory's, or no node at all. And MIG and IMEX indices that are not there.
scenes=(other-driver disk memory regular fifo link mig imex imex-mount)
case ${SCENE-} in
mig) allowed=refused needle="no GPU 'MIG-" ;;
esac

bundle() {
	case $SCENE in
	mig) env_add NVIDIA_VISIBLE_DEVICES=MIG-GPU-00000000-0000-0000-0000-000000000000/99/99 ;;
	*) env_add NVIDIA_VISIBLE_DEVICES=all ;;
	esac
	case $SCENE in
	imex) env_add NVIDIA_IMEX_CHANNELS=0,4096,99999999999,-1 ;;
	imex-mount)
		sed -i '1i accept-nvidia-visible-devices-as-volume-mounts = true' "$CONFIG"
		mkdir -p "$IMAGE/var/run/nvidia-container-devices/imex"
		touch "$IMAGE/var/run/nvidia-container-devices/imex/99999"
		volume /dev/null /var/run/nvidia-container-devices/imex/99999
		;;
	esac
}

host() {
	local node=$BOARD/dev/nvidia0
	mkdir -p "$BOARD/proc" "$BOARD/dev/nvidia-caps-imex-channels"
	printf 'Character devices:\n  1 mem\n 89 i2c\n195 nvidia\n240 nvidia-modeset\n' >"$BOARD/proc/devices"
	echo file >"$BOARD/dev/nvidia-caps-imex-channels/channel0"
	case $SCENE in
	other-driver) rm "$node" && mknod -m 666 "$node" c 89 0 ;;
	disk) rm "$node" && mknod -m 666 "$node" b 8 0 ;;
	memory) rm "$node" && mknod -m 666 "$node" c 1 1 ;;
	regular) rm "$node" && echo file >"$node" ;;
	fifo) rm "$node" && mkfifo -m 666 "$node" ;;
	link) rm "$node" && ln -s ../../../../../../dev/null "$node" ;;
	esac
}

inside() {
	[[ $(stat -c %t dev/nvidiactl) == f0 ]] || die 'the nodes that are right are missing'
	[[ ! -e dev/nvidia-caps-imex-channels ]] || die 'an IMEX channel'
	case $SCENE in
	imex*) return ;;
	*) [[ ! -e dev/nvidia0 ]] || die 'the node is there' ;;
	esac
}

after() {
	case $SCENE in
	other-driver) log_has "refused '/dev/nvidia0': .* is a node of the driver 'i2c'" ;;
	memory) log_has "refused '/dev/nvidia0': .* is the machine's memory" ;;
	disk) log_has "refused '/dev/nvidia0': .* is a block device" ;;
	regular) log_has "refused '/dev/nvidia0': .* is a regular file, not a character device" ;;
	fifo) log_has "refused '/dev/nvidia0': .* is a FIFO" ;;
	esac
}
