#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/support/vm/cross.sh FOLDER
# Builds the programs and the tests' tools for arm64 in FOLDER/build-arm64, against libraries of the
# Debian release that this machine has. Made anew only where something changed.
# 77 = cannot be had; the last line of the output says why.
set -euo pipefail

(($# == 1)) || { sed -n '3,6s/^# \?//p' "$0" >&2 && exit 2; }
folder=$1
sysroot=$folder/sysroot-arm64 build=$folder/build-arm64
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_dir=$(cd "$here/../../.." && pwd)

unable() {
	echo "cross: arm64: $*"
	exit 77
}

command -v aarch64-linux-gnu-gcc >/dev/null || unable "no aarch64-linux-gnu-gcc on this machine"
if [[ ! -e $sysroot ]]; then
	# shellcheck source=tests/support/aptdir.sh
	. "$here/../aptdir.sh"
	aptdir_open "$folder/apt-sysroot" "$(aptdir_release)" arm64 || unable "its package lists cannot be had"
	aptdir_fetch_all "$sysroot.new" libc6-dev linux-libc-dev libjansson-dev libelf-dev libcap-dev libseccomp-dev libcmocka-dev ||
		unable "its libraries cannot be had"
	aptdir_merge_usr "$sysroot.new"
	rm -rf "$folder/apt-sysroot"
	mv -T "$sysroot.new" "$sysroot"
fi

export PKG_CONFIG_SYSROOT_DIR=$sysroot
export PKG_CONFIG_LIBDIR=$sysroot/usr/lib/aarch64-linux-gnu/pkgconfig:$sysroot/usr/share/pkgconfig
cmake -S "$source_dir" -B "$build" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$here/aarch64.cmake" -DCMAKE_SYSROOT="$sysroot" \
	-DNVC_NVML=OFF -DNVC_MAN=OFF -DCMAKE_BUILD_TYPE=RelWithDebInfo
ninja -C "$build" -j "$(nproc)" nvc-hook nvc-runtime nvc-cli support
