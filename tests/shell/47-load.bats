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
	export -f layers cells at_gate overlay trees lines facts alike
}

# What became of each container; a test that fails otherwise is one failure too.
teardown() {
	local status tried=0 bad=0
	for status in "$dir"/*.status; do
		[[ -e $status ]] || continue
		tried=$((tried + 1))
		[[ $(<"$status") == '0 0 0 ' ]] || bad=$((bad + 1))
	done
	[[ ${BATS_TEST_COMPLETED-} ]] || ((bad > 0)) || bad=1
	[[ ${BATS_TEST_COMPLETED-} ]] || why
	[[ ! ${NVC_FIGURES-} ]] || ((tried + bad == 0)) || printf 'starts\t%d\t%d\n' "$tried" "$bad" >"$NVC_FIGURES/load-${NVC_PROFILE-main}-$BATS_TEST_NUMBER.tsv"
}

# What a failure leaves: what cells and hooks said, and the statuses that are not success.
why() {
	head -n 40 "$dir/out" 2>/dev/null
	grep -vhE '^20[0-9T:.-]{21}Z (info|debug) ' "$log"* 2>/dev/null | head -n 40
	grep -vxs '0 0 0 ' "$dir"/*.status | head -n 40
	return 0
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
		"$CELL" --id "$id" --rootfs "${rootfs-$dir/layers/$id/merged}" --rusage "$rusage" --gate "${gate:?}" --status "$dir/$id.status" \
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

# What is in the layer of each (upper) or in each container (merged): a line "@ ID", and its census.
# Directories' times left out; the container that an object is signed for is ID.
trees() { # upper|merged ID...
	local part=$1 id
	shift
	for id; do
		echo "@ $id"
		"$CENSUS" "$dir/layers/$id/$part"
	done | awk '$1 == "@" { id = $2; print; next } $2 == "d" { $7 = "-" } $NF == id { $NF = "ID" } 1'
}

# Of containers that run: layers, mounts on the own root tree and on others', records.
facts() { # ID...
	local id
	trees upper "$@"
	for id; do
		echo "@ $id"
		cat "$dir/$id.mounts"
	done | awk -v layers="$dir/layers/" '$1 == "@" { own = layers $2 "/merged/"; print; next }
		index($5, own) == 1 { print $4, substr($5, length(own)); next }
		index($5, layers) == 1 && $4 != "/" { print "other", $4, $5 }'
	for id; do
		echo "@ $id"
		cat "$state/$id.state"
	done | awk '$1 == "@" { id = $2; print; next } /^(init|since|folder|kept|our)/ { next } /^(id|rootfs|bundle) / { gsub(id, "ID") }
		/^(file|dir|link|conf) / { $2 = "-" } 1'
}

# What the log says of each
lines() { # ID...
	local id
	for id; do echo "@ $id"; done | cat - "$log"* | awk '$1 == "@" { ids[++n] = $2; next }
		{ id = $3; gsub(/[0-9.]+ ms/, "N ms"); $1 = $3 = ""; text[id] = text[id] $0 "\n" }
		END { for (i = 1; i <= n; i++) printf "@ %s\n%s", ids[i], text[ids[i]] }'
}

# Each "@ ID" of the input with its lines as in FILE; sections of one ID are taken together.
alike() { # FILE N
	awk -v file="$1" -v n="$2" 'BEGIN { while ((getline line < file) > 0) if (line !~ /^@ /) good = good line "\n" }
		$1 == "@" { id = $2; next } { text[id] = text[id] $0 "\n" }
		END { for (id in text) { n--; if (text[id] != good) { print id " is not as it should be:\n" substr(text[id], 1, 4000); bad = 1 } }
			if (n) print n " are missing"; exit bad || n || good == "" }'
}

# Alone, without gates: what the many are compared with.
reference() {
	overlay reference
	trees merged reference >"$dir/image"
	"$CELL" --id reference --rootfs "$dir/layers/reference/merged" --rusage "$rusage" --stages prestart \
		--inspect "cat /proc/self/mountinfo >$dir/reference.mounts" "$dir/layers/reference" -- "$GPU_HOOK" --debug --config "$config"
	facts reference >"$dir/facts"
	(($(wc -l <"$dir/facts") > 900))
	"$CELL" --id reference --rootfs "$dir/layers/reference/merged" --rusage "$rusage" --stages poststop "$dir/layers/reference" -- \
		"$GPU_HOOK" --debug --config "$config"
	lines reference >"$dir/lines"
}
export -f reference

# As it was before any container, with what the log says of each
afterwards() { # ID...
	local id
	for id; do
		[ "$(<"$dir/$id.status")" = '0 0 0 ' ] || { echo "$id: $(<"$dir/$id.status")" && return 1; }
	done
	trees merged "$@" | alike "$dir/image" $#
	lines "$@" | alike "$dir/lines" $#
	[ -z "$(ls -A "$state")" ]
	[ ! -s "$dir/out" ]
}
export -f afterwards

peak() {
	awk '{ if ($4 > max[$2]) max[$2] = $4; if ($5 > wall[$2]) wall[$2] = $5; n[$2]++ }
		END { for (stage in max) printf "# %s: %d hooks, at most %d KiB and %d ms\n", stage, n[stage], max[stage], wall[stage] / 1000 }' "$rusage" >&3
	# since Linux 6.2 each CPU counts up to 32 pages of its own, which a single reading may miss or
	# have twice: eighty starts of one container read 1644 to 1820 KiB
	local noise=$((32 * $(nproc) * $(getconf PAGE_SIZE) / 1024)) stage
	awk -v max="$MAX_RSS_KB" -v noise="$noise" '$4 >= max + noise { print "too much memory: " $0; bad = 1 } END { exit bad }' "$rusage"
	for stage in prestart poststop; do
		awk -v stage=$stage '$2 == stage { print $4 }' "$rusage" | sort -n | awk -v max="$MAX_RSS_KB" '{ all[NR] = $1 }
			END { middle = all[int((NR + 1) / 2)]; print "# median: " middle " KiB"; exit !(NR > 0 && middle < max) }'
	done
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
		facts $ids | alike "$dir/facts" 200
		flock -u 9
		wait
		diff "$dir/host" <(cut -d" " -f4- /proc/self/mountinfo)
		afterwards $ids
		# no line in pieces, or in another
		grep -vhE "^20[0-9T:.-]{21}Z (info|debug) ((at-once-[0-9]{3}|reference) [a-z]+: |fence: phase .prepare.$)" "$log"* >"$dir/broken" || true
		[ ! -s "$dir/broken" ] || { head "$dir/broken" && exit 1; }'
	peak
}

@test "100 containers start while 100 others stop" {
	mkdir "$dir/layers"
	host 'reference
		old=$(seq -f "old-%03g" 100) new=$(seq -f "new-%03g" 100)
		layers $old $new
		exec 7>>"$dir/new.prestart" 8>>"$dir/old.poststop" 9>>"$dir/new.poststop"
		flock 7 && flock 8 && flock 9
		gate=$dir/old cells $old
		gate=$dir/new cells $new
		gate=$dir/old at_gate poststop 100
		gate=$dir/new at_gate prestart 100
		flock -u 7
		flock -u 8
		gate=$dir/new at_gate poststop 100
		facts $new | alike "$dir/facts" 100
		flock -u 9
		wait
		afterwards $old $new'
	peak
}

# Two at a time, four in all, on and off; what one takes away when it stops may carry another's mounts.
@test "containers on one root folder: each keeps all its mounts, and the last one leaves nothing" {
	export rootfs=$dir/one/rootfs
	mkdir -p "$dir/one"
	cp -a "$GPU_IMAGE" "$rootfs"
	rm "$rootfs/etc/ld.so.conf.d/nvidia-tegra.conf"
	cp "$ENGINES_DIR/bundle/config.json" "$dir/one/"
	"$CENSUS" "$rootfs" | awk '$2 == "d" { $7 = "-" } 1' >"$dir/before"
	worker() { # N
		local round id
		for round in {1..8}; do
			id=one-$1-$round
			"$CELL" --id "one-$1" --rootfs "$rootfs" --rusage "$rusage" --status "$dir/$id.status" \
				--inspect "cat /proc/self/mountinfo >$dir/$id.mounts; sleep 0.0$1; cat /proc/self/mountinfo >$dir/$id.later" \
				"$dir/one" -- "$GPU_HOOK" --config "$config" >>"$dir/out" 2>&1 </dev/null
		done
	}
	worker 9
	for n in 1 3 5 7; do worker "$n" & done
	wait
	cat "$dir/out"
	[ ! -s "$dir/out" ]
	mounts() {
		awk -v own="$rootfs/" 'index($5, own) == 1 { print $4, $5 }' "$dir/$1"
	}
	(($(mounts one-9-1.mounts | wc -l) > 300))
	for id in one-{1,3,5,7}-{1..8}; do
		[ "$(cat "$dir/$id.status")" = '0 0 0 ' ]
		diff <(mounts one-9-1.mounts) <(mounts "$id.mounts")
		diff <(mounts one-9-1.mounts) <(mounts "$id.later")
	done
	diff "$dir/before" <("$CENSUS" "$rootfs" | awk '$2 == "d" { $7 = "-" } 1')
	[ -z "$(ls -A "$state")" ]
}

# One container that stays until it is told to stop: $rootfs
start() { # NAME
	"$CELL" --id "$1" --rootfs "$rootfs" --inspect "echo >$dir/$1.up; i=0; until [ -e $dir/$1.down ]; do i=\$((i + 1)); [ \$i -lt 1000 ]; sleep 0.02; done
		cat /proc/self/mountinfo >$dir/$1.end" "${rootfs%/*}" -- "$GPU_HOOK" --config "$config" >>"$dir/out" 2>&1 </dev/null 3<&- &
	export "$1=$!"
	for ((i = 0; i < 500; i++)); do [ ! -e "$dir/$1.up" ] || return 0; sleep 0.02; done
	return 1
}

stop() { # NAME: it had all to the end
	touch "$dir/$1.down"
	wait "${!1}"
	[ "$(grep -cF " $rootfs/" "$dir/$1.end")" -eq 338 ]
}
export -f start stop

# Without chance: who ends takes nothing from those that stay, whoever made it.
@test "containers on one root folder, one after the other, one of them killed" {
	export rootfs=$dir/one/rootfs
	mkdir -p "$dir/one"
	cp -a "$GPU_IMAGE" "$rootfs"
	cp "$ENGINES_DIR/bundle/config.json" "$dir/one/"
	"$CENSUS" "$rootfs" | awk '$2 == "d" { $7 = "-" } 1' >"$dir/before"
	start one
	start two
	stop one
	start three # what it finds is signed for the first
	stop two
	start four
	kill -9 "${four:?}"
	touch "$dir/four.down"
	wait "$four" || true
	start five # takes the fourth's back, while the third runs
	stop three
	stop five
	start six
	start seven
	kill -9 "${six:?}" "${seven:?}"
	touch "$dir"/{six,seven}.down
	wait "$six" "$seven" || true
	start eight # takes back what both left, in any order
	stop eight
	[ ! -s "$dir/out" ] || { cat "$dir/out" && return 1; }
	diff "$dir/before" <("$CENSUS" "$rootfs" | awk '$2 == "d" { $7 = "-" } 1')
	[ -z "$(ls -A "$state")" ]
}

# Without chance: each mount of the one that runs stays, and the loader's cache.
@test "containers on one root folder: one whose start fails takes nothing from the others" {
	local supervise=$NVC_BUILD_DIR/tests/support/supervise n at
	export rootfs=$dir/one/rootfs
	mkdir -p "$dir/one"
	cp -a "$GPU_IMAGE" "$rootfs"
	rm "$rootfs/etc/ld.so.conf.d/nvidia-tegra.conf"
	cp "$ENGINES_DIR/bundle/config.json" "$dir/one/"
	census() {
		"$CENSUS" "$rootfs" | awk '$2 == "d" { $7 = "-" } 1'
	}
	census >"$dir/before"
	up() { # NAME: runs until $dir/NAME.down is there
		"$CELL" --id "$1" --rootfs "$rootfs" --inspect "echo \$\$ >$dir/$1.up; i=0; until [ -e $dir/$1.down ]; do i=\$((i + 1)); [ \$i -lt 3000 ]; sleep 0.02; done" \
			"$dir/one" -- "$GPU_HOOK" --config "$config" >>"$dir/out" 2>&1 </dev/null 3<&- &
		export "$1=$!"
		for ((i = 0; i < 500; i++)); do [ ! -s "$dir/$1.up" ] || return 0; sleep 0.02; done
		return 1
	}
	has() {
		grep -F " $rootfs/" "/proc/$(<"$dir/stays.up")/mountinfo"
		census
		cksum <"$rootfs/etc/ld.so.cache"
	}
	starts() { # SUPERVISE-OPTION...: one that does not come to its end, and is stopped
		"$CELL" --id fails --rootfs "$rootfs" --stages prestart "$dir/one" -- "$supervise" --begin setns "$@" -- "$GPU_HOOK" --config "$config" \
			>"$dir/fails.out" 2>&1 </dev/null
	}
	up stays
	has >"$dir/has"
	[ "$(grep -cF " $rootfs/" "$dir/has")" -ge 338 ]
	starts --list "$dir/list" # and comes to its end, to be counted
	"$CELL" --id fails --rootfs "$rootfs" --stages poststop "$dir/one" -- "$GPU_HOOK" --config "$config"
	diff "$dir/has" <(has)
	# Linux before 5.2 has the other one
	call=move_mount
	grep -q $'\tmove_mount\t' "$dir/list" || call=mount
	n=$(grep -c $'\t'$call$'\t' "$dir/list")
	((n > 300))
	# the last one is the look whether the container is still there: all is made by then, the cache too
	at="$(grep $'\t'$call$'\t' "$dir/list" | cut -f1 | sed -n '300p;$p') $(grep $'\topenat\t.*"stat"$' "$dir/list" | tail -n 1 | cut -f1)"
	for n in $at; do
		[ ! -e "$state/fails.state" ]
		run ! starts --fail "$n:EIO"
		grep -q ' Input/output error$' "$dir/fails.out"
		diff "$dir/has" <(has)
	done
	for n in $at; do
		run ! starts --kill "$n"
		[ -e "$state/fails.state" ]
		diff <(grep -F " $rootfs/" "$dir/has") <(has | grep -F " $rootfs/")
	done
	touch "$dir/stays.down"
	wait "${stays:?}" # and takes back what the killed one left
	diff "$dir/before" <(census)
	[ -z "$(ls -A "$state")" ]
}

@test "one root folder by two paths: who ends takes nothing from the other" {
	mkdir -p "$dir"/{layers,one,a}
	cp -a "$GPU_IMAGE" "$dir/one/rootfs"
	cp "$ENGINES_DIR/bundle/config.json" "$dir/a/"
	cp "$ENGINES_DIR/bundle/config.json" "$dir/one/"
	"$CENSUS" "$dir/one/rootfs" | awk '$2 == "d" { $7 = "-" } 1' >"$dir/before"
	mkdir "$dir/a/rootfs"
	host 'mount --bind "$dir/one/rootfs" "$dir/a/rootfs"
		rootfs=$dir/a/rootfs start a
		rootfs=$dir/one/rootfs start b
		rootfs=$dir/a/rootfs stop a
		rootfs=$dir/a/rootfs start c
		rootfs=$dir/one/rootfs stop b
		rootfs=$dir/a/rootfs stop c'
	[ ! -s "$dir/out" ] || { cat "$dir/out" && return 1; }
	diff "$dir/before" <("$CENSUS" "$dir/one/rootfs" | awk '$2 == "d" { $7 = "-" } 1')
	[ -z "$(ls -A "$state")" ]
}

@test "a log that is full gives way once, however many write to it" {
	mkdir "$dir/layers"
	# more than a log may have: it becomes hook.log.1
	yes '2026-01-01T00:00:00.000Z info before hook: a line' | head -n 30000 >"$log"
	host 'ids=$(seq -f "full-%02g" 50) gate=$dir/gate
		layers $ids
		exec 8>>"$gate.prestart"
		flock 8
		cells $ids
		at_gate prestart 50
		flock -u 8
		wait
		[ "$(cat "$log"* | grep -c " info before hook: a line$")" -eq 30000 ]
		for id in $ids; do
			[ "$(cat "$dir/$id.status")" = "0 0 0 " ]
			[ "$(cat "$log"* | grep -c " info $id hook: done in ")" -eq 1 ]
		done'
}

@test "how many files a hook holds open" {
	local low=64 high=4096 middle id=0
	mkdir "$dir/layers"
	fits() { # LIMIT
		id=$((id + 1))
		host "overlay fits-$id
			ulimit -n $1
			\"\$CELL\" --id fits-$id --rootfs \"\$dir/layers/fits-$id/merged\" \"\$dir/layers/fits-$id\" -- \"\$GPU_HOOK\" --config \"\$config\"" 2>/dev/null
	}
	while ((high - low > 8)); do
		middle=$(((low + high) / 2))
		if fits "$middle"; then high=$middle; else low=$middle; fi
	done
	echo "# a hook of R36 holds at most $high files" >&3
	# what a shell and systemd give a process that asks for no more
	((high <= 1024))
}
