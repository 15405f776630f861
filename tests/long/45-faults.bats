#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# As shell/45-faults.bats, all of it: the twelve rows with every error code and a kill at every call;
# a whole board with every error code at the first two calls of each site (between two certain
# others), one in turn at the others, and a kill at every twentieth.

bats_require_minimum_version 1.5.0

# shellcheck source=tests/support/trials.sh
. "$NVC_SOURCE_DIR/tests/support/trials.sh"

sweep() {
	trials_sweep --suite faults-long "$@"
}

@test "hook: everything" {
	sweep hook -- --kill-every 1
}

@test "hook: everything, old system calls" {
	sweep --profile r32 hook -- --whole 2 --kill-every 1
}

@test "hook: an overlay" {
	sweep --fs overlay hook -- --whole 1 --kill-every 4
}

@test "hook: the host's ldconfig makes the cache" {
	sweep ldconfig -- --whole 2 --kill-every 4
}

@test "a start that is refused: everything" {
	sweep refused -- --whole 2 --kill-every 2
}

@test "poststop: everything" {
	sweep poststop -- --kill-every 1
}

@test "runtime: everything" {
	sweep runtime -- --kill-every 1
}

@test "nvc-cli configure: everything" {
	sweep configure -- --whole 2 --kill-every 2
}

@test "hook: a whole board" {
	sweep --lists R36 hook -- --whole 2 --kill-every 20
}
