# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # status, lines, output: of bats' run
# Emulated machines for bats suites, which get NVC_BUILD_DIR and NVC_SOURCE_DIR.
#
#   setup_file, teardown_file      are here: $VM_DIR
#   boot RELEASE ARCHITECTURE SECONDS COMMAND   what the machine needs, made by the first who comes, then the
#                                  command in the repository; $status, and $output with all lines. Skips
#                                  the test where something cannot be had

vm=$NVC_SOURCE_DIR/tests/support/vm

setup_file() {
	VM_DIR=$(mktemp -d "${TMPDIR:-/tmp}/vm.XXXXXX")
	export VM_DIR
}

teardown_file() {
	rm -rf "$VM_DIR"
}

get() { # COMMAND...: 77 = cannot be had
	run "$@"
	((status != 77)) || skip "${lines[-1]}"
	[ "$status" -eq 0 ] || { echo "$output" && false; }
}

prepare() { # RELEASE ARCHITECTURE: sets build
	build=$NVC_BUILD_DIR
	command -v busybox >/dev/null || skip "no busybox"
	case $2 in
	amd64)
		[[ $(uname -m) == x86_64 ]] || skip "the programs built here are not for amd64"
		command -v qemu-system-x86_64 >/dev/null || skip "no qemu-system-x86_64"
		;;
	arm64)
		command -v qemu-system-aarch64 >/dev/null || skip "no qemu-system-aarch64"
		build=$VM_DIR/build-arm64
		get "$vm/cross.sh" "$VM_DIR"
		;;
	esac
	get "$vm/kernel.sh" "$VM_DIR" "$1" "$2"
	[[ -e $VM_DIR/ours-$2.cpio ]] || get "$vm/root.sh" "$VM_DIR" "$2" "$build"
}

# Boots and runs a command in the repository; its lines are in $output.
boot() { # RELEASE ARCHITECTURE SECONDS COMMAND
	prepare "$1" "$2"
	run "$vm/boot.sh" "$VM_DIR" "$1" "$2" "$3" "export NVC_SOURCE_DIR='$NVC_SOURCE_DIR' NVC_BUILD_DIR='$build'; cd '$NVC_SOURCE_DIR'; $4"
	echo "$output"
}
