# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# A target is there already, as a link to a file of the host: ours is bound over the link itself. The
# root tree has such a file too, which stays as it is.

image() {
	mkdir -p "$LIB/nvidia" ".$CANARY/$LIB/nvidia"
	ln -s "$CANARY/file" "$LIB/nvidia/libcuda.so.1.1"
	ln -s "$CANARY/$LIB/nvidia/libcuda.so.1.1" "$LIB/nvidia/libnvos.so"
	ln -s "../../../../../../../../..$CANARY/file" "$LIB/nvidia/libnvrm_gpu.so"
	echo image | tee ".$CANARY/file" >".$CANARY/$LIB/nvidia/libcuda.so.1.1"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	is_bound "$LIB"/nvidia/{libcuda.so.1.1,libnvos.so,libnvrm_gpu.so}
	[[ $(cat ".$CANARY/file") == image ]] || die "another file in the root tree was covered"
}
