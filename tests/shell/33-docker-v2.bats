#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Pure cgroup v2: devices are granted by BPF programs.

# shellcheck disable=SC2016,SC2030,SC2031 # jq programs; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

setup_file() {
	gpu_init
	local board
	for board in R32 R35 R36; do gpu_board "$board" "$board" --extra-node nvc-unlisted; done
}

teardown_file() {
	engines_done
}

denied() { # BOARD CONTAINER: the node of no list
	local major minor
	major=$((16#$(stat -c %t "$(gpu_dir "$1")/dev/nvc-unlisted")))
	minor=$((16#$(stat -c %T "$(gpu_dir "$1")/dev/nvc-unlisted")))
	run dk d exec "$2" sh -c "mknod /dev/unlisted c $major $minor && cat /dev/unlisted; rc=\$?; rm -f /dev/unlisted; exit \$rc"
	[ "$status" -ne 0 ]
	[[ $output == *'Operation not permitted'* ]]
}

cycle() { # BOARD DOCKER-ARGUMENT...
	local board=$1 nodes
	shift
	mapfile -t nodes < <(gpu_nodes "$board")
	docker_start d --v2 --board "$(gpu_dir "$board")" --path "$(gpu_path)" -- --add-runtime "nvidia=$GPU_RUNTIME"
	gpu_import d demo
	dk d info --format '{{.CgroupVersion}}' | grep -q 2
	dk d run -d --name gpu --network none "$@" demo:gpu sleep 60
	gpu_verify "$(dk d inspect --format '{{.State.Pid}}' gpu)" "$board"
	dk d exec gpu cuda-probe "${nodes[@]}"
	denied "$board" gpu
	dk d update --pids-limit 100 gpu || dk d update --restart no gpu
	dk d exec gpu cuda-probe "${nodes[@]}"
	denied "$board" gpu
	dk d rm -f gpu
	docker_stop d
}

teardown() {
	docker_stop d || true
}

@test "R32 --runtime nvidia" {
	cycle R32 --runtime nvidia
}

@test "R35 --runtime nvidia" {
	cycle R35 --runtime nvidia
}

@test "R36 --runtime nvidia" {
	cycle R36 --runtime nvidia
}

@test "R36 --gpus all: the hook replaces the program" {
	cycle R36 --gpus all
}

@test "R32 --gpus all" {
	cycle R32 --gpus all
}
