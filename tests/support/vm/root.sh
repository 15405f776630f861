#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/support/vm/root.sh FOLDER ARCHITECTURE BUILD [TRIPLET]
# The root of a virtual machine, as cpio archives for its kernel: FOLDER/root-ARCHITECTURE.cpio with
# Debian's shell, tools, runc and crun (kept if it is there), and FOLDER/ours-ARCHITECTURE.cpio with the
# repository and the programs of the build folder BUILD, both at the paths they have here.
# 77 = cannot be had; the last line of the output says why.
set -euo pipefail

(($# == 3 || $# == 4)) || { sed -n '3,7s/^# \?//p' "$0" >&2 && exit 2; }
folder=$1 arch=$2 build=$3 triplet=${4-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_dir=$(cd "$here/../../.." && pwd)
root=$folder/root-$arch.cpio ours=$folder/ours-$arch.cpio

packages=(base-files bash dash coreutils findutils grep sed mawk diffutils util-linux util-linux-extra mount procps hostname
	tar gzip libc-bin jq runc crun busybox-static bats strace uidmap libcap2-bin e2fsprogs libjansson4 libelf1 libseccomp2 libcap2)

unable() {
	echo "root: $arch: $*"
	exit 77
}

archive() { # DIR FILE
	(cd "$1" && find . | busybox cpio -o -H newc 2>/dev/null) >"$2.new"
	mv "$2.new" "$2"
}

debian() { # DIR
	# shellcheck source=tests/support/aptdir.sh
	. "$here/../aptdir.sh"
	aptdir_open "$folder/apt-root-$arch" "$(aptdir_release)" "$arch" || unable "its package lists cannot be had"
	aptdir_fetch_all "$1" "${packages[@]}" || unable "its packages cannot be had"
	aptdir_merge_usr "$1"
	rm -rf "$folder/apt-root-$arch" "$1"/usr/share/{doc,man,locale,zoneinfo,i18n,info,perl,bash-completion,lintian} "$1"/usr/lib/*/{perl,perl5} "$1"/var/cache
	mkdir -p "$1"/{dev,proc,sys,run,tmp,root,var/lib,var/tmp,etc}
	chmod 1777 "$1/tmp" "$1/var/tmp"
	ln -sf mawk "$1/usr/bin/awk"
	printf 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/bin/sh\n' >"$1/etc/passwd"
	printf 'root:x:0:\nvideo:x:44:\nnogroup:x:65534:\n' >"$1/etc/group"
}

programs() { # DIR: with libnvc where nvc-cli looks for it, without what only a debugger reads
	local file strip=strip into=$1$build
	[[ $arch != arm64 ]] || strip=aarch64-linux-gnu-strip
	[[ ! $triplet ]] || strip=$triplet-strip
	mkdir -p "$into"/{hook,cli,lib,tests/support}
	cp -a "$build"/hook/nvc-* "$into/hook/"
	cp -a "$build/cli/nvc-cli" "$into/cli/"
	cp -a "$build"/lib/libnvc.so* "$into/lib/"
	find "$build/tests/support" -maxdepth 1 -type f -perm -u+x -exec cp -a {} "$into/tests/support/" \;
	find "$into" -type f -print0 | while IFS= read -r -d '' file; do "$strip" --strip-debug "$file"; done
	mkdir -p "$1$source_dir"
	cp -a "$source_dir"/{csv,tests,VERSION} "$1$source_dir/"
	cp "$here/init" "$1/init"
}

if [[ ! -e $root ]]; then
	rm -rf "$folder/root-$arch"
	debian "$folder/root-$arch"
	archive "$folder/root-$arch" "$root"
	rm -rf "$folder/root-$arch"
fi
rm -rf "$folder/ours-$arch"
programs "$folder/ours-$arch"
archive "$folder/ours-$arch" "$ours"
rm -rf "$folder/ours-$arch"
