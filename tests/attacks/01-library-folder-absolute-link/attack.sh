# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# The folder of libraries, or one below it, is a link to the host's: absolute, or climbing out. Where
# the root tree has that path too it is what the link means, else it leads nowhere.
scenes=(absolute climbing below absolute-inside climbing-inside)
spread
needle="aarch64-linux-gnu"

target=$CANARY/$LIB
case $SCENE in
climbing*) target=../../../../../../../../../..$target ;;
esac
case $SCENE in
*-inside) ;;
*) allowed=refused ;;
esac

image() {
	rm -rf "$LIB"
	case $SCENE in
	below) mkdir -p "$LIB" && ln -s "../../../../../../../../$target/nvidia" "$LIB/nvidia" ;;
	*) ln -s "$target" "$LIB" ;;
	esac
	[[ $SCENE != *-inside ]] || mkdir -p ".$CANARY/$LIB"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	is_bound_at ".$CANARY/$LIB/nvidia/libcuda.so.1.1" "$LIB/nvidia/libcuda.so.1.1"
	[[ $(readlink ".$CANARY/$LIB/libcuda.so") == nvidia/libcuda.so ]] || die "no link in the root tree"
}
