# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# The folder for a link is itself a link to the host; and what links say: "..", a newline, bytes that
# look like the end of a text. It is kept as it is, or its row is refused, and never followed outside.
scenes=(parent parent-climbing parent-inside texts)
spread
needle="aarch64-linux-gnu/gbm"
case $SCENE in
parent | parent-climbing) allowed=refused ;;
esac
# NAME and TEXT of the board's links
names=(climbs.so newline.so nul.so deep.so)
texts=("../../../../../../../../..$CANARY/file" $'new\nline.so' 'a\0b.so' ../../../usr/lib/aarch64-linux-gnu/../aarch64-linux-gnu/./libtarget.so)

image() {
	mkdir -p "$LIB"
	case $SCENE in
	parent | parent-inside) ln -s "$CANARY/dir" "$LIB/gbm" ;;
	parent-climbing) ln -s "../../../../../../../..$CANARY/dir" "$LIB/gbm" ;;
	texts)
		# an image that has them already
		ln -s "${texts[0]}" "$LIB/nvidia-climbs.so"
		ln -s "${texts[0]}" "$LIB/climbs.so"
		ln -s $'x\ny' "$LIB/newline.so"
		;;
	esac
	[[ $SCENE != parent-inside ]] || mkdir -p ".$CANARY/dir"
}

host() {
	local i
	for i in "${!names[@]}"; do
		ln -s "${texts[i]}" "$BOARD/$LIB/${names[i]}"
		printf 'sym, /%s/%s\n' "$LIB" "${names[i]}" >>"$BOARD/etc/nvidia-container-runtime/host-files-for-container.d/drivers.csv"
	done
	for i in $'new\nline.so' 'a\0b.so' libtarget.so; do echo board >"$BOARD/$LIB/$i"; done
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	local i at=$LIB/gbm
	if [[ $SCENE == parent-inside ]]; then at=.$CANARY/dir; fi
	[[ $(readlink "$at/nvidia-drm_gbm.so") == ../nvidia/libnvidia-allocator.so ]] || die "the link is not in the root tree"
	for i in 1 2 3; do
		[[ $(readlink "$LIB/${names[i]}") == "${texts[i]}" ]] || die "the text of '${names[i]}' is another"
	done
	is_bound "$LIB/${texts[1]}" "$LIB/${texts[2]}" "$LIB/libtarget.so"
	[[ $SCENE != texts || $(readlink "$LIB/climbs.so") == "${texts[0]}" ]] || die "a refused row changed something"
	log_has "climbs.so.*(refused|outside)"
}
