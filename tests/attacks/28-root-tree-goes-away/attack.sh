# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# The root tree is unmounted, or the host's canary is mounted over it or over a folder in it, while the
# hook works: in the container's mount namespace, and on the host. What is made goes to the tree that
# was opened, or the hook refuses.
# shellcheck source=tests/attacks/races.sh
. "$(dirname "${BASH_SOURCE[0]}")/../races.sh"

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

races_restore() {
	while mountpoint -q "$ROOTFS" && [[ $(stat -f -c %T "$ROOTFS") == tmpfs && -e $ROOTFS/file ]]; do umount "$ROOTFS"; done
}

# The canary's own mount is not looked for inside: the attacker has put it there.
inspect() {
	! awk -v canary="$CANARY_DEV" '$3 == canary { if (seen++) exit 1 }' "$MOUNTINFO" || return 0
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
			races_strike "$moment" --inside --keep --umount "$ROOTFS"
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
