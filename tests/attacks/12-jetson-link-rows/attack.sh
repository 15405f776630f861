# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# J1: nothing but `sym` rows, and the folder where the links go is a link to the host, where files of
# those names are. (Their forerunner removed the host's file and put the link in its place.)
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
	below) mkdir -p "$LIB" && ln -s "$target/nvidia" "$LIB/nvidia" ;;
	*) ln -s "$target" "$LIB" ;;
	esac
	[[ $SCENE == *-inside ]] || return 0
	mkdir -p ".$CANARY/$LIB/nvidia"
	echo image >".$CANARY/$LIB/libcuda.so"
}

host() {
	local dir=$BOARD/etc/nvidia-container-runtime/host-files-for-container.d
	rm "$dir"/*.csv
	printf 'sym, /usr/lib/aarch64-linux-gnu/%s\n' libcuda.so nvidia/libcuda.so.1 nvidia/libnvidia-allocator.so >"$dir/l4t.csv"
	for dir in "$CANARY/$LIB" "$CANARY/$LIB/nvidia"; do
		echo canary | tee "$dir/libcuda.so" "$dir/libcuda.so.1" >"$dir/libnvidia-allocator.so"
	done
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	local at=.$CANARY/$LIB
	[[ $(readlink "$at/libcuda.so") == nvidia/libcuda.so ]] || die "no link over the image's file"
	[[ $(readlink "$at/nvidia/libcuda.so.1") == libcuda.so.1.1 ]] || die "no link in the image's folder"
	is_bound_at "$at/nvidia/libcuda.so.1.1" "$LIB/nvidia/libcuda.so.1.1"
}

after() {
	[[ $SCENE != *-inside || $(cat "$ROOTFS$CANARY/$LIB/libcuda.so") == image ]] || die "the image's file is gone"
}
