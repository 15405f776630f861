# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# A target is there already, as a link to a file of the host: ours is bound over the link itself.

image() {
	mkdir -p "$LIB/nvidia"
	ln -s "$CANARY/file" "$LIB/nvidia/libcuda.so.1.1"
	ln -s "$CANARY/$LIB/nvidia/libcuda.so.1.1" "$LIB/nvidia/libnvos.so"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	cmp "$LIB/nvidia/libcuda.so.1.1" "$BOARD/$LIB/nvidia/libcuda.so.1.1"
}
