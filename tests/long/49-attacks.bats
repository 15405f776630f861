#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Attacks whose numbers are larger than an ordinary run has time for.

bats_require_minimum_version 1.5.0

@test "a million names in a folder of libraries" {
	local figures=
	if [[ ${NVC_FIGURES-} ]]; then
		figures=$NVC_FIGURES/long # the ordinary run's has the same name
		mkdir -p "$figures"
	fi
	run -0 env ATTACK_ENTRIES=1000000 ATTACKS_LIMIT=900 ${figures:+"NVC_FIGURES=$figures"} \
		"$NVC_SOURCE_DIR/tests/attacks/run" --variant cell --variant cell-r32 --variant runc 45
	[ "$(grep -c '^45-.*: contained$' <<<"$output")" -eq 3 ]
}
