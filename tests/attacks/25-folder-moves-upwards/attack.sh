# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2120 # for stage.sh; scripts for another shell
# While the hook walks through a folder, that moves upwards and out of the root tree, so that the ".." of
# a link in it would lead to the host: by renaming, where the walk stands right in it, and with
# everything below the folder that the links climb from.
# shellcheck source=tests/attacks/races.sh
. "$(dirname "${BASH_SOURCE[0]}")/../races.sh"

# /usr/lib/TRIPLET -> a/b/c/d/../../../../../../CANARY/...: inside it ends at the root tree
image() {
	local climb=../../../../../../..
	mkdir -p usr/lib/a/b/c/d ".$CANARY/dir"
	ln -s "a/b/c/d/$climb$CANARY/dir" "$LIB"
}

host() {
	mkdir -p "$WORK/outside-root"
	[[ $TREE != overlay ]] || {
		mkdir -p "$WORK/upper/usr/lib"
		rm -r "$IMAGE/usr/lib/a"
		mkdir -p "$WORK/upper/usr/lib/a/b/c/d"
	}
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

# On an overlay only within it: to the top. The plain folder leaves the root tree altogether.
away() {
	if [[ $TREE == overlay ]]; then
		printf '%s\n' "$ROOTFS/moved"
	else
		printf '%s\n' "$WORK/outside-root/moved"
	fi
}

strike() { # MOMENT FOLDER OPTION...
	local at=$1 folder=$2
	shift 2
	eval "races_restore() { [[ ! -e \"$(away)\" ]] || mv -T \"$(away)\" \"$ROOTFS/usr/lib/$folder\"; }"
	races_strike "$at" "$@" --rename "$ROOTFS/usr/lib/$folder:$(away)"
}

run() {
	local moment moments=() folder number=4
	[[ $VARIANT == cell* ]] || number=1
	case $HARNESS in
	cell | user)
		races_list
		races_moments "$number" $'\t(openat2|openat|mkdirat)\t.*(aarch64-linux-gnu|/a(/b(/c(/d)?)?)?>)'
		for folder in a/b/c a/b a; do
			for moment in "${moments[@]}"; do
				strike "$moment" "$folder"
			done
			strike "$moment" "$folder" --keep
		done
		races_end
		;;
	*)
		eval "races_restore() { [[ ! -e \"$(away)\" ]] || mv -T \"$(away)\" \"$ROOTFS/usr/lib/a/b/c\"; }"
		races_once --at-call "$([[ $PROFILE == r32 ]] && echo openat:1000 || echo openat2:20)" --keep --rename "$ROOTFS/usr/lib/a/b/c:$(away)"
		;;
	esac
}
