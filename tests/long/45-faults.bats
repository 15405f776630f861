#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What shell/45-faults.bats leaves out: the twelve rows with the system calls of older kernels, a start
# that is refused, on an overlay and with the host's ldconfig; and a whole board.

bats_require_minimum_version 1.5.0

# shellcheck source=tests/support/trials.sh
. "$NVC_SOURCE_DIR/tests/support/trials.sh"

sweep() {
	trials_sweep --suite faults-long "$@"
}

@test "hook: everything, old system calls" {
	sweep --profile r32 hook -- --kill-every 1
}

@test "hook: the system calls of Linux 5.10" {
	sweep --profile r35 hook -- --whole 2 --kill-every 3
}

@test "hook: what a driver shows in /proc, and its services" {
	sweep shown -- --kill-every 1
}

@test "hook: what a driver shows, old system calls" {
	sweep --profile r32 shown -- --whole 2 --kill-every 2
}

@test "poststop: everything" {
	sweep poststop -- --kill-every 1
}

@test "poststop: old system calls" {
	sweep --profile r32 poststop -- --kill-every 1
}

@test "a start that is refused: its undoing fails too" {
	sweep refused -- --kill-every 1
}

@test "hook: an overlay" {
	sweep --fs overlay hook -- --whole 1 --kill-every 4
}

# glibc's ldconfig takes an error of readdir(3) for the end of the directory; the hook's own listings are
# in the other sweeps.
@test "hook: the host's ldconfig makes the cache" {
	sweep --exempt ldconfig -- --spare getdents64 --whole 2 --kill-every 4
}

@test "hook: a whole board" {
	sweep --lists R36 hook -- --kill-every 1
}
