#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The programs on kernels of other releases and on another architecture, in emulated machines: what
# tests/support/vm/smoke checks, and suites and attack cases as they are. One boot for each test.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck source=tests/support/vm/suite.sh
. "$NVC_SOURCE_DIR/tests/support/vm/suite.sh"

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
