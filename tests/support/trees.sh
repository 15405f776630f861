#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/support/trees.sh FOLDER RELEASE ARCHITECTURE
# Makes the root tree FOLDER/tree-RELEASE-ARCHITECTURE of Debian: glibc with its loader and ldconfig, and
# libraries with what makes caches interesting. From the mirror of this machine's own apt sources, with
# lists of its own; nothing is installed, no maintainer script runs. A tree that is there is kept.
# 77 = cannot be had; the last line of the output says why.
set -euo pipefail

(($# == 3)) || { sed -n '3,7s/^# \?//p' "$0" >&2 && exit 2; }
folder=$1 release=$2 arch=$3
tree=$folder/tree-$release-$arch state=$folder/apt-$release-$arch
[[ ! -e $tree ]] || exit 0

# Names of several releases: those that are there are taken.
packages=(libc6 libc-bin libgcc-s1 libstdc++6 libatomic1 libgomp1 libitm1 libcrypt1
	zlib1g zlib1g-dev libbz2-1.0 liblzma5 libzstd1 libzstd-dev libexpat1 libexpat1-dev libffi7 libffi8
	libjpeg62-turbo libpng16-16 libpng16-16t64 libssl1.1 libssl3 libssl3t64 libglib2.0-0 libglib2.0-0t64
	libgl1 libgl-dev libglvnd0 libglx0 libegl1 libegl-dev libopengl0 ocl-icd-libopencl1 libavutil56
	libgmp10 libgmpxx4ldbl libmpfr6 libncurses6 libncursesw6 libtinfo6 libncurses-dev libcap2 libselinux1
	libx11-6 libxcb1 libxau6 libxdmcp6 libsqlite3-0 libnuma1 libdb5.3 libgdbm6 libpcre2-8-0 libseccomp2
	libelf1 libelf1t64 libuuid1 libblkid1 libmount1 libcom-err2 libkeyutils1)

unable() {
	echo "trees: $release $arch: $*"
	exit 77
}

# shellcheck source=tests/support/aptdir.sh
. "$(dirname "${BASH_SOURCE[0]}")/aptdir.sh"
aptdir_open "$state" "$release" "$arch" || unable "its package lists cannot be had"
mapfile -t known < <(aptdir_known "${packages[@]}")
[[ " ${known[*]} " == *" libc6 "* ]] || unable "the mirror has no libc6"

rm -rf "$tree.new"
mkdir -p "$tree.new"/{etc,tmp,proc,var/cache/ldconfig}
aptdir_fetch "$tree.new" "${known[@]}" || unable "its packages cannot be had"
# since bookworm
[[ $release == bullseye ]] || aptdir_merge_usr "$tree.new"
rm -rf "$state" "$tree.new"/usr/share/{doc,man,locale,zoneinfo,i18n}
mv -T "$tree.new" "$tree"
