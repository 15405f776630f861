# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# A target is a link to a name that neither host nor root tree has: that name is made in neither. A
# library, a link and a node go over it; a folder must go where it leads, so it is refused.
scenes=(names folder parent)
needle='by-path|aarch64-linux-gnu/nvidia'
[[ $SCENE == names ]] || allowed=refused
image_noise='^\./dev[ /]'

image() {
	mkdir -p "$LIB/nvidia" dev/dri ".$CANARY"
	case $SCENE in
	names)
		ln -s "$CANARY/new" "$LIB/nvidia/libcuda.so.1.1"
		ln -s "../../../../../../../..$CANARY/new" "$LIB/nvidia/libnvos.so"
		ln -s "$CANARY/new" "$LIB/libcuda.so"
		ln -s "$CANARY/new" dev/nvhost-gpu
		;;
	folder) ln -s "$CANARY/new" dev/dri/by-path ;;
	parent) rmdir "$LIB/nvidia" && ln -s "$CANARY/new" "$LIB/nvidia" ;;
	esac
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
	image_dev
}

inside() {
	is_bound "$LIB"/nvidia/{libcuda.so.1.1,libnvos.so} dev/nvhost-gpu
	[[ $(readlink "$LIB/libcuda.so") == nvidia/libcuda.so ]] || die "the link is not the board's"
	[[ ! -e .$CANARY/new ]] || die "the link's target was made"
}

after() {
	[[ ! -e $ROOTFS$CANARY/new ]] || die "the link's target was made"
}
