# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# A neighbour of the root tree whose name begins as its own: a link to "../rootfs-evil" stays inside.
scenes=(climbing absolute climbing-inside absolute-inside)
spread
needle="aarch64-linux-gnu"
evil=rootfs-evil
case $SCENE in
absolute*) evil=$BUNDLE/$evil ;;
climbing*) evil=../../../$evil ;;
esac
case $SCENE in
*-inside) ;;
*) allowed=refused ;;
esac
place=./rootfs-evil
[[ $SCENE != absolute* ]] || place=.$BUNDLE/rootfs-evil

image() {
	rm -rf "$LIB"
	ln -s "$evil/$LIB" "$LIB"
	[[ $SCENE != *-inside ]] || mkdir -p "$place/$LIB"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
	cp -a "$ATTACKS_FIXTURE/image" rootfs-evil
	mkdir -p "rootfs-evil/$LIB/nvidia"
	tree rootfs-evil >"$WORK/evil-before"
}

inside() {
	is_bound_at "$place/$LIB/nvidia/libcuda.so.1.1" "$LIB/nvidia/libcuda.so.1.1"
}

after() {
	diff "$WORK/evil-before" <(tree "$BUNDLE/rootfs-evil") || die "the neighbour has changed"
}
