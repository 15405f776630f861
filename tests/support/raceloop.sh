# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Hook runs while a neighbour, who shares the root tree or a volume, swaps what they touch. On top of
# gpu.sh: gpu_init, then
#   raceloop_init                  the board: R36's with a list of a dozen rows, for runs of a few ms
#   raceloop SWAP PROFILE RUNS     at least so many; prints "SWAP PROFILE RUNS STARTED REFUSED STEPS MAX_MS ESCAPED"
#   raceloop_swaps                 the names of the swaps
# Escaped: the canary (files of the host that every link aims at) has changed in any way, is mounted
# in a container or under a container's mounts, the host's mounts are others, a hook was killed by a
# signal or by its deadline. A run that is refused, or stays within its root tree, is what should be.

# shellcheck source=tests/support/mounts.sh
. "${NVC_SOURCE_DIR:?}/tests/support/mounts.sh"

raceloop_lib=usr/lib/aarch64-linux-gnu
# Behind these links is nothing that a container may have: who meets one is refused. With the other
# swaps nearly every run starts, and stays within its root tree.
raceloop_refusing='libraries nvidia etc dev up volume'

raceloop_init() {
	local lists
	gpu_board race R36 >/dev/null
	sed -i '/^\[nvidia-container-cli\]/a no-cgroups = true' "$(gpu_config race)"
	lists=$(gpu_dir race)/etc/nvidia-container-runtime/host-files-for-container.d
	rm -f "$lists"/*.csv
	cat >"$lists/drivers.csv" <<-EOF
		dir, /dev/dri/by-path
		dev, /dev/nvhost-ctrl-gpu
		dev, /dev/nvgpu/igpu0/ctrl
		lib, /$raceloop_lib/nvidia/libcuda.so.1.1
		lib, /$raceloop_lib/nvidia/libnvos.so
		lib, /$raceloop_lib/nvidia/libnvrm_gpu.so
		sym, /$raceloop_lib/libcuda.so
		sym, /$raceloop_lib/nvidia/libcuda.so
		sym, /$raceloop_lib/nvidia/libcuda.so.1
		lib, /$raceloop_lib/nvidia/libvulkansc.so.1.0.10
		sym, /$raceloop_lib/nvidia/libvulkansc.so.1
		lib, /etc/vulkansc/icd.d/nvidia_icd_vksc.json
	EOF
	raceloop_image=$ENGINES_DIR/race-image
	cp -a "$GPU_IMAGE" "$raceloop_image"
	rm -f "$raceloop_image/etc/ld.so.conf.d/nvidia-tegra.conf"
	mkdir -p "$raceloop_image/$raceloop_lib/nvidia"
	bundle_make "$ENGINES_DIR/race-bundle" rootfs
	bundle_edit "$ENGINES_DIR/race-bundle" '.process.env += ["NVIDIA_VISIBLE_DEVICES=all"]'
	export raceloop_image raceloop_lib raceloop_refusing
	export -f raceloop raceloop_plant raceloop_cell raceloop_run mounts_changed gpu_dir gpu_config gpu_state
}

raceloop_swaps() {
	tr ' ' '\n' <<<"$raceloop_refusing conf file stub away"
}

# Runs hooks in $work with the canary as it is for every swap: names that hooks make and remove.
raceloop_plant() { # SWAP: prints the arguments of race
	local canary=$work/race-canary root=$work/rootfs lib=$work/rootfs/$raceloop_lib name
	mkdir -p "$canary"/{lib/nvidia,etc/ld.so.conf.d,etc/vulkansc/icd.d,dir,dev/dri/by-path,dev/nvgpu/igpu0} "$work/out"
	for name in libcuda.so.1.1 libnvos.so libnvrm_gpu.so libvulkansc.so.1.0.10; do
		: >"$canary/lib/$name"
		: >"$canary/lib/nvidia/$name"
	done
	echo canary | tee "$canary/file" "$canary/etc/ld.so.cache" "$canary/etc/ld.so.conf" "$canary/dir/000-nvc.conf" "$canary/dev/nvhost-ctrl-gpu" >/dev/null
	cp -a "$raceloop_image" "$root"
	case $1 in
	libraries) ln -s "$canary/lib" "$lib.other" && echo exchange "$lib" "$lib.other" ;;
	nvidia) ln -s "../../../../../../../../../../..$canary/lib" "$lib/other" && echo exchange "$lib/nvidia" "$lib/other" ;;
	etc) ln -s "$canary/etc" "$root/other" && echo exchange "$root/etc" "$root/other" ;;
	conf) ln -s "$canary/dir" "$root/etc/other" && echo exchange "$root/etc/ld.so.conf.d" "$root/etc/other" ;;
	file) echo old >"$lib/nvidia/libcuda.so.1.1" && ln -s "$canary/file" "$lib/nvidia/other" && echo exchange "$lib/nvidia/libcuda.so.1.1" "$lib/nvidia/other" ;;
	stub) ln -s "$canary/lib/libnvos.so" "$lib/nvidia/other" && echo exchange "$lib/nvidia/libnvos.so" "$lib/nvidia/other" ;;
	dev) ln -s "$canary/dev" "$root/other" && echo exchange "$root/dev" "$root/other" ;;
	up) # two steps up from a/b are the root, and from out/b the folder with the canary
		mkdir -p "$root/a/b" "$root/race-canary/lib" && rmdir "$lib/nvidia" && ln -s ../../../a/b/../../race-canary/lib "$lib/nvidia" &&
			echo move "$root/a/b" "$work/out/b"
		;;
	away) echo move "$lib" "$work/out/lib" ;;
	volume)
		raceloop_cell --stages prestart && cp -a "$lib" "$work/volume" && raceloop_cell --stages poststop &&
			ln -s "$canary/lib" "$work/volume/other" && echo exchange "$work/volume/nvidia" "$work/volume/other"
		;;
	esac
}

raceloop_cell() { # OPTION...
	"$NVC_BUILD_DIR/tests/support/cell" --id "$id" --rusage "$work/rusage" --forbid "/${work##*/}/race-canary" "$@" "$work" -- \
		"$NVC_BUILD_DIR/tests/support/enosys" "$profile" -- "$GPU_HOOK" --config "$work/config.toml" >>"$work/log" 2>&1 </dev/null
}

