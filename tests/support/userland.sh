#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/support/userland.sh [--ldconfig] BOARD BUILD
# Makes the root tree BOARD of support/board one that can be booted (support/boot): busybox, a
# low-level runtime, the loader and libraries that these need, from this machine's own files, and
# the project's programs of the build folder BUILD. No other program, and no ld.so.cache.
#   --ldconfig   ldconfig, too, and the cache that it writes
set -euo pipefail

ldconfig=''
[[ ${1-} != --ldconfig ]] || { ldconfig=yes && shift; }
(($# == 2)) || { sed -n '3,7s/^# \?//p' "$0" >&2 && exit 2; }
board=$1 build=$2

libraries() { # PROGRAM...
	{ ldd "$@" 2>/dev/null || true; } | grep -oE '/[^ :]+\.so[^ :]*' | sort -u | while read -r lib; do
		mkdir -p "$board$(dirname "$lib")"
		cp -L "$lib" "$board$lib"
	done
}

mkdir -p "$board"/{data,dev,etc,mnt,proc,root,run,sys/fs/cgroup,tmp,usr/bin,usr/sbin,bin,sbin,var}
chmod 1777 "$board/tmp"
cp "$(command -v busybox)" "$board/bin/busybox"
while read -r name; do
	[[ $name == busybox || $name == ldconfig ]] || ln -sf busybox "$board/bin/$name"
done < <("$board/bin/busybox" --list)
programs=("$build"/hook/nvc-{hook,runtime} "$build/cli/nvc-cli" "$build"/tests/support/{cell,verify} "$(command -v runc)")
cp -L "${programs[@]}" "$board/usr/bin/"
libraries "${programs[@]}"
while read -r name minor; do
	[[ -e $board/dev/$name ]] || mknod -m 666 "$board/dev/$name" c 1 "$minor"
done <<<$'null 3\nzero 5\nfull 7\nrandom 8\nurandom 9'
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$board/etc/passwd"
printf 'root:x:0:\nvideo:x:44:\n' >"$board/etc/group"
if [[ $ldconfig ]]; then
	host=/sbin/ldconfig
	[[ ! -e /sbin/ldconfig.real ]] || host=/sbin/ldconfig.real
	cp -L "$host" "$board/sbin/ldconfig"
	"$host" -r "$board" 2>/dev/null
	rm -rf "$board/var/cache/ldconfig"
fi
