# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# The root tree, or a volume that targets lie in or on, shares its mounts with the host: no mount of ours
# comes up there and nothing is made in them, not once and not twenty times (each of which would double them).
scenes=(root root-volume volume-around volume-on-file volume-on-folder)
spread
needle="shares its mounts|is another folder in the container"
times=2
[[ $VARIANT != cell ]] || times=20
[[ $SCENE == root ]] || allowed=refused

image() {
	mkdir -p "$LIB/nvidia" dev/dri/by-path
	touch "$LIB/nvidia/libcuda.so.1.1"
}

host() {
	local volume=$CANARY/volume
	mkdir "$volume" "$volume/folder"
	touch "$volume/file"
	mount --bind "$volume" "$volume"
	mount --make-shared "$volume"
	case $SCENE in
	root) mount --make-shared "$WORK" ;; # and the overlay that comes below
	root-volume)
		cp -a "$ATTACKS_FIXTURE/image" "$WORK/root"
		mount --bind "$WORK/root" "$WORK/root"
		mount --make-shared "$WORK/root"
		tree "$WORK/root" >"$WORK/root-before"
		;;
	esac
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
	bundle_edit "$BUNDLE" '.linux.rootfsPropagation = "shared"'
	case $SCENE in
	root) cell_options+=(--propagation shared) ;;
	root-volume) volume "$WORK/root" / rbind,rshared ;;
	volume-around) volume "$CANARY/volume" "/$LIB/nvidia" rbind,rshared ;;
	volume-on-file) volume "$CANARY/volume/file" "/$LIB/nvidia/libcuda.so.1.1" rbind,rshared ;;
	volume-on-folder) volume "$CANARY/volume/folder" /dev/dri/by-path rbind,rshared ;;
	esac
}

run() {
	local i first
	for ((i = 0; i < times; i++)); do
		run_harness
		((i > 0)) || first=$rc
		((rc == first)) || die "$first at first, then $rc"
	done
}

inside() {
	is_bound "$LIB/nvidia/libcuda.so.1.1"
}

after() {
	[[ $SCENE == root-volume ]] || return 0
	# in its /dev a runtime makes its own
	diff <(grep -v '^\./dev[ /]' "$WORK/root-before") <(tree "$WORK/root" | grep -v '^\./dev[ /]') || die "the volume has changed"
}
