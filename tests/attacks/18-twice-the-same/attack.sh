# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# The same file by several rows, by two names of its folder, and the hook run twice for one container:
# each is mounted once, and everything goes away at the end.
scenes=(rows hooks)

host() {
	local list=$BOARD/etc/nvidia-container-runtime/host-files-for-container.d/drivers.csv
	[[ $SCENE == rows ]] || return 0
	{
		echo "lib, /$LIB/nvidia/libcuda.so.1.1"
		echo "lib, /$LIB/tegra/libcuda.so.1.1" # a link to nvidia
		echo "lib, //usr/lib/../lib/aarch64-linux-gnu/nvidia//libcuda.so.1.1"
		echo "lib, /lib/aarch64-linux-gnu/nvidia/libcuda.so.1.1" # lib is usr/lib
		echo "dev, /dev/nvhost-gpu"
		echo "dev, nvhost-gpu"
	} >>"$list"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
	[[ $SCENE == hooks ]] || return 0
	cat >twice <<-EOF
		#!/bin/sh
		# of a pipe only the first would see anything
		cat >'$WORK/state.json' || exit
		'$HOOK' "\$@" <'$WORK/state.json' || exit
		exec '$HOOK' "\$@" <'$WORK/state.json'
	EOF
	chmod 755 twice
	HOOK=$BUNDLE/twice
}

inside() {
	local path n
	is_bound "$LIB/nvidia/libcuda.so.1.1" dev/nvhost-gpu usr/lib/firmware/tegra19x/* dev/dri/by-path
	[[ $(readlink "$LIB/libcuda.so") == nvidia/libcuda.so ]] || die "the link is not there"
	for path in "$LIB/nvidia/libcuda.so.1.1" dev/nvhost-gpu dev/dri/by-path; do
		n=$(awk -v at="$(pwd -P)/$path" '{ sub("^/+(proc/[0-9]+/root/)?", "/", at) } $5 == at { n++ } END { print n + 0 }' "$MOUNTINFO")
		((n == 1)) || die "$n mounts on '$path'"
	done
	n=$(grep -aoF /nvidia/libcuda.so.1 etc/ld.so.cache | wc -l)
	((n >= 1)) || die "the loader knows nothing of the libraries"
}
