#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# As shell/48-race-loop, at least twenty thousand hook runs.

# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"
# shellcheck source=tests/support/raceloop.sh
. "$NVC_SOURCE_DIR/tests/support/raceloop.sh"

RUNS=${NVC_RACE_RUNS:-250} # of each swap, with each of four lengths of the longest pause

setup_file() {
	gpu_init
	raceloop_init
}

teardown_file() {
	engines_done
}

races() { # PROFILE
	local pause
	for pause in 200 1500 6000 20000; do
		raceloop_swaps | RACELOOP_PAUSE=$pause xargs -P 2 -I '{}' bash -euo pipefail -c "raceloop {} $1 $RUNS"
	done >"$BATS_TEST_TMPDIR/results"
	raceloop_verdict "$BATS_TEST_TMPDIR/results" >&3
}

@test "no swap leads out: new system calls" {
	races now
}

@test "no swap leads out: old system calls" {
	races r32
}
