#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Thousands of containers, one after the other: nothing grows.

# shellcheck disable=SC2016 # scripts for other shells
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

setup_file() {
	gpu_init
	gpu_board R36 R36
}

teardown_file() {
	engines_done
}

# What could pile up, one number each, for a reader; the first line is the names.
grown() {
	local words open prestart poststop
	words=$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n') || true # all are read before grep has the word
	read -r open _ </proc/sys/fs/file-nr
	read -r prestart _ <"$dir/calls.prestart"
	read -r poststop _ <"$dir/calls.poststop"
	echo 'mounts state-files cgroups hooks state-folders log-bytes open-files prestart-calls poststop-calls'
	echo "$(wc -l </proc/self/mountinfo) $(find "$state" -type f | wc -l) $(find /sys/fs/cgroup -type d -name 'growth-*' 2>/dev/null | wc -l)" \
		"$(grep -cxF "$dir/config.toml" <<<"$words" || true) $(find "$ENGINES_DIR/runc" -mindepth 1 -maxdepth 1 | wc -l)" \
		"$(cat "$log"* | wc -c) $open $prestart $poststop"
}

starts() { # N, in a mount namespace that plays the host, without the hybrid hierarchy
	local n=0 from bundle failures=0 root=$dir/bundle/rootfs
	mount -t tmpfs -o mode=755 tmpfs "$dir/layers"
	mkdir "$dir/layers"/{upper,work}
	mount -t overlay -o "lowerdir=$GPU_IMAGE,upperdir=$dir/layers/upper,workdir=$dir/layers/work" overlay "$root"
	mkdir -p "$ENGINES_DIR/runc" "$state"
	"$census" "$root" | awk '$2 == "d" { $7 = "-" } 1' >"$dir/before"
	touch "$log"
	while ((n < $1)); do
		# the first one makes folders and files that stay
		n=$((n + 1)) bundle=$dir/bundle
		((n != 10 && n % 500 != 0)) || bundle=$dir/counted
		from=${EPOCHREALTIME/[.,]/}
		"$ENGINES_RUNC" --root "$ENGINES_DIR/runc" run --bundle "$bundle" "growth-$n" >>"$dir/out" 2>&1 </dev/null || failures=$((failures + 1))
		echo "$((${EPOCHREALTIME/[.,]/} - from))" >>"$dir/times"
		[[ $bundle != "$dir/counted" ]] || grown >>"$dir/grown"
	done
	echo "$failures" >"$dir/failures"
	diff "$dir/before" <("$census" "$root" | awk '$2 == "d" { $7 = "-" } 1')
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

@test "5000 starts in a row leave nothing behind" {
	local N=${NVC_LOAD_STARTS:-5000} first last
	export dir=$BATS_TEST_TMPDIR/load census=$NVC_BUILD_DIR/tests/support/census
	export log=$dir/hook.log state=$dir/state
	mkdir -p "$dir/layers" "$dir/bundle/rootfs" "$dir/counted"
	sed "s#^log-file = .*#log-file = \"$log\"#; s#^state-dir = .*#state-dir = \"$state\"#" "$(gpu_config R36)" >"$dir/config.toml"
	bundle_make "$dir/bundle" rootfs
	bundle_edit "$dir/bundle" --arg hook "$GPU_HOOK" --arg config "$dir/config.toml" '
		def entry($stage): {path: $hook, args: [$hook, "--config", $config, $stage]};
		.process.env += ["NVIDIA_VISIBLE_DEVICES=all"] | .process.args = ["/usr/bin/busybox", "test", "-s", "/usr/lib/aarch64-linux-gnu/nvidia/libcuda.so.1.1"]
		| .hooks = {prestart: [entry("prestart")], poststop: [entry("poststop")]}'
	# the same with the hook's system calls counted
	jq --arg supervise "$NVC_BUILD_DIR/tests/support/supervise" --arg dir "$dir" '
		def counted($stage): map(.path = $supervise | .args = ([$supervise, "--stage", $stage, "--report", $dir + "/calls." + $stage, "--"] + .args));
		.root.path = $dir + "/bundle/rootfs" | .hooks.prestart |= counted("prestart") | .hooks.poststop |= counted("poststop")' \
		"$dir/bundle/config.json" >"$dir/counted/config.json"
	export -f starts grown
	"$NVC_SOURCE_DIR/tests/support/enter" --v1 bash -euo pipefail -c "starts $N"
	head -n 5 "$dir/out" || true
	[[ ! ${NVC_FIGURES-} ]] || printf 'starts\t%d\t%d\n' "$N" "$(<"$dir/failures")" >"$NVC_FIGURES/load-long.tsv"
	[ "$(<"$dir/failures")" -eq 0 ]
	# all but the log, which has its bound, and what others have a part in, as after the tenth
	cat "$dir/grown"
	[ "$(awk '!/^mounts/ { print $2, $3, $4, $5 }' "$dir/grown" | sort -u | wc -l)" -eq 1 ]
	awk '!/^mounts/ && ($2 != 0 || $3 != 0 || $4 != 0 || $5 != 0 || $6 > 2300000) { print; bad = 1 } END { exit bad || NR < 4 }' "$dir/grown"
	first=$(head -n "$((N / 10))" "$dir/times" | median) last=$(tail -n "$((N / 10))" "$dir/times" | median)
	echo "# $N starts: median $((first / 1000)) ms of the first tenth, $((last / 1000)) ms of the last: $((last * 100 / first)) %" >&3
	# one file that stays open with each second start, or work that grows by a fifth: what is done is
	# counted, not how long it takes
	awk -v n="$N" '/^mounts/ { next } !open { mounts = $1; open = $7; prestart = $8; poststop = $9 }
		prestart < 1000 || poststop < 100 || $1 > mounts || $7 > open + n / 2 || $8 > prestart * 1.2 || $9 > poststop * 1.2 { print "# it grows: " $0; bad = 1 }
		END { printf "# system calls of the hooks: %d and %d at first, %d and %d at last; files open: %d, %d\n", prestart, poststop, $8, $9, open, $7
			exit bad }' "$dir/grown" >&3
}
