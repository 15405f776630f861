# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# On the host a node or library of the lists has become a link, another file or another device.
scenes=(link-to-disk link-out folder file library-link library-device)

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

host() {
	local node=$BOARD/dev/nvidia0 library=$BOARD/$LIB/nvidia/libcuda.so.1.1
	mknod "$BOARD/dev/sda" b 8 0
	mkdir -p "$BOARD/etc"
	echo secret >"$BOARD/etc/secret"
	case $SCENE in
	link-to-disk) rm "$node" && ln -s sda "$node" ;;
	link-out) rm "$node" && ln -s "../../../../../../../../$CANARY/file" "$node" ;;
	folder) rm "$node" && mkdir -m 777 "$node" ;;
	file) rm "$node" && echo file >"$node" ;;
	library-link) rm "$library" && ln -s /etc/secret "$library" ;;
	library-device) rm "$library" && mknod -m 666 "$library" c 1 1 ;;
	esac
}

inside() {
	case $SCENE in
	library-*)
		[[ -c dev/nvidia0 ]]
		[[ ! -e $LIB/nvidia/libcuda.so.1.1 ]] || die 'the library is there'
		;;
	*)
		is_bound "$LIB/nvidia/libcuda.so.1.1"
		[[ ! -e dev/nvidia0 && ! -e dev/sda ]] || die 'the node is there'
		;;
	esac
}

after() {
	case $SCENE in
	link-out) ;; # missing: no fault of the list
	link-to-disk) log_has "refused '/dev/nvidia0': .* is a block device" ;;
	folder) log_has "refused '/dev/nvidia0': .* is a directory, not a character device" ;;
	file) log_has "refused '/dev/nvidia0': .* is a regular file, not a character device" ;;
	library-link) log_has "refused .*leads to '/etc/secret', outside the allowed prefixes" ;;
	library-device) log_has "refused .*libcuda.*is a device outside /dev" ;;
	esac
}
