# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sweeps of `trial` in bats suites: two workers, and their figures.
#
#   trials_sweep [--exempt] [--share K] [--suite NAME] TRIAL-OPTION... KIND -- TRIALS-OPTION...
#       --exempt: the hook executes a program, as it was told to (support/exempt)
#       K: of all trials each K-th only. Fails if one went wrong or none was made; the figures go to
#       $NVC_FIGURES/NAME.tsv and to the output.

trials_sum() { # FILE...: "WHAT TRIED BAD" of all
	awk -F'\t' '/^(faults|races)\t/ { what = $1; tried += $2; bad += $3 } END { printf "%s\t%d\t%d\n", what, tried, bad }' "$@"
}

trials_sweep() {
	local share=1 suite=trials own=() before=() pids=() files=() k dir failed=0 sum kind
	while (($#)); do
		case $1 in
		--exempt) before=("$NVC_SOURCE_DIR/tests/support/exempt") ;;
		--share) share=$2 && shift ;;
		--suite) suite=$2 && shift ;;
		--) shift && break ;;
		*) own+=("$1") ;;
		esac
		shift
	done
	kind=${own[-1]}
	unset 'own[-1]'
	# names of files in it are in many messages: short
	dir=$(mktemp -d "${TMPDIR:-/tmp}/trials.XXXXXX")
	for k in 0 1; do
		files+=("$dir/$k.out")
		"${before[@]}" "$NVC_SOURCE_DIR/tests/support/trial" "${own[@]}" "$kind" "$dir/$k" "$NVC_BUILD_DIR" --slice "$k/$((2 * share))" "$@" \
			>"$dir/$k.out" 2>&1 3>&- &
		pids+=($!)
	done
	for k in "${pids[@]}"; do wait "$k" || failed=1; done
	sum=$(trials_sum "${files[@]}")
	[[ ! ${NVC_FIGURES-} ]] || echo "$sum" >>"$NVC_FIGURES/$suite.tsv"
	echo "# ${own[*]} $kind: $sum" | tr '\t' ' ' >&3
	cat "${files[@]}"
	rm -rf "$dir"
	[[ $failed -eq 0 && $sum != *$'\t0\t'* ]]
}
