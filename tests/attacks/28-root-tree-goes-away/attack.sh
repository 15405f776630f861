# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# The root tree is unmounted, or the host's canary is mounted over it or over a folder in it, while the
# hook works: in the container's mount namespace, and on the host. What is made goes to the tree that
# was opened, or the hook refuses.
# shellcheck source=tests/attacks/races.sh
. "$(dirname "${BASH_SOURCE[0]}")/../races.sh"

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
	# what the folder has that an overlay is mounted on
	mkdir "$WORK/below"
	mount --bind "$BUNDLE" "$WORK/below"
}

races_restore() {
	[[ $TREE != overlay || ! $(ls -A "$WORK/below/rootfs") ]] || die "the host's folder below the root tree is not empty any more"
	while mountpoint -q "$ROOTFS" && [[ $(stat -f -c %T "$ROOTFS") == tmpfs && -e $ROOTFS/file ]]; do umount "$ROOTFS"; done
}

# Where the attacker has mounted the canary, that is not looked for.
eval "stage_$(declare -f inspect)"
inspect() {
	awk -v canary="$CANARY_DEV" -v at="$ROOTFS" '$3 == canary && index($5, at) == 1 { found = 1 } END { exit !found }' "$MOUNTINFO" || {
		stage_inspect "$@"
		return
	}
	! grep -F " $CANARY/" "$MOUNTINFO" | grep -F "$BOARD" >&2 || die "ours lie on the canary"
}

run() {
	local moment moments=(2) number=2 in_root=$'\troot\t.*rootfs[/>]'
	[[ $VARIANT == cell* ]] || number=1
	case $HARNESS in
	cell | user)
		races_list
		# before it is opened, and while things are made, bound, written
		races_moments "$number" "$in_root"
		races_moments 1 $'\tlinkat\t'
		races_moments 1 'ld.so.cache"'
		for moment in "${moments[@]}"; do
			races_strike "$moment" --inside --keep --umount "$ROOTFS" --umount "$ROOTFS" # the container's own mount, and the image's
			races_strike "$moment" --inside --keep --bind "$CANARY:$ROOTFS"
			[[ $VARIANT != cell ]] || races_strike "$moment" --keep --bind "$CANARY:$ROOTFS"
		done
		moments=()
		races_moments "$number" $'\tlinkat\t'
		for moment in "${moments[@]}"; do
			races_strike "$moment" --inside --keep --bind "$CANARY/$LIB:$ROOTFS/$LIB"
		done
		races_end
		;;
	*)
		races_once --at-call linkat:50 --keep --bind "$CANARY:$ROOTFS"
		;;
	esac
}
