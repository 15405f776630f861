#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/support/debimage.sh DIR RELEASE ARCHITECTURE PACKAGE...
# The root tree of an image in DIR: those packages of Debian with all that they depend on, busybox for
# a shell, users and a loader's cache. From the mirror of this machine's own apt sources; nothing is
# installed, no maintainer script runs. RELEASE "-" is this machine's own. With the folder $NVC_IMAGES a
# tree is made once and copied.
# 77 = cannot be had; the last line of the output says why.
set -euo pipefail

(($# >= 3)) || { sed -n '3,8s/^# \?//p' "$0" >&2 && exit 2; }
dir=$1 release=$2 arch=$3
shift 3

unable() {
	echo "debimage: $release $arch: $*"
	exit 77
}

# shellcheck source=tests/support/aptdir.sh
. "$(dirname "${BASH_SOURCE[0]}")/aptdir.sh"
[[ $release != - ]] || release=$(aptdir_release)

make_tree() { # DIR PACKAGE...
	local tree=$1 state name
	shift
	state=$(mktemp -d "${TMPDIR:-/tmp}/debimage.XXXXXX")
	# shellcheck disable=SC2064 # as it is now
	trap "rm -rf '$state'" EXIT
	aptdir_open "$state/apt" "$release" "$arch" || unable "its package lists cannot be had"
	aptdir_fetch_all "$tree" libc6 libc-bin busybox-static "$@" || unable "its packages cannot be had"
	[[ $release == bullseye ]] || aptdir_merge_usr "$tree"
	rm -rf "$tree"/usr/share/{doc,man,locale,zoneinfo,i18n}

	mkdir -p "$tree"/{dev,proc,sys,run,root,tmp,etc/ld.so.conf.d,usr/bin,usr/sbin,var/cache/ldconfig}
	chmod 1777 "$tree/tmp"
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\n' >"$tree/etc/passwd"
	printf 'root:x:0:\nvideo:x:44:\nuser:x:1000:\n' >"$tree/etc/group"
	echo 'include /etc/ld.so.conf.d/*.conf' >"$tree/etc/ld.so.conf"
	# without maintainer scripts no alternatives and links of theirs
	for name in sh ls cat echo mkdir cp mv rm sed grep id touch stat readlink test sleep head sort wc env bash; do
		[[ -e $tree/bin/$name || -L $tree/bin/$name ]] || ln -s /bin/busybox "$tree/bin/$name"
	done
	# this machine's own ldconfig reads libraries of every machine that glibc knows
	ldconfig -r "$tree" 2>/dev/null || true
	rm -rf "$tree/var/cache/ldconfig"
}

if [[ ! ${NVC_IMAGES-} ]]; then
	make_tree "$dir" "$@"
	exit
fi
mkdir -p "$NVC_IMAGES"
kept=$NVC_IMAGES/$release-$arch-$(printf '%s\n' "$@" | sha256sum | cut -c 1-12)
exec 9>"$kept.lock"
flock 9
if [[ ! -e $kept ]]; then
	rm -rf "$kept.new"
	make_tree "$kept.new" "$@"
	mv -T "$kept.new" "$kept"
fi
flock -u 9
exec 9>&-
mkdir -p "$dir"
cp -a "$kept/." "$dir/"
