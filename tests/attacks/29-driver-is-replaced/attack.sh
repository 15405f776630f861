# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# The driver is upgraded while the hook works: the folder of its libraries is renamed and another one put
# in its place, or one library is removed, replaced, or becomes a link, between the look at it and the
# mount. The container has what was looked at, all of one release, or does not start.
# shellcheck source=tests/attacks/races.sh
. "$(dirname "${BASH_SOURCE[0]}")/../races.sh"
libraries=(libcuda.so.1.1 libnvos.so libnvrm_gpu.so libnvscf.so libnvmm.so)

host() {
	local name
	mkdir "$BOARD/$LIB/upgrade"
	cp -a "$BOARD/$LIB/nvidia/." "$BOARD/$LIB/upgrade"
	for name in "${libraries[@]}"; do
		cp --remove-destination "$BOARD/$LIB/nvidia/$name" "$BOARD/$LIB/upgrade/$name"
		echo new >>"$BOARD/$LIB/upgrade/$name"
		echo old >>"$BOARD/$LIB/nvidia/$name"
	done
	ln -s "$CANARY/$LIB/nvidia/libcuda.so.1.1" "$BOARD/$LIB/link"
	stat -c %i "$BOARD/$LIB/nvidia" >"$WORK/old"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	local name releases
	releases=$(for name in "${libraries[@]}"; do
		case $HARNESS in cell | user) tail -c 4 "$ROOTFS/$LIB/nvidia/$name" ;; *) tail -c 4 "$LIB/nvidia/$name" ;; esac
	done | sort -u)
	[[ $releases == old || $releases == new ]] || die "of several releases, or none: ${releases//$'\n'/, }"
}

races_restore() {
	[[ $(stat -c %i "$BOARD/$LIB/nvidia") == "$(<"$WORK/old")" ]] || (cd "$BOARD/$LIB" && mv -T nvidia x && mv -T upgrade nvidia && mv -T x upgrade)
	[[ ! -f $BOARD/$LIB/link || -L $BOARD/$LIB/link ]] || (cd "$BOARD/$LIB" && mv -T nvidia/libcuda.so.1.1 x && mv -T link nvidia/libcuda.so.1.1 && mv -T x link)
}

run() {
	local moment moments=() number=3 opens='open_tree|openat2'
	[[ $VARIANT == cell* ]] || number=1
	[[ $PROFILE != r32 ]] || opens=openat
	case $HARNESS in
	cell | user)
		supervised=(--list "$WORK/calls")
		run_cell
		races_moments "$number" "board/$LIB/nvidia"
		races_moments "$number" $'\t('"$opens"$')\t.*nvidia'
		races_moments 2 $'\t(move_mount|mount)\t'
		for moment in "${moments[@]}"; do
			races_strike_at "$moment" --keep --swap "$BOARD/$LIB/nvidia:$BOARD/$LIB/upgrade"
		done
		moments=()
		races_moments 4 'nvidia[>/].*libcuda\.so\.1\.1'
		for moment in "${moments[@]}"; do
			races_strike_at "$moment" --keep --swap "$BOARD/$LIB/nvidia/libcuda.so.1.1:$BOARD/$LIB/link"
		done
		races_end
		;;
	*)
		races_once --at-call setns --keep --swap "$BOARD/$LIB/nvidia:$BOARD/$LIB/upgrade"
		;;
	esac
}

# Counted from the start: sources are opened before the container is joined.
races_strike_at() { # N OPTION...
	local at=$1
	shift
	: >"$LOG"
	supervised=(--at "$at" --report "$WORK/report" "$@")
	echo "in front of call $at: $(sed -n "${at}p" "$WORK/calls" | cut -f2-)" >&2
	run_cell
	supervised=()
	races_count "$at"
}
