# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# /usr climbs out to the host, or is an absolute link there.
scenes=(climbing absolute climbing-inside absolute-inside)
spread
needle="'/(usr|lib)/"

target=$CANARY
case $SCENE in
climbing*) target=../../../../../..$target ;;
esac
case $SCENE in
*-inside) ;;
*) allowed=refused ;;
esac

image() {
	mkdir -p ".$CANARY"
	mv usr/* ".$CANARY"
	rmdir usr
	[[ $SCENE == *-inside ]] || rm -r ".$CANARY"
	ln -s "$target" usr
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	is_bound_at ".$CANARY/lib/aarch64-linux-gnu/nvidia/libcuda.so.1.1" "$LIB/nvidia/libcuda.so.1.1"
	is_bound_at ".$CANARY/bin/tegrastats" usr/bin/tegrastats
	grep -qaF /nvidia/libcuda.so.1 etc/ld.so.cache || die "the loader knows nothing of it"
}
