#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Races by the clock: a neighbour swaps directories, files and links under the hooks' feet. Those at
# a chosen system call are 46-races; tests/long/48-race-loop has many more of these.

# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"
# shellcheck source=tests/support/raceloop.sh
. "$NVC_SOURCE_DIR/tests/support/raceloop.sh"

RUNS=16 # of each swap

setup_file() {
	gpu_init
	raceloop_init
}

teardown_file() {
	engines_done
}

# Two at a time
races() { # PROFILE
	raceloop_swaps | xargs -P 2 -I '{}' bash -euo pipefail -c "raceloop {} $1 $RUNS" >"$BATS_TEST_TMPDIR/results"
	raceloop_verdict "$BATS_TEST_TMPDIR/results" >&3
}

@test "no swap leads out: new system calls" {
	races now
}

@test "no swap leads out: old system calls" {
	races r32
}
