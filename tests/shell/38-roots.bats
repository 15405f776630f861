#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A board as OpenEmbedded builds it: driver libraries in /usr/lib, which path-map brings to where
# images expect them, and NVIDIA's own builds of some in a tree beside them (alt-roots).

# shellcheck disable=SC2016,SC2030,SC2031 # jq programs; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

multiarch=/usr/lib/aarch64-linux-gnu
passthrough=/usr/share/nvidia-container-passthrough

bats_require_minimum_version 1.5.0

setup_file() {
	local lists tree
	gpu_init
	lists=$ENGINES_DIR/lists tree=$(gpu_dir yocto)
	mkdir "$lists"
	cat >"$lists/l4t.csv" <<-END
		dev, /dev/nvhost-ctrl
		dev, /dev/nvmap
		lib, /usr/lib/libcuda.so.1.1
		sym, /usr/lib/libcuda.so
		sym, /usr/lib/libcuda.so.1
		lib, /usr/lib/libnvrm_gpu.so
		lib, $multiarch/libv4l2.so.0.0.0
		sym, $multiarch/libv4l2.so.0
		lib, $multiarch/gstreamer-1.0/libgstnvarguscamerasrc.so
	END
	gpu_board yocto R35 --lists "$lists"
	mkdir -p "$tree$passthrough/usr/lib"
	mv "$tree$multiarch" "$tree$passthrough/usr/lib/"
	# OpenEmbedded has a build of its own of one of them
	mkdir "$tree$multiarch"
	echo "not this one" >"$tree$multiarch/libv4l2.so.0.0.0"
	board_config "$tree" "$(gpu_state yocto)" "alt-roots = [\"$passthrough\"]" "path-map = [\"/usr/lib:$multiarch\"]"
}

teardown_file() {
	engines_done
}

setup() {
	dir=$BATS_TEST_TMPDIR/b
	mkdir -p "$dir"
	cp -a "$GPU_IMAGE" "$dir/rootfs"
	bundle_make "$dir" rootfs
	bundle_edit "$dir" '.process.env += ["NVIDIA_VISIBLE_DEVICES=all"]'
}

sh_by_shim() { # SCRIPT: in a container that the shim made
	bundle_edit "$dir" --arg script "$1" '.process.args = ["/bin/sh", "-c", $script]'
	(cd "$dir" && "$NVC_SOURCE_DIR/tests/support/enter" --v1 --board "$(gpu_dir yocto)" "$GPU_RUNTIME" --root "$ENGINES_DIR/shim" run "r$$" </dev/null)
}

@test "path-map: the loader finds libcuda.so.1 in the image's folder" {
	sh_by_shim "set -e; cuda-probe /dev/nvmap /dev/nvhost-ctrl
		ldconfig -p | grep '=> $multiarch/libcuda.so.1\$'
		test -f $multiarch/libnvrm_gpu.so
		test ! -e /usr/lib/libcuda.so.1.1 && test ! -e /usr/lib/libnvrm_gpu.so
		test \$(readlink $multiarch/libcuda.so.1) = libcuda.so.1.1"
}

@test "alt-roots: the tree's files win, and appear without its path" {
	sh_by_shim "set -e; test ! -e $passthrough
		cmp $multiarch/libv4l2.so.0 $multiarch/libv4l2.so.0.0.0
		if grep -q 'not this one' $multiarch/libv4l2.so.0.0.0; then exit 1; fi
		test -f $multiarch/gstreamer-1.0/libgstnvarguscamerasrc.so
		ldconfig -p | grep libv4l2.so.0"
}

@test "afterwards the image is as before" {
	local before
	before=$(cd "$dir/rootfs" && find . ! -type d -printf '%p %y %s %l %T@\n' | sort)
	sh_by_shim cuda-probe
	diff <(echo "$before") <(cd "$dir/rootfs" && find . ! -type d -printf '%p %y %s %l %T@\n' | sort)
}

@test "every row is used" {
	run --separate-stderr "$GPU_CLI" --config "$(gpu_config yocto)" csv list
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 9 ]
	run grep -v ': used: ' <<<"$output"
	[ -z "$output" ]
}
