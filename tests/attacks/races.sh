# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # for stage.sh
# For cases that strike at an exact moment: the hook is stopped in front of a system call, counted from
# when it joins the container (tests/support/supervise).
#   races_list            a run that nobody disturbs; its calls are in $WORK/calls
#   races_moments N ERE   adds numbers of at most N of the calls that the expression fits, spread
#                         evenly, to moments; there must be one
#   races_strike N OPTION...  a run with that done in front of call N; afterwards `races_restore`, which a
#                         case defines, and the host is looked at. Sets rc; the tries are counted.
#   races_once OPTION...  the same under a runtime, where --at-call says when

allowed='contained refused'
label=held
image_changes='folders of the image are exchanged'
moments=() races_tried=0 races_refused=0 races_deeds=0

races_restore() { :; }

races_list() {
	supervised=(--begin setns --rootfs "$ROOTFS" --list "$WORK/calls")
	run_cell
	((rc == 0)) || die "undisturbed it is refused as well"
	supervised=()
}

races_moments() { # N ERE
	local found
	mapfile -t found < <(grep -E -- "$2" "$WORK/calls" | cut -f1 | awk -v most="$1" '
		{ line[NR] = $1 }
		END { step = NR > most ? NR / most : 1; for (i = 1; int(i) <= NR; i += step) print line[int(i)] }')
	((${#found[@]} > 0)) || die "no call is one of '$2'"
	moments+=("${found[@]}")
}

races_count() {
	local deeds=0
	[[ ! -e $WORK/report ]] || read -r _ _ deeds <"$WORK/report"
	rm -f "$WORK/report"
	races_deeds=$((races_deeds + (deeds > 0)))
	races_restore
	diff "$WORK/outside-before" <(outside) >&2 || die "$*: the host has changed"
	((rc <= 1)) || die "$*: the hook ended with $rc"
	races_tried=$((races_tried + 1)) races_refused=$((races_refused + (rc != 0)))
	((rc == 0)) || check_refusal
}

races_strike() { # N OPTION...
	local at=$1
	shift
	: >"$LOG"
	supervised=(--begin setns --at "$at" --report "$WORK/report" "$@")
	echo "in front of call $at: $(sed -n "${at}p" "$WORK/calls" | cut -f2-)" >&2
	run_cell
	supervised=()
	races_count "$at"
}

# The last of all in the cells: as if nothing had been; so `verdict` sees that it still starts.
races_end() {
	((races_deeds > 0 && races_deeds * 2 >= races_tried)) || die "at $races_deeds of $races_tried moments something was done"
	echo "$races_tried moments, $races_deeds of them used, $races_refused refusals" >&2
	run_cell
	((rc == 0)) || die "it does not start any more"
}

races_once() { # OPTION...
	supervised=(--report "$WORK/report" "$@")
	run_low
	((rc == 0)) || rc=1 # runtimes have their own
	supervised=()
	races_count "$*"
	((races_deeds > 0)) || die "$*: the moment did not come"
}
