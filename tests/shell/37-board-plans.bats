#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The plan for each simulated board against tests/cases/boards/BOARD.plan: the same list on the same
# tree gives the same text. NVC_GOLDEN=write writes them anew. Needs mknod.

setup() {
	cli=$NVC_BUILD_DIR/cli/nvc-cli
	board=$BATS_TEST_TMPDIR/board
	touch "$BATS_TEST_TMPDIR/config.toml"
}

# check_board KIND RELEASE
check_board() {
	local golden=$NVC_SOURCE_DIR/tests/cases/boards/$1.plan

	umask 022
	"$NVC_BUILD_DIR/tests/support/board" --board "$1" --release "$2" --machine aarch64 "$board"
	"$cli" --config "$BATS_TEST_TMPDIR/config.toml" --root "$board" --host-root "$board" plan >"$BATS_TEST_TMPDIR/plan"
	if [[ ${NVC_GOLDEN:-} == write ]]; then
		cp "$BATS_TEST_TMPDIR/plan" "$golden"
	fi
	diff -u "$golden" "$BATS_TEST_TMPDIR/plan"
}

@test "Nano, R32" {
	check_board nano R32
}

@test "Xavier, R35" {
	check_board xavier R35
}

@test "Orin, R36" {
	check_board orin R36
}

@test "Thor, R38" {
	check_board thor R38
}

@test "no plan mounts where it has a link, or makes a link below another one" {
	for plan in "$NVC_SOURCE_DIR"/tests/cases/boards/*.plan; do
		awk '$1 == "link" { links[$3] = 1 }
			$1 == "bind" || $1 == "device" || $1 == "link" { paths[NR] = $3; kinds[NR] = $1 }
			END {
				for (i in paths) {
					if (kinds[i] != "link" && paths[i] in links) bad = 1
					for (dir = paths[i]; sub("/[^/]*$", "", dir) && dir != "";)
						if (dir in links) { print paths[i], "lies below the link", dir; bad = 1 }
				}
				exit bad
			}' "$plan"
	done
}
