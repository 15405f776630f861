#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/support/image.sh [--no-conf] [--no-cache] [--split] [--oe] [--apt] DIR BUILD
# A small glibc root tree in DIR from this machine's own files: busybox, the loader, libc, ldconfig,
# and cuda-probe of the build folder BUILD.
#   --no-conf    ld.so.conf names no folder of GPU libraries
#   --no-cache   there is no ld.so.cache
#   --split      /bin, /lib and so on are folders of their own, and no links to those of /usr
#   --oe         as OpenEmbedded's: libraries are in /lib or /usr/lib, and no file names a folder
#   --apt        with this Debian machine's dpkg and apt-get; libc-bin counts as installed, so that a
#                package with libraries has its trigger run the image's ldconfig
set -euo pipefail

conf=yes cache=yes split='' oe='' apt=''
while [[ ${1-} == --* ]]; do
	case $1 in
	--no-conf) conf='' ;;
	--no-cache) cache='' ;;
	--split) split=yes ;;
	--oe) oe=yes conf='' ;;
	--apt) apt=yes ;;
	*) echo "image.sh: unknown option '$1'" >&2 && exit 2 ;;
	esac
	shift
done
(($# == 2)) || { sed -n '3,11s/^# \?//p' "$0" >&2 && exit 2; }
dir=$1 probe=$2/tests/support/cuda-probe

mkdir -p "$dir"/{dev,etc/ld.so.conf.d,proc,root,run,sys,tmp,usr/bin,usr/lib,usr/lib64,usr/sbin,var}
chmod 1777 "$dir/tmp"
for name in bin lib lib64 sbin; do
	if [[ $split ]]; then mkdir -p "$dir/$name"; else ln -sfn "usr/$name" "$dir/$name"; fi
done
cp "$(command -v busybox)" "$dir/usr/bin/busybox"
while read -r applet; do
	place=${applet%/*}
	[[ $place == usr/* || $split ]] || place=usr/$place
	[[ $place == usr/* ]] && busybox=../bin/busybox || busybox=../usr/bin/busybox
	name=${applet##*/}
	[[ $name == busybox || $name == ldconfig || ! -d $dir/$place ]] || ln -sf "$busybox" "$dir/$place/$name"
done < <("$dir/usr/bin/busybox" --list-full)

install -m 755 "$probe" "$dir/usr/bin/cuda-probe"
folder() { # LIBRARY: its folder in the image
	if [[ ! $oe || $1 == */ld-* ]]; then
		dirname "$1"
	elif [[ $split ]]; then
		echo /lib
	else
		echo /usr/lib
	fi
}

# what the loader says that programs need
libraries() { # PROGRAM...
	local place
	ldd "$@" | grep -oE '/[^ :]+\.so[^ :]*' | sort -u | while read -r lib; do
		place=$(folder "$lib")
		mkdir -p "$dir$place"
		cp -L "$lib" "$dir$place/"
	done
}

add_apt() {
	local programs=(/usr/bin/apt-get /usr/bin/dpkg /usr/bin/dpkg-deb /usr/bin/dpkg-query /usr/bin/dpkg-split /usr/bin/dpkg-trigger
		/usr/lib/apt/methods/file /usr/lib/apt/methods/copy /usr/lib/apt/methods/store) name
	mkdir -p "$dir"/usr/lib/apt/methods "$dir"/etc/apt/{apt.conf.d,preferences.d,sources.list.d,trusted.gpg.d} "$dir"/var/{tmp,log} \
		"$dir"/var/cache/apt/archives/partial "$dir"/var/lib/apt/lists/partial "$dir"/var/lib/dpkg/{info,updates,triggers,alternatives}
	for name in "${programs[@]}"; do cp -L --remove-destination "$name" "$dir$name"; done
	cp -L --remove-destination /bin/tar "$dir/usr/bin/tar"
	libraries "${programs[@]}" /bin/tar
	for name in /usr/lib/*/libapt-private.so.*; do [[ -e $dir$name ]] || cp -L "$name" "$dir$name"; done
	mkdir -p "$dir/usr/share/dpkg"
	cp /usr/share/dpkg/*table "$dir/usr/share/dpkg/"
	dpkg-query -s libc-bin | sed '/^\(Depends\|Recommends\|Suggests\|Conffiles\| \)/d' >"$dir/var/lib/dpkg/status"
	for name in list triggers postinst; do
		[[ ! -e /var/lib/dpkg/info/libc-bin.$name ]] || cp "/var/lib/dpkg/info/libc-bin.$name" "$dir/var/lib/dpkg/info/"
	done
	echo libc-bin >"$dir/var/lib/dpkg/triggers/ldconfig"
	dpkg --print-architecture >"$dir/var/lib/dpkg/arch"
	printf 'APT::Sandbox::User "root";\nDir::Log::Terminal "";\n' >"$dir/etc/apt/apt.conf.d/test"
	echo 'deb [trusted=yes] file:/repository ./' >"$dir/etc/apt/sources.list"
}

libraries "$probe"
[[ ! $apt ]] || add_apt
# the old names of libc's parts, for other programs
libc=$(ldd "$probe" | awk '$1 == "libc.so.6" { print $3 }')
for name in libdl.so.2 libm.so.6 libpthread.so.0; do
	[[ ! -e $(dirname "$libc")/$name ]] || cp -L "$(dirname "$libc")/$name" "$dir$(folder "$libc")/$name"
done
ldconfig=/sbin/ldconfig
[[ ! -e /sbin/ldconfig.real ]] || ldconfig=/sbin/ldconfig.real
cp -L "$ldconfig" "$dir/usr/sbin/ldconfig"

printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\n' >"$dir/etc/passwd"
printf 'root:x:0:\nvideo:x:44:\nuser:x:1000:\n' >"$dir/etc/group"
echo 'include /etc/ld.so.conf.d/*.conf' >"$dir/etc/ld.so.conf"
[[ $oe ]] || dirname "$libc" >"$dir/etc/ld.so.conf.d/multiarch.conf"
if [[ $conf ]]; then
	printf '/usr/lib/aarch64-linux-gnu/%s\n' nvidia tegra tegra-egl >"$dir/etc/ld.so.conf.d/nvidia-tegra.conf"
fi
if [[ $cache ]]; then
	"$ldconfig" -r "$dir" 2>/dev/null
	rm -rf "$dir/var/cache/ldconfig"
fi
