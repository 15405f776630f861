#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/support/debimage.sh DIR RELEASE ARCHITECTURE PACKAGE...
# The root tree of an image in DIR: those packages of Debian with all that they depend on, busybox for
# a shell, users and a loader's cache. From the mirror of this machine's own apt sources; nothing is
# installed, no maintainer script runs. RELEASE "-" is this machine's own.
# 77 = cannot be had; the last line of the output says why.
set -euo pipefail

(($# >= 3)) || { sed -n '3,7s/^# \?//p' "$0" >&2 && exit 2; }
dir=$1 release=$2 arch=$3
shift 3

unable() {
	echo "debimage: $release $arch: $*"
	exit 77
}

# shellcheck source=tests/support/aptdir.sh
. "$(dirname "${BASH_SOURCE[0]}")/aptdir.sh"
[[ $release != - ]] || release=$(aptdir_release)
state=$(mktemp -d "${TMPDIR:-/tmp}/debimage.XXXXXX")
trap 'rm -rf "$state"' EXIT
aptdir_open "$state/apt" "$release" "$arch" || unable "its package lists cannot be had"
aptdir_fetch_all "$dir" libc6 libc-bin busybox-static "$@" || unable "its packages cannot be had"
[[ $release == bullseye ]] || aptdir_merge_usr "$dir"
rm -rf "$dir"/usr/share/{doc,man,locale,zoneinfo,i18n}

mkdir -p "$dir"/{dev,proc,sys,run,root,tmp,etc/ld.so.conf.d,usr/bin,usr/sbin,var/cache/ldconfig}
chmod 1777 "$dir/tmp"
printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\n' >"$dir/etc/passwd"
printf 'root:x:0:\nvideo:x:44:\nuser:x:1000:\n' >"$dir/etc/group"
echo 'include /etc/ld.so.conf.d/*.conf' >"$dir/etc/ld.so.conf"
# without maintainer scripts no alternatives and links of theirs
for name in sh ls cat echo mkdir cp mv rm sed grep id touch stat readlink test sleep head sort wc env bash; do
	[[ -e $dir/bin/$name || -L $dir/bin/$name ]] || ln -s /bin/busybox "$dir/bin/$name"
done
# this machine's own ldconfig reads libraries of every machine that glibc knows
ldconfig -r "$dir" 2>/dev/null || true
rm -rf "$dir/var/cache/ldconfig"
