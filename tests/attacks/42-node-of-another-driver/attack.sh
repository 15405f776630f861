# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# A node of the lists with the number of something else on the host: another driver's, a disk's, the
# memory's, or no node at all. And MIG and IMEX indices that are not there. driver-*: the same of NVIDIA's
# own driver, with two GPUs, MIG devices 1:0 and 2:0 of the first, and channels 0 to 2.
scenes=(other-driver disk memory regular fifo link mig imex imex-mount)
# little of it depends on who made the container
case $VARIANT in
cell | user-r32) scenes+=(driver-gpu driver-imex driver-imex-range driver-mig driver-mig-range driver-mig-minors) ;;
runc) scenes+=(driver-mig) ;;
esac
case ${SCENE-} in
mig) allowed=refused needle="no GPU 'MIG-" ;;
imex) allowed=refused needle="NVIDIA_IMEX_CHANNELS: '99999999999'" ;;
driver-imex-range) allowed=refused needle="no IMEX channel .0. here: there is 1" ;;
driver-mig-range) allowed=refused needle="no .*'0:7'|no .*MIG" ;;
esac

bundle() {
	case $SCENE in
	mig) env_add NVIDIA_VISIBLE_DEVICES=MIG-GPU-00000000-0000-0000-0000-000000000000/99/99 ;;
	driver-mig-range) env_add NVIDIA_VISIBLE_DEVICES=MIG-GPU-00000000-1111-2222-3333-444444444444/7/0 ;;
	*) env_add NVIDIA_VISIBLE_DEVICES=all ;;
	esac
	[[ $SCENE != driver* ]] || env_add NVIDIA_DRIVER_CAPABILITIES=utility
	case $SCENE in
	driver-imex) env_add NVIDIA_IMEX_CHANNELS=1 ;;
	driver-imex-range) env_add NVIDIA_IMEX_CHANNELS=1,0 ;;
	imex) env_add NVIDIA_IMEX_CHANNELS=0,4096,99999999999,-1 ;;
	imex-mount)
		sed -i '1i accept-nvidia-visible-devices-as-volume-mounts = true' "$CONFIG"
		mkdir -p "$IMAGE/var/run/nvidia-container-devices/imex"
		touch "$IMAGE/var/run/nvidia-container-devices/imex/99999"
		volume /dev/null /var/run/nvidia-container-devices/imex/99999
		;;
	esac
}

# A machine with NVIDIA's driver, of which some nodes are something else.
driver() {
	local dev=$BOARD/dev caps=$BOARD/proc/driver/nvidia/capabilities/gpu0/mig
	rm -rf "$BOARD"
	"$TOOLS/driver" --gpus 2 --mig --imex 3 --no-compat32 --no-nvml "$BOARD" >&2
	case $SCENE in
	driver-gpu)
		rm "$dev"/nvidia1 "$dev"/nvidia-uvm "$dev"/dri/card1
		ln -s nvidia0 "$dev/nvidia1"
		mknod -m 666 "$dev/nvidia-uvm" b 8 0
		mknod -m 666 "$dev/dri/card1" c 1 1
		;;
	driver-imex*)
		rm "$dev"/nvidia-caps-imex-channels/channel[02]
		mknod -m 666 "$dev/nvidia-caps-imex-channels/channel0" c 8 0
		echo file >"$dev/nvidia-caps-imex-channels/channel2"
		;;
	driver-mig)
		rm "$dev/nvidia-caps/nvidia-cap$(sed -n 's/DeviceFileMinor: //p' "$caps/gi1/access")"
		mknod -m 666 "$dev/nvidia-caps/nvidia-cap$(sed -n 's/DeviceFileMinor: //p' "$caps/gi1/access")" c 1 2
		;;
	driver-mig-minors)
		sed -i 's/Minor: .*/Minor: 4194303/' "$caps"/gi1/ci0/access
		printf 'gpu0/gi1/ci0/access 99999999\n../../access 1\n' >"$BOARD/proc/driver/nvidia-caps/mig-minors"
		;;
	esac
}

host() {
	local node=$BOARD/dev/nvidia0
	if [[ $SCENE == driver* ]]; then
		driver
		return
	fi
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

inside_driver() {
	local node caps=0
	# not find: for it a node that is mounted is the placeholder below it
	for node in dev/nvidia-caps/*; do
		[[ -e $node ]] || continue
		caps=$((caps + 1))
		[[ $(stat -c %F:%t "$node") == 'character special file:1fe' ]] || die "'$node' is of another driver"
	done
	[[ $(stat -c %t:%T dev/nvidia0) == c3:0 ]] || die 'the GPU that is right is missing'
	case $SCENE in
	driver-gpu) for node in nvidia1 nvidia-uvm dri/card1 dri/by-path/pci-0000:01:00.0-card; do
		[[ ! -e dev/$node && ! -L dev/$node ]] || die "the node '$node' is there"
	done ;;
	driver-imex) [[ $(ls dev/nvidia-caps-imex-channels) == channel1 ]] || die 'not the good channel alone' ;;
	driver-mig*) ((caps == 2)) || die 'not the good MIG device alone' ;;
	esac
}

inside() {
	if [[ $SCENE == driver* ]]; then
		inside_driver
		return
	fi
	[[ $(stat -c %t dev/nvidiactl) == f0 ]] || die 'the nodes that are right are missing'
	[[ ! -e dev/nvidia-caps-imex-channels ]] || die 'an IMEX channel'
	case $SCENE in
	imex*) return ;;
	*) [[ ! -e dev/nvidia0 ]] || die 'the node is there' ;;
	esac
}

after() {
	case $SCENE in
	driver-gpu)
		log_has "'/dev/nvidia1' is left out: it is a symbolic link, not a character device"
		log_has "'/dev/nvidia-uvm' is left out: it is a block device"
		log_has "'/dev/dri/card1' is left out: it is character device 1:1 of 'mem', not 226:1"
		;;
	driver-imex)
		log_has "channel0' is left out: it is character device 8:0, not 509:0"
		log_has "channel2' is left out: it is a regular file"
		;;
	driver-mig) log_has "nvidia-cap[0-9]*' is left out: it is character device 1:2 of 'mem'" ;;
	other-driver) log_has "refused '/dev/nvidia0': .* is a node of the driver 'i2c'" ;;
	memory) log_has "refused '/dev/nvidia0': .* is the machine's memory" ;;
	disk) log_has "refused '/dev/nvidia0': .* is a block device" ;;
	regular) log_has "refused '/dev/nvidia0': .* is a regular file, not a character device" ;;
	fifo) log_has "refused '/dev/nvidia0': .* is a FIFO" ;;
	esac
}
