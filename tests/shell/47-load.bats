#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Many hooks at once, with one state directory and one log: each does what it would do alone.

# shellcheck disable=SC2016,SC2030,SC2031 # scripts for other shells; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

bats_require_minimum_version 1.5.0

MAX_RSS_KB=2048

setup_file() {
	gpu_init
	gpu_board R36 R36
	sed -i '/^\[nvidia-container-cli\]/a no-cgroups = true' "$(gpu_config R36)"
	bundle_make "$ENGINES_DIR/bundle" merged
	bundle_edit "$ENGINES_DIR/bundle" '.process.env += ["NVIDIA_VISIBLE_DEVICES=all"]'
	export CELL=$NVC_BUILD_DIR/tests/support/cell CENSUS=$NVC_BUILD_DIR/tests/support/census
}

teardown_file() {
	engines_done
}

setup() {
	export dir=$BATS_TEST_TMPDIR/load
	export log=$dir/hook.log state=$dir/state config=$dir/config.toml rusage=$dir/rusage
	mkdir -p "$dir"
	sed "s#^log-file = .*#log-file = \"$log\"#; s#^state-dir = .*#state-dir = \"$state\"#" "$(gpu_config R36)" >"$config"
	export -f layers cells at_gate overlay tree marks mounts lines facts
}

# In a mount namespace that plays the host, with room for layers that goes with it.
host() { # SCRIPT
	unshare --mount --propagation private bash -euo pipefail -c 'mount -t tmpfs -o mode=755 tmpfs "$dir"/layers
		'"$1"
}

overlay() { # ID: container's folder, whose merged/ is the image under a layer of its own
	local own=$dir/layers/$1
	mkdir -p "$own"/{upper,work,merged}
	cp "$ENGINES_DIR/bundle/config.json" "$own/"
	mount -t overlay -o "lowerdir=$GPU_IMAGE,upperdir=$own/upper,workdir=$own/work" overlay "$own/merged"
}

layers() { # ID...
	local id
	for id; do overlay "$id"; done
}

# Each ID as a container, all at once; $gate holds them before each hook. Statuses in ID.status
cells() { # ID...
	local id
	for id; do
		"$CELL" --id "$id" --rootfs "${rootfs-$dir/layers/$id/merged}" --rusage "$rusage" --gate "$gate" --status "$dir/$id.status" \
			--inspect "cat /proc/self/mountinfo >$dir/$id.mounts" "${bundle-$dir/layers/$id}" -- "$GPU_HOOK" --debug --config "$config" \
			>>"$dir/out" 2>&1 </dev/null 7<&- 8<&- 9<&- &
	done
}

at_gate() { # STAGE N: waits until N are there
	local i
	for ((i = 0; i < 600; i++)); do
		(($(wc -l <"$gate.$1") < $2)) || return 0
		sleep 0.1
	done
	echo "only $(wc -l <"$gate.$1") of $2 containers came to $1"
	return 1
}

# What is in a layer or an image; directories' times and what is counted at a mount left out.
tree() { # FOLDER ID
	"$CENSUS" "$1" | awk -v id="$2" '$2 == "d" { $7 = "-" } { sub(" " id "$", " ID") } 1'
}

marks() { # FOLDER: the containers that what is in there was made for
	"$CENSUS" "$1" | awk '$NF != "-" { print $NF }' | sort -u
}

mounts() { # ID: on its own root tree, and on no other's
	local own=${rootfs-$dir/layers/$1/merged}
	awk -v own="$own/" -v others="$dir/layers/" '$5 " " ~ "^" own { sub("^" own, "", $5); print $4, $5; next }
		index($5, others) == 1 && $4 != "/" { print "other", $4, $5 }' "$dir/$1.mounts" | sort
}

lines() { # ID: what the log says of it
	cat "$log"* | sed -nE "s/^20[0-9T:.-]{21}Z (error|warning|info|debug) $1 ([a-z]+: .*)/\1 \2/p" | sed -E 's/[0-9.]+ ms/N ms/' | sort
}

