# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# The place of one file is exchanged, after it was made and before something is bound there, with a link
# to a file of the host, with a folder, and with another file: what is bound lies on the inode that
# was made, or nothing is.
# shellcheck source=tests/attacks/races.sh
. "$(dirname "${BASH_SOURCE[0]}")/../races.sh"
name=libnvos.so kind='' exchanged=0

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

# What takes the name stands ready in the root tree.
plant() {
	mkdir "$ROOTFS/planted"
	ln -s "$CANARY/file" "$ROOTFS/planted/link"
	ln -s "../../../../../../../../../../../../..$CANARY/file" "$ROOTFS/planted/climbs"
	mkdir "$ROOTFS/planted/folder"
	echo other >"$ROOTFS/planted/file"
}

races_restore() {
	# a run that heals what another has left has other numbers
	[[ ! $kind || ! -f $ROOTFS/planted/$kind || -s $ROOTFS/planted/$kind || -L $ROOTFS/planted/$kind ]] || exchanged=$((exchanged + 1))
	rm -rf "$ROOTFS/planted"
	rm -rf "${ROOTFS:?}/$LIB/nvidia/$name"
}

run() {
	local moment moments=() number=3
	[[ $VARIANT == cell* ]] || number=1
	case $HARNESS in
	cell | user)
		races_list
		# from where it was made to where something is bound
		races_moments "$number" $'\t(openat|statx|fstatfs|move_mount)\troot\t.*nvidia[/>].?'"$name"
		for moment in "${moments[@]}"; do
			for kind in link climbs folder file; do
				[[ $VARIANT == cell || $kind == climbs ]] || continue
				plant
				races_strike "$moment" --keep --swap "$ROOTFS/$LIB/nvidia/$name:$ROOTFS/planted/$kind"
			done
		done
		kind=
		((exchanged > 0)) || die "nothing was exchanged"
		races_end
		;;
	*)
		plant
		# the hook holds the file that it is about to cover
		cat >"$WORK/strike" <<-END
			stub=\$(readlink /proc/\$SUPERVISE_PID/fd/* | grep '^$ROOTFS/$LIB/nvidia/lib' | grep -v libcuda | head -n 1)
			[ -f "\$stub" ] && [ ! -s "\$stub" ] && mv -T $ROOTFS/planted/climbs "\$stub"
		END
		# four for each on R32, the last of which brings it there, after one for all
		races_once --begin setns --at-call "$([[ $PROFILE == r32 ]] && echo mount:801 || echo move_mount:200)" --keep --do ". $WORK/strike"
		;;
	esac
}
