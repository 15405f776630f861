#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/support/vm/kernel.sh FOLDER RELEASE ARCHITECTURE
# Debian RELEASE's kernel for virtual machines as FOLDER/kernel-RELEASE-ARCHITECTURE: `vmlinuz`,
# `version`, and `modules.cpio` with overlay's module, which that kernel does not have built in.
# A folder that is there is kept. 77 = cannot be had; the last line of the output says why.
set -euo pipefail

(($# == 3)) || { sed -n '3,6s/^# \?//p' "$0" >&2 && exit 2; }
folder=$1 release=$2 arch=$3
kernel=$folder/kernel-$release-$arch state=$folder/apt-kernel-$release-$arch
[[ ! -e $kernel ]] || exit 0

unable() {
	echo "kernel: $release $arch: $*"
	exit 77
}

# shellcheck source=tests/support/aptdir.sh
. "$(dirname "${BASH_SOURCE[0]}")/../aptdir.sh"
aptdir_open "$state" "$release" "$arch" || unable "its package lists cannot be had"
image=$(apt-cache depends "linux-image-cloud-$arch" 2>/dev/null | awk '$1 == "Depends:" { print $2; exit }')
[[ $image ]] || unable "there is no linux-image-cloud-$arch"
rm -rf "$kernel.new"
aptdir_fetch "$kernel.new/deb" "$image" || unable "its packages cannot be had"

deb=$kernel.new/deb
cp "$deb"/boot/vmlinuz-* "$kernel.new/vmlinuz"
basename "$deb"/boot/vmlinuz-* | sed 's/^vmlinuz-//' >"$kernel.new/version"
mkdir -p "$kernel.new/modules/usr/lib/modules"
for module in "$deb"/lib/modules/*/kernel/fs/overlayfs/overlay.ko* "$deb"/usr/lib/modules/*/kernel/fs/overlayfs/overlay.ko*; do
	case $module in
	*.xz) xz -dc "$module" >"$kernel.new/modules/usr/lib/modules/overlay.ko" ;;
	*.ko) cp "$module" "$kernel.new/modules/usr/lib/modules/overlay.ko" ;;
	esac
done
[[ -e $kernel.new/modules/usr/lib/modules/overlay.ko ]] || unable "its kernel has no overlay module"
(cd "$kernel.new/modules" && find . | busybox cpio -o -H newc 2>/dev/null) >"$kernel.new/modules.cpio"
rm -rf "$state" "$kernel.new/deb" "$kernel.new/modules"
mv -T "$kernel.new" "$kernel"