raceloop() { # SWAP PROFILE RUNS
	export swap=$1 profile=$2 runs=$3 id=race-$1 work
	work=$(mktemp -d "$ENGINES_DIR/race.XXXXXX")
	cp "$ENGINES_DIR/race-bundle/config.json" "$work/"
	sed "s#^log-file = .*#log-file = \"$work/hook.log\"#; s#^state-dir = .*#state-dir = \"$work/state\"#" "$(gpu_config race)" >"$work/config.toml"
	unshare --mount --propagation private bash -euo pipefail -c raceloop_run
	rm -rf "$work"
}

raceloop_run() {
	local arguments racer steps n rc max started=0 refused=0 escaped=0 sides=1 options=() census=$NVC_BUILD_DIR/tests/support/census
	arguments=$(raceloop_plant "$swap")
	[[ $swap != volume ]] || options=(--volume "$work/volume:/$raceloop_lib")
	"$census" --inodes "$work/race-canary" >"$work/before"
	cat /proc/self/mountinfo >"$work/mounts"
	# shellcheck disable=SC2086 # words
	"$NVC_BUILD_DIR/tests/support/race" --pause "${RACELOOP_PAUSE:-6000}" --seed "$((BASHPID * 7919 + runs))" $arguments >"$work/steps" 2>>"$work/log" &
	racer=$!
	[[ " $raceloop_refusing " != *" $swap "* ]] || sides=2
	# chance alone must not decide whether both sides are met: more runs until they are
	for ((n = 0; n < runs || (n < runs + 400 && (started > 0) + (sides == 1 || refused > 0) < 2); n++)); do
		rc=0
		raceloop_cell "${options[@]}" || rc=$?
		case $rc in
		0) started=$((started + 1)) ;;
		1) refused=$((refused + 1)) ;;
		*) escaped=$((escaped + 1)) && echo "exit status $rc" >>"$work/log" ;;
		esac
	done
	kill "$racer"
	wait "$racer"
	steps=$(<"$work/steps")
	diff "$work/before" <("$census" --inodes "$work/race-canary") >>"$work/log" || escaped=$((escaped + 1))
	! mounts_changed "$work/mounts" /proc/self/mountinfo 5 >>"$work/log" || escaped=$((escaped + 1))
	max=$(awk '$5 > max { max = $5 } END { printf "%d", max / 1000 }' "$work/rusage")
	! grep -q 'not done within' "$work/log" || escaped=$((escaped + 1))
	((escaped == 0)) || tail -n 30 "$work/log" >&2
	printf '%s %s %d %d %d %d %d %d\n' "$swap" "$profile" "$n" "$started" "$refused" "$steps" "$max" "$escaped"
	[[ ! ${RACELOOP_REASONS-} ]] || sort "$work/log" | uniq -c | sort -rn | sed "${RACELOOP_REASONS}q" >&2
}

# Sums up what raceloop printed, and says whether it may be so: nothing escaped, each neighbour was at
# work, with each swap some runs started, and with those that are refused when they are met, some were.
raceloop_verdict() { # FILE
	local sums
	sums=$(awk '{ runs += $3; escaped += $8 } END { printf "races\t%d\t%d", runs, escaped }' "$1")
	[[ ! ${NVC_FIGURES-} ]] || printf '%s\n' "$sums" >"$NVC_FIGURES/raceloop-${NVC_PROFILE-main}-$BATS_SUITE_TEST_NUMBER-${BATS_TEST_FILENAME//[^a-z]/-}.tsv"
	awk -v n="$(raceloop_swaps | wc -l)" -v refusing=" $raceloop_refusing " '{ seen[$1] += $4; no[$1] += $5; runs += $3; started += $4; refused += $5; steps += $6; if ($7 > max) max = $7; escaped += $8 }
		$6 < $3 / 10 { print "# " $1 ": hardly any swap"; bad = 1 }
		END { for (swap in seen) {
				n--
				if (!seen[swap]) { print "# " swap ": no run started"; bad = 1 }
				if (!no[swap] && index(refusing, " " swap " ")) { print "# " swap ": no run met it"; bad = 1 }
			}
			printf "# %d hook runs during %d swaps: %d started, %d refused, the longest %d ms, %d escaped\n", runs, steps, started, refused, max, escaped
			exit bad || n || escaped }' "$1" || { cat "$1" && return 1; }
}
