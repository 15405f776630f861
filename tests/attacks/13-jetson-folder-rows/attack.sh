# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# J2: a `dir` row below a link to the host, or where the image has such a link itself; a `dir` row on a
# file, a `lib` row on a folder with something in it.
scenes=(parent parent-inside itself itself-inside file lib-on-folder)
spread
needle="/opt/nvidia"
case $SCENE in
*-inside) ;;
*) allowed=refused ;;
esac

image() {
	mkdir -p opt
	case $SCENE in
	parent*) ln -s "$CANARY/dir" opt/nvidia ;;
	itself*) mkdir opt/nvidia && ln -s "../../../../../../..$CANARY/dir" opt/nvidia/folder ;;
	file) mkdir opt/nvidia && echo image >opt/nvidia/folder ;;
	lib-on-folder) mkdir -p opt/nvidia/file/x && touch opt/nvidia/file/x/y ;;
	esac
	[[ $SCENE != *-inside ]] || mkdir -p ".$CANARY/dir"
}

host() {
	mkdir -p "$BOARD/opt/nvidia/folder" "$CANARY/dir/folder"
	echo board | tee "$BOARD/opt/nvidia/folder/content" >"$BOARD/opt/nvidia/file"
	printf 'dir, /opt/nvidia/folder\nlib, /opt/nvidia/file\n' >>"$BOARD/etc/nvidia-container-runtime/host-files-for-container.d/drivers.csv"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	local at=.$CANARY/dir
	[[ $SCENE != parent-inside ]] || at=.$CANARY/dir/folder
	is_bound_at "$at" opt/nvidia/folder
	[[ $(cat "$at/content") == board ]] || die "the folder is not there"
	! (: >"$at/new") 2>/dev/null || die "the board's folder can be written"
}
