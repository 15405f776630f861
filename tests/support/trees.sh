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

command -v apt-get >/dev/null || unable "no apt on this machine"
. /etc/os-release

# The mirror, and the way the machine reaches it.
# shellcheck disable=SC2016 # the $(...) are apt's
debian_mirror() {
	apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' |
		awk -v release="${VERSION_CODENAME:-bookworm}" '$1 == release && !found { found = $2 } END { print found }'
}
mirror=$(debian_mirror)
if [[ ! $mirror ]]; then
	apt-get -qq update >/dev/null 2>&1 || true
	mirror=$(debian_mirror)
fi
[[ $mirror ]] || unable "apt knows no Debian mirror"

keyring=/usr/share/keyrings/debian-archive-keyring.gpg option=
[[ ! -e $keyring ]] || option="[signed-by=$keyring] "
mkdir -p "$state"/{lists/partial,cache/archives/partial,etc/apt.conf.d,debs}
: >"$state/status"
echo "deb $option$mirror $release main" >"$state/etc/sources.list"
apt-config dump Acquire | grep -E '^Acquire::(http|https|Check|Retries|ForceIPv)' >"$state/etc/apt.conf.d/90machine" || true
cat >"$state/apt.conf" <<-END
	Dir::State "$state";
	Dir::State::lists "$state/lists";
	Dir::State::status "$state/status";
	Dir::Cache "$state/cache";
	Dir::Etc "$state/etc";
	Dir::Etc::Parts "$state/etc/apt.conf.d";
	Dir::Etc::TrustedParts "/etc/apt/trusted.gpg.d";
	Dir::Etc::netrcparts "/etc/apt/auth.conf.d";
	APT::Architecture "$arch";
	APT::Architectures { "$arch"; };
	APT::Sandbox::User "root";
	Acquire::Languages "none";
	Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
	Acquire::IndexTargets::deb::CNF::DefaultEnabled "false";
END
export APT_CONFIG=$state/apt.conf

apt-get -qq update >"$state/log" 2>&1 || {
	cat "$state/log"
	unable "the mirror's lists cannot be had"
}
mapfile -t known < <(comm -12 <(printf '%s\n' "${packages[@]}" | sort) <(apt-cache pkgnames | sort))
[[ " ${known[*]} " == *" libc6 "* ]] || unable "the mirror has no libc6"
(cd "$state/debs" && apt-get -qq download "${known[@]}") >>"$state/log" 2>&1 || {
	cat "$state/log"
	unable "the mirror's packages cannot be had"
}

rm -rf "$tree.new"
mkdir -p "$tree.new"/{etc,tmp,proc,var/cache/ldconfig}
for deb in "$state"/debs/*.deb; do dpkg-deb -x "$deb" "$tree.new"; done
# /lib is /usr/lib since bookworm, as base-files and usrmerge have it
if [[ $release != bullseye ]]; then
	for name in bin sbin lib lib32 lib64 libx32; do
		[[ -d $tree.new/$name || -d $tree.new/usr/$name ]] || continue
		mkdir -p "$tree.new/usr/$name"
		[[ ! -d $tree.new/$name ]] || cp -a --remove-destination "$tree.new/$name/." "$tree.new/usr/$name/"
		rm -rf "${tree:?}.new/$name"
		ln -s "usr/$name" "$tree.new/$name"
	done
fi
rm -rf "$state" "$tree.new"/usr/share/{doc,man,locale,zoneinfo,i18n}
mv -T "$tree.new" "$tree"
