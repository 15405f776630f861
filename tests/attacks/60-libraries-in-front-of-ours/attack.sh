# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# The image preloads a library, and has a libcuda of its own with a higher version, in its loader's cache:
# the hook does not care, the loader finds the board's, and the log says so.

image() {
	mkdir -p usr/lib/own
	cp "$BOARD/$LIB/nvidia/libcuda.so.1.1" usr/lib/own/libcuda.so.999
	ln -s libcuda.so.999 usr/lib/own/libcuda.so.1
	mkdir -p usr/lib/own/glibc-hwcaps/x86-64-v2 && cp usr/lib/own/libcuda.so.999 usr/lib/own/glibc-hwcaps/x86-64-v2/libcuda.so.1
	echo /usr/lib/own >etc/ld.so.conf.d/000-own.conf
	printf '#include <fcntl.h>\n__attribute__((constructor)) static void f(void) { open("%s/evil", O_CREAT | O_WRONLY, 0644); }\n' "$CANARY" >"$WORK/evil.c"
	"${NVC_CC:-${CC:-cc}}" -shared -fPIC -o usr/lib/evil.so "$WORK/evil.c"
	echo /usr/lib/evil.so >etc/ld.so.preload
	"$(command -v ldconfig.real || command -v ldconfig || echo /sbin/ldconfig)" -r . 2>/dev/null
	rm -rf var/cache/ldconfig
	grep -aq /usr/lib/own/libcuda.so.1 etc/ld.so.cache || die 'the image has no cache of its own'
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	is_bound "$LIB/nvidia/libcuda.so.1.1"
	if grep -aq /usr/lib/own/libcuda etc/ld.so.cache; then die "the image's own is in the cache"; fi
	grep -aq "/$LIB/nvidia/libcuda.so.1" etc/ld.so.cache || die "the board's is not in the cache"
	[[ $(cat etc/ld.so.preload) == /usr/lib/evil.so ]]
}

after() {
	[[ ! -e $CANARY/evil ]] || die "the image's library was loaded"
	log_has 'hidden'
}
