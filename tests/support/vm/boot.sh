#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/support/vm/boot.sh FOLDER RELEASE ARCHITECTURE SECONDS COMMAND
# Boots Debian RELEASE's kernel (kernel.sh) on the root of root.sh, by emulation, never by KVM, and runs
# COMMAND (for bash, as root, pure cgroup v2, nothing of this machine to be seen). Prints what the
# console says; fails if COMMAND does, and if the machine does not come to its end in time.
set -euo pipefail

(($# == 5)) || { sed -n '3,6s/^# \?//p' "$0" >&2 && exit 2; }
folder=$1 release=$2 arch=$3 limit=$4 command=$5
kernel=$folder/kernel-$release-$arch
work=$(mktemp -d "$folder/boot.XXXXXX")
trap 'rm -rf "$work"' EXIT

printf '%s\n' "$command" >"$work/vm-command"
(cd "$work" && echo vm-command | busybox cpio -o -H newc 2>/dev/null) >"$work/command.cpio"
cat "$folder/root-$arch.cpio" "$folder/ours-$arch.cpio" "$kernel/modules.cpio" "$work/command.cpio" >"$work/initrd"

# QEMU 7.2 leaves garbage in the flags after cmpxchg16b, with which Linux 6.12's allocator dies at random
case $arch in
amd64) machine=(qemu-system-x86_64 -M q35 -cpu "max,-cx16") console=ttyS0 ;;
arm64) machine=(qemu-system-aarch64 -M virt -cpu cortex-a72) console=ttyAMA0 ;;
*) echo "boot: unknown architecture '$arch'" >&2 && exit 2 ;;
esac
timeout --kill-after=5 "$limit" "${machine[@]}" -accel tcg -m 2048 -smp 1 -nic none -nographic -no-reboot -kernel "$kernel/vmlinuz" \
	-initrd "$work/initrd" -append "console=$console quiet loglevel=1 panic=-1 rdinit=/init" </dev/null 2>&1 |
	sed -u 's,\r$,,' | tee "$work/console" || true
grep -qx 'vm: end 0' "$work/console"
