#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Engines besides docker: containerd's ctr, podman.

# shellcheck disable=SC2016,SC2030,SC2031 # jq programs; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

setup_file() {
	gpu_init
	gpu_board R36 R36
	mkdir -p "$ENGINES_DIR/hooks.d" "$ENGINES_DIR/clibin"
	ln -s "$GPU_CLI" "$ENGINES_DIR/clibin/nvidia-container-cli"
	# the files that are installed, for the hook of this build and the board's configuration
	DESTDIR=$BATS_FILE_TMPDIR/dest cmake --install "$NVC_BUILD_DIR" --component podman >/dev/null
	local file
	for file in "$BATS_FILE_TMPDIR"/dest/*/*/share/containers/oci/hooks.d/*.json "$BATS_FILE_TMPDIR"/dest/*/share/containers/oci/hooks.d/*.json; do
		[ -e "$file" ] || continue
		[[ $(jq -r .hook.path "$file") == /*/bin/nvc-hook ]]
		jq --arg hook "$GPU_HOOK" --arg config "$(gpu_config R36)" \
			'.hook.path = $hook | .hook.args |= .[:1] + ["--config", $config] + .[1:]' "$file" >"$ENGINES_DIR/hooks.d/${file##*/}"
	done
	[ "$(ls "$ENGINES_DIR/hooks.d")" = $'oci-nvc-hook-poststop.json\noci-nvc-hook.json' ]
}

teardown_file() {
	engines_done
}

@test "podman --hooks-dir with runc" {
	tar -C "$GPU_IMAGE" -c . | pm p --v1 import - localhost/demo:gpu >/dev/null
	local nodes
	mapfile -t nodes < <(gpu_nodes R36)
	pm p --v1 --runtime "$ENGINES_RUNC" --hooks-dir "$ENGINES_DIR/hooks.d" run --rm --network none -e NVIDIA_VISIBLE_DEVICES=all \
		localhost/demo:gpu cuda-probe "${nodes[@]}"
}

@test "podman --hooks-dir with crun" {
	local nodes
	mapfile -t nodes < <(gpu_nodes R36)
	pm p --v1 --runtime crun --hooks-dir "$ENGINES_DIR/hooks.d" run --rm --network none -e NVIDIA_VISIBLE_DEVICES=all \
		localhost/demo:gpu cuda-probe "${nodes[@]}"
}

@test "podman's hooks leave nothing in the image, and a container without a GPU alone" {
	local runtime
	for runtime in "$ENGINES_RUNC" crun; do
		pm p --v1 --runtime "$runtime" --hooks-dir "$ENGINES_DIR/hooks.d" run --name stays --network none -e NVIDIA_VISIBLE_DEVICES=all \
			localhost/demo:gpu sh -c 'ldconfig -p | grep -q libcuda.so.1'
		run pm p --v1 diff stays
		[ "$status" -eq 0 ]
		# a cache that was put back is named, since it was copied up
		[ "$(grep -c '^[^C]\|000-nvc\|nvidia\|cuda' <<<"$output")" -eq 0 ] || { echo "$output" && false; }
		pm p --v1 --runtime "$runtime" --hooks-dir "$ENGINES_DIR/hooks.d" rm stays
		run pm p --v1 --runtime "$runtime" --hooks-dir "$ENGINES_DIR/hooks.d" run --rm --network none localhost/demo:gpu \
			sh -c '! ldconfig -p | grep libcuda.so.1 && ! ls /dev/nvmap'
		[ "$status" -eq 0 ]
	done
}

@test "podman --runtime nvc-runtime" {
	local nodes
	mapfile -t nodes < <(gpu_nodes R36)
	pm p --v1 --board "$(gpu_dir R36)" --runtime "$GPU_RUNTIME" run --rm --network none -e NVIDIA_VISIBLE_DEVICES=all \
		localhost/demo:gpu cuda-probe "${nodes[@]}"
}

@test "ctr run --runc-binary nvc-runtime" {
	containerd_start c --v1 --board "$(gpu_dir R36)"
	mkdir "$ENGINES_DIR/ctrroot"
	cp -a "$GPU_IMAGE/." "$ENGINES_DIR/ctrroot"
	ctr_ c run --rm --runc-binary "$GPU_RUNTIME" --env NVIDIA_VISIBLE_DEVICES=all --rootfs "$ENGINES_DIR/ctrroot" gpu1 /usr/bin/cuda-probe
	run find "$ENGINES_DIR/ctrroot" -name 'libcuda*'
	[ -z "$output" ]
}

@test "ctr run --gpus 0 calls nvidia-container-cli" {
	PATH=$ENGINES_DIR/clibin:$PATH ctr_ c run --rm --gpus 0 --rootfs "$ENGINES_DIR/ctrroot" gpu2 /usr/bin/cuda-probe
	containerd_stop c
}
