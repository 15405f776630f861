#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Right in front of a system call that names something of the root tree, somebody exchanges a folder
# or a file of it with a link to the host, moves it out, unmounts the root tree or mounts a folder of
# the host on it; undone behind the call, or left so. Nothing of the host may change or be mounted.
# As shell/46-races.bats, at every such call.

bats_require_minimum_version 1.5.0

# shellcheck source=tests/support/trials.sh
. "$NVC_SOURCE_DIR/tests/support/trials.sh"

sweep() {
	trials_sweep --suite races-long "$@"
}

@test "exchanges in the root tree" {
	sweep race -- --step 1
}

@test "exchanges in the root tree, old system calls" {
	sweep --profile r32 race -- --step 1
}

@test "exchanges in the root tree while it is cleaned up" {
	sweep race-end -- --step 1
}

@test "exchanges in the root tree while it is cleaned up, old system calls" {
	sweep --profile r32 race-end -- --step 1
}

@test "exchanges in a volume that another container shares" {
	sweep volume -- --step 1
}

@test "exchanges in a volume that another container shares, old system calls" {
	sweep --profile r32 volume -- --step 1
}
