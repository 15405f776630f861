#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The programs on kernels of other releases and on another architecture, in emulated machines: what
# tests/support/vm/smoke checks, and suites and attack cases as they are. One boot for each test.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
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

# What the machine needs, made by the first who comes.
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
	run "$vm/boot.sh" "$VM_DIR" "$1" "$2" "$3" "export NVC_SOURCE_DIR='$NVC_SOURCE_DIR' NVC_BUILD_DIR='$build' NVC_VM=$1; cd '$NVC_SOURCE_DIR'; $4"
	echo "$output"
}

smoke() { # RELEASE ARCHITECTURE VERSION
	boot "$1" "$2" 900 tests/support/vm/smoke
	grep -E "^(figure: |vm: )" <<<"$output" | sed "s/^/# $3 $2: /" >&3
	[ "$status" -eq 0 ]
	grep -q "^vm: start $3\." <<<"$output"
	[ "$(grep -c '^check: .*: FAILED' <<<"$output")" -eq 0 ]
	# less means that it was not asked
	[ "$(grep -c '^check: .*: ok' <<<"$output")" -ge 45 ]
}

suites() { # RELEASE ARCHITECTURE SUITE...
	local release=$1 arch=$2
	shift 2
	boot "$release" "$arch" 1800 "bats --formatter tap $(printf 'tests/shell/%s.bats ' "$@")"
	[ "$status" -eq 0 ]
	grep -q '^ok 1 ' <<<"$output"
	grep '^ok .* # skip' <<<"$output" | sed "s/^/# /" >&3 || true
}

@test "5.10 amd64: configure, device grants, primitives" {
	smoke bullseye amd64 5.10
}

@test "6.1 amd64: configure, device grants, primitives" {
	smoke bookworm amd64 6.1
}

@test "6.12 amd64: configure, device grants, primitives" {
	smoke trixie amd64 6.12
}

@test "6.1 arm64: configure, device grants, primitives" {
	smoke bookworm arm64 6.1
}

@test "5.10 amd64: suites of bundles and of the hook" {
	suites bullseye amd64 34-bundle 37-hook
}

# ---- attacks 1 to 20: each case in one or two variants, which together have every kernel's primitives,
# both runtimes and user namespaces; spread() gives long lists of scenes out among them ----

attacks() { # RELEASE ARCHITECTURE VERSION VARIANT...
	local release=$1 arch=$2 version=$3 cases tried
	shift 3
	cases=$("$NVC_SOURCE_DIR/tests/attacks/run" --list | grep -E '^(0[1-9]|1[0-9]|20)-' | paste -sd' ')
	boot "$release" "$arch" 3000 "NVC_ATTACKS_FIXTURE=/tmp/fixture ATTACKS_LIMIT=900 tests/attacks/run $(printf -- '--variant %s ' "$@") $cases"
	tried=$(grep -Ec '^[0-9][0-9]-[^:]*: [^:]*: (contained|refused)' <<<"$output") || true
	bad=$(grep -Ec '^[0-9][0-9]-[^:]*: [^:]*: FAILED' <<<"$output") || true
	echo "# $version $arch: $tried attacks tried, $bad went wrong" >&3
	[[ ! ${NVC_FIGURES-} ]] || printf 'attacks\t%d\t%d\n' "$tried" "$bad" >"$NVC_FIGURES/kernel-$version-$arch.tsv"
	[ "$status" -eq 0 ]
	[ "$bad" -eq 0 ]
	[ "$tried" -ge 15 ]
}

@test "5.10 amd64: attacks" {
	attacks bullseye amd64 5.10 cell
}

@test "6.1 amd64: attacks" {
	attacks bookworm amd64 6.1 runc
}

@test "6.12 amd64: attacks" {
	attacks trixie amd64 6.12 user
}

@test "6.1 arm64: attacks" {
	attacks bookworm arm64 6.1 crun
}
