# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# Maps of ids: several lines, all ids there are, root in the second line, root not mapped at all;
# groups that cannot be given up, while the host's ldconfig runs in its jail. What is
# made belongs to the container's root.
scenes=(lines all second no-root setgroups)
[[ ${SCENE-} != no-root ]] || allowed=refused
needle='user namespace'

skipped() {
	case $HARNESS in
	runc | crun) echo 'the runtime writes the maps' ;;
	esac
}

host() {
	[[ $SCENE != setgroups ]] || with_ldconfig
}

bundle() {
	local map
	env_add NVIDIA_VISIBLE_DEVICES=all
	case $SCENE in
	lines) map='0 100000 1;1 200000 999;1000 0 1;1001 300000 5' ;;
	all) map='0 0 4294967295' ;;
	second) map='5 100000 10;0 300000 5' ;;
	no-root) map='1 100000 65535' ;;
	setgroups) map='0 100000 65536' && cell_options+=(--setgroups deny) ;;
	esac
	cell_options+=(--map "$map")
	[[ $HARNESS == user ]] || cell_options+=(--user)
}

inside() {
	local owner
	case $SCENE in
	lines) owner=100000:100000 ;;
	all) owner=0:0 ;;
	second) owner=300000:300000 ;;
	setgroups) owner=100000:100000 ;;
	esac
	is_bound "$LIB/nvidia/libcuda.so.1.1"
	[[ $(stat -c %u:%g "$LIB/nvidia") == "$owner" ]] || die "made by $(stat -c %u:%g "$LIB/nvidia")"
	[[ $(stat -c %u:%g etc/ld.so.cache) == "$(stat -c %u:%g etc/ld.so.conf)" ]] || die 'the cache has changed hands'
}