facts() { # ID FILE: of a container that runs
	{
		tree "$dir/layers/$1/upper" "$1"
		mounts "$1"
		sed -n 's/^\(id\|rootfs\|bundle\) //p' "$state/$1.state" | sed "s#$1#ID#g"
		sed -E "s/^([a-z]+) [0-9]+ /\1 /; /^(init|since|id|rootfs|bundle|kept|our)/d" "$state/$1.state"
	} >"$2"
}

# Alone, without gates: what the many are compared with.
reference() {
	overlay reference
	tree "$dir/layers/reference/merged" '' >"$dir/image"
	"$CELL" --id reference --rootfs "$dir/layers/reference/merged" --rusage "$rusage" --stages prestart \
		--inspect "cat /proc/self/mountinfo >$dir/reference.mounts" "$dir/layers/reference" -- "$GPU_HOOK" --debug --config "$config"
	facts reference "$dir/facts"
	(($(wc -l <"$dir/facts") > 900))
	"$CELL" --id reference --rootfs "$dir/layers/reference/merged" --rusage "$rusage" --stages poststop "$dir/layers/reference" -- \
		"$GPU_HOOK" --debug --config "$config"
	lines reference >"$dir/lines"
	[ -s "$dir/lines" ]
}
export -f reference

# As it was before any container, with what the log says of each
afterwards() { # ID...
	local id
	for id; do
		[ "$(cat "$dir/$id.status")" = '0 0 0 ' ] || { echo "$id: $(cat "$dir/$id.status")" && return 1; }
		diff "$dir/image" <(tree "$dir/layers/$id/merged" '') || { echo "in $id" && return 1; }
		diff "$dir/lines" <(lines "$id") || { echo "of $id" && return 1; }
	done
	[ -z "$(ls -A "$state")" ]
	[ ! -s "$dir/out" ]
}
export -f afterwards

peak() {
	awk '{ if ($4 > max[$2]) max[$2] = $4; if ($5 > wall[$2]) wall[$2] = $5; n[$2]++ }
		END { for (stage in max) printf "# %s: %d hooks, at most %d KiB and %d ms\n", stage, n[stage], max[stage], wall[stage] / 1000 }' "$rusage" >&3
	awk -v max="$MAX_RSS_KB" '$4 >= max { print "too much memory: " $0; bad = 1 } END { exit bad }' "$rusage"
}

figures() { # N
	[[ ! ${NVC_FIGURES-} ]] || printf 'starts\t%d\t0\n' "$1" >"$NVC_FIGURES/load-$BATS_TEST_NUMBER.tsv"
}

@test "200 containers start and stop at once: each has its own, and no more" {
	mkdir "$dir/layers"
	host 'reference
		ids=$(seq -f "at-once-%03g" 200)
		gate=$dir/gate
		export gate
		layers $ids
		cut -d" " -f4- /proc/self/mountinfo >"$dir/host"
		exec 8>>"$gate.prestart" 9>>"$gate.poststop"
		flock 8
		flock 9
		cells $ids
		at_gate prestart 200
		flock -u 8
		at_gate poststop 200
		[ "$(ls "$state" | grep -c "\.state$")" -eq 200 ]
		diff "$dir/host" <(cut -d" " -f4- /proc/self/mountinfo)
		for id in $ids; do
			facts "$id" "$dir/$id.facts"
			cmp "$dir/facts" "$dir/$id.facts" || { diff "$dir/facts" "$dir/$id.facts" && exit 1; }
			[ "$(marks "$dir/layers/$id/upper")" = "$id" ]
		done
		flock -u 9
		wait
		diff "$dir/host" <(cut -d" " -f4- /proc/self/mountinfo)
		afterwards $ids
		# no line in pieces, or in another
		[ -z "$(grep -vhE "^20[0-9T:.-]{21}Z (info|debug) (at-once-[0-9]{3}|reference) [a-z]+: " "$log"*)" ]'
	peak
	figures 200
}
