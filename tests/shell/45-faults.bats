#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Each system call of a run fails once with each error code it can have, or the process is killed in
# front of it: one line at most, in time, and everything as before or made good by the next start.
# Here twelve rows: of the hook and its end every second call, of the old system calls and of a start
# that is refused a part, each with each code and killed twice: then the next start, or the end,
# follows. All calls, and a whole board, in tests/long.

bats_require_minimum_version 1.5.0

# shellcheck source=tests/support/trials.sh
. "$NVC_SOURCE_DIR/tests/support/trials.sh"

sweep() {
	trials_sweep --suite faults "$@"
}

@test "supervise: numbers, refuses, kills and acts right in front of a call" {
	local supervise=$NVC_BUILD_DIR/tests/support/supervise
	cd "$BATS_TEST_TMPDIR"
	"$supervise" --list list --report report -- cat /dev/null
	[ "$(cut -d' ' -f1,2 report)" = "$(wc -l <list) 0" ]
	grep -qP '^\d+\topenat\t-\t"/dev/null"$' list
	n=$(grep -P '\topenat\t.*"/dev/null"$' list | cut -f1)
	run -1 "$supervise" --fail "$n:EIO" --report report -- cat /dev/null
	[[ $output == *'/dev/null'*'Input/output error'* ]]
	[ "$(cut -d' ' -f4 report)" = 1 ]
	# what did not come is no fault
	run -0 "$supervise" --fail "$n:EIO:chroot" --report report -- cat /dev/null
	[ "$(cut -d' ' -f2,4 report)" = '0 0' ]
	run -137 "$supervise" --kill "$n" --report report -- cat /dev/null
	[ "$(cut -d' ' -f1,4 report)" = "$n 1" ]
	# another file at exactly one look
	echo first >a
	echo second >b
	run -0 "$supervise" --at "$n" --swap a:b -- cat a
	[ "$output" = second ]
	[ "$(cat a)" = first ]
	run -124 "$supervise" --deadline 1 -- sleep 9
}

@test "supervise: what outlives the command is told of" {
	run -125 "$NVC_BUILD_DIR/tests/support/supervise" -- sh -c 'sleep 9 & exit 0'
	[[ $output == *outlived* ]]
}

@test "hook: error codes and kills" {
	sweep --share 2 hook -- --kill-every 1
}

@test "hook: error codes and kills, old system calls" {
	sweep --share 8 --profile r32 hook -- --whole 1 --kill-every 2
}

@test "hook: what a driver shows in /proc, and its services" {
	sweep --share 40 shown -- --kill-every 1
}

@test "a start that is refused: its undoing fails too" {
	sweep --share 6 refused -- --kill-every 1
}

@test "poststop: error codes and kills" {
	sweep --share 2 poststop -- --kill-every 1
}

@test "runtime: error codes and kills" {
	sweep runtime -- --kill-every 1
}

@test "nvc-cli configure: error codes and kills" {
	sweep configure -- --kill-every 1
}
