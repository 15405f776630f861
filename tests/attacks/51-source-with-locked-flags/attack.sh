# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# The driver's files lie on a mount that is read-only, nosuid, nodev and noexec: the container gets them,
# with those flags, in a user namespace too.

host() {
	mount --bind "$BOARD/$LIB" "$BOARD/$LIB"
	mount -o remount,bind,ro,nosuid,nodev,noexec "$BOARD/$LIB"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	local options
	is_bound "$LIB/nvidia/libcuda.so.1.1"
	options=$(awk -v path="/$LIB/nvidia/libcuda.so.1.1" 'substr($5, length($5) - length(path) + 1) == path { print "," $6 "," }' "$MOUNTINFO")
	for word in ro nosuid nodev noexec; do
		[[ $options == *,$word,* ]] || die "the mount lacks $word: $options"
	done
}
