# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# Another container has the volume too that lies at the folder of libraries, and exchanges a folder in
# it with a link to the host's, back in front of the next system call, or for good.
# shellcheck source=tests/attacks/races.sh
. "$(dirname "${BASH_SOURCE[0]}")/../races.sh"
up=../../../../../../../../../../../../../..

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

# All places, as an image made for this has them: what would be created in a volume is refused.
inside() {
	[[ ! -e $WORK/volume ]] || return 0
	mkdir "$WORK/volume"
	(cd "$LIB" && find . -type d -exec mkdir -p "$WORK/volume/{}" \; -o -type l -exec cp -P {} "$WORK/volume/{}" \; -o -type f -exec touch "$WORK/volume/{}" \;)
}

in_volume() {
	ln -s "$up$CANARY/$LIB/nvidia" "$WORK/volume/climbs"
	ln -s "$CANARY/$LIB/nvidia" "$WORK/volume/leads"
	[[ -d $ROOTFS/$LIB ]] || mkdir "$ROOTFS/$LIB"
	volume "$WORK/volume" "/$LIB"
	original=$(stat -c %i "$WORK/volume/nvidia")
}

races_restore() {
	local name
	for name in climbs leads; do
		[[ ! -d $WORK/volume/$name || -L $WORK/volume/$name ]] || (cd "$WORK/volume" && mv -T nvidia kept && mv -T "$name" nvidia && mv -T kept "$name")
	done
	[[ $(stat -c %i "$WORK/volume/nvidia") == "$original" ]] || die "the volume is not as it was"
}

run() {
	local moment moments=() number=4
	[[ $VARIANT == cell* ]] || number=2
	case $HARNESS in
	cell | user)
		run_cell
		in_volume
		races_list
		races_moments "$number" 'nvidia'
		races_moments "$number" $'\t(move_mount|mount)\t'
		for moment in "${moments[@]}"; do
			races_strike "$moment" --swap "$WORK/volume/nvidia:$WORK/volume/climbs"
		done
		moments=()
		races_moments 2 'nvidia/'
		for moment in "${moments[@]}"; do
			races_strike "$moment" --keep --swap "$WORK/volume/nvidia:$WORK/volume/leads"
		done
		races_end
		;;
	*)
		cp "$BUNDLE/config.json" "$WORK/plain.json"
		run_low
		((rc == 0)) || die "undisturbed it is refused as well"
		cp "$WORK/plain.json" "$BUNDLE/config.json"
		in_volume
		races_once --at-call "$([[ $PROFILE == r32 ]] && echo fchdir:200 || echo openat2:30)" --swap "$WORK/volume/nvidia:$WORK/volume/climbs"
		;;
	esac
}
