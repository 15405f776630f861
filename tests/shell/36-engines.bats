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
	jq -n --arg hook "$GPU_HOOK" --arg config "$(gpu_config R36)" '{version: "1.0.0",
		hook: {path: $hook, args: ["nvc-hook", "--config", $config, "prestart"]}, when: {always: true}, stages: ["prestart"]}' \
		>"$ENGINES_DIR/hooks.d/nvc.json"
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
