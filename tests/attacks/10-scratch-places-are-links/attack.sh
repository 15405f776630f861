# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# What somebody might use as a scratch place, in the root tree or on the host, is a link to the host, and
# names that somebody might choose there are taken: nothing is followed, nothing is written through.
scenes=(image state-folder record names)
spread

image() {
	case $SCENE in
	image)
		local name
		for name in tmp mnt media srv opt run root var; do
			rm -rf "$name" && ln -s "$CANARY/dir" "$name"
		done
		;;
	names)
		rm etc/ld.so.cache
		for name in etc/ld.so.cache{~,.tmp,.new} etc/.nvc-{0000000000000000,tmp} etc/ld.so.conf.d/{000-nvc.conf,.nvc-0000000000000000}; do
			ln -s "$CANARY/file" "$name"
		done
		;;
	esac
}

host() {
	local name
	mount -t tmpfs -o mode=755 run /run # the record may move there
	mkdir -m 700 "$CANARY/records"
	case $SCENE in
	state-folder) ln -s "$CANARY/records" "$STATE/state" ;;
	record)
		mkdir -m 700 "$STATE/state"
		for name in lock "$ID".{state,state.new,new,kept0,kept1,cache}; do
			ln -s "$CANARY/file" "$STATE/state/$name"
		done
		;;
	esac
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	is_bound "$LIB/nvidia/libcuda.so.1.1"
	grep -qaF /nvidia/libcuda.so.1 etc/ld.so.cache || die "the loader knows nothing of the libraries"
}

after() {
	[[ ! -d /run/nvc/state ]] || [[ ! $(find /run/nvc/state -type f ! -name lock) ]] || die "a record is left in /run"
	umount /run
}
