# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# The image's ld.so.cache is cut, lies about its sizes, or is none: it is ignored, and put back as it was.
# shellcheck source=tests/attacks/values.sh
. "$NVC_SOURCE_DIR/tests/attacks/values.sh"
image_changes='each value is compared by itself'

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

plant() { # NAME
	local cache=$ROOTFS/etc/ld.so.cache
	[[ ! $PLANTED ]] || check_back
	export PLANTED=$1
	rm -rf "$cache"
	case $1 in
	folder) mkdir "$cache" ;;
	fifo) mkfifo "$cache" ;;
	loop) ln -s ld.so.cache "$cache" ;;
	link) ln -s "$CANARY/etc/ld.so.cache" "$cache" ;;
	zero) mknod -m 666 "$cache" c 1 5 ;;
	sparse) truncate -s 63M "$cache" ;;
	huge) truncate -s 4G "$cache" ;;
	noise) head -c 9999 /dev/urandom >"$cache" ;;
	magic) printf 'glibc-ld.so.cache1.1\377\377\377\177' >"$cache" ;;
	open) printf 'ld.so-1.7.0\0' >"$cache" && chmod 666 "$cache" && chown 1234 "$cache" ;;
	*) cp "$NVC_SOURCE_DIR/tests/fuzz/corpus/ldcache/$1" "$cache" ;;
	esac
	touch -h -d '2020-01-02 03:04:05' "$cache" 2>/dev/null || true
	tree "$ROOTFS" >"$WORK/planted"
	checksum >"$WORK/planted.sum"
}

checksum() {
	[[ ! -f $ROOTFS/etc/ld.so.cache || -L $ROOTFS/etc/ld.so.cache ]] || (($(stat -c %s "$ROOTFS/etc/ld.so.cache") > 1048576)) || sha256sum "$ROOTFS/etc/ld.so.cache"
}

check_back() {
	diff "$WORK/planted" <(tree "$ROOTFS") >&2 || die "$PLANTED is not put back"
	diff "$WORK/planted.sum" <(checksum) >&2 || die "the bytes of $PLANTED are not put back"
}

inside() {
	is_bound "$LIB/nvidia/libcuda.so.1.1"
	[[ $PLANTED == huge || ! -f etc/ld.so.cache || -L etc/ld.so.cache ]] || grep -aq "/$LIB/nvidia/libcuda.so.1" etc/ld.so.cache || die 'the cache lacks ours'
}

run() {
	PLANTED=
	each_value folder cut far-name huge-count fifo far-hwcaps many-sections loop link magic old-huge overwritten-by-ldconfig-2.36 zero \
		sparse noise unsorted big-endian unknown-section open huge empty no-entries
	check_back
}
