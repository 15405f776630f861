# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# A volume lies where our files must go: nothing is made in it, be it writable or not. Where it has the
# places already, ours go over them; where it is one file, over that. It may lie on the root itself.
scenes=(writable read-only root prepared file cache)
spread
needle="aarch64-linux-gnu.*volume|is another folder in the container"
canary_mounts=1
case $SCENE in
writable | read-only | root) allowed=refused ;;
esac

# a runtime makes devices of its own in a root of that kind
skipped() {
	[[ $SCENE != root || $HARNESS == cell || $HARNESS == user ]] || echo "the runtime itself writes there"
}

image() {
	mkdir -p "$LIB"/{nvidia,gstreamer-1.0}
	[[ $SCENE != file ]] || touch "$LIB/nvidia/libcuda.so.1.1"
}

host() {
	if [[ $SCENE == root ]]; then
		cp -a "$ATTACKS_FIXTURE/image" "$CANARY/root"
		if [[ $HARNESS == user ]]; then chown -hR 100000:100000 "$CANARY/root"; fi
	fi
	[[ $SCENE == prepared ]] || return 0
	# what the board has there, as empty files
	cp -a "$BOARD/$LIB/gstreamer-1.0" "$CANARY/prepared"
	find "$CANARY/prepared" -type f -exec truncate -s 0 {} +
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
	case $SCENE in
	writable) volume "$CANARY/$LIB" "/$LIB" ;;
	read-only) volume "$CANARY/$LIB" "/$LIB" rbind,ro ;;
	prepared) volume "$CANARY/prepared" "/$LIB/gstreamer-1.0" ;;
	root) volume "$CANARY/root" / ;;
	file) volume "$CANARY/file" "/$LIB/nvidia/libcuda.so.1.1" ;;
	cache) volume "$CANARY/etc/ld.so.cache" /etc/ld.so.cache ;;
	esac
}

inside() {
	is_bound "$LIB"/nvidia/lib{cuda.so.1.1,nvos.so} "$LIB"/gstreamer-1.0/*
	[[ $SCENE != cache || $(cat etc/ld.so.cache) == "canary etc/ld.so.cache" ]] || die "the volume's file was replaced"
}
