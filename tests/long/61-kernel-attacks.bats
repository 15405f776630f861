#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Attacks 1 to 20 on kernels of other releases and on another architecture, in emulated machines: one
# variant on each, which together have both runtimes and user namespaces.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck source=tests/support/vm/suite.sh
. "$NVC_SOURCE_DIR/tests/support/vm/suite.sh"

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
	attacks bullseye amd64 5.10 user
}

@test "6.1 amd64: attacks" {
	attacks bookworm amd64 6.1 crun
}

@test "6.12 amd64: attacks" {
	attacks trixie amd64 6.12 runc
}

@test "6.1 arm64: attacks" {
	attacks bookworm arm64 6.1 crun
}
