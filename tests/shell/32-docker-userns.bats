#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# dockerd --userns-remap: the container's root is not the host's.

# shellcheck disable=SC2016,SC2030,SC2031 # jq programs; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

setup_file() {
	gpu_init
	gpu_board R36 R36
	docker_start d --v1 --board "$(gpu_dir R36)" --path "$(gpu_path)" -- --add-runtime "nvidia=$GPU_RUNTIME" --userns-remap=default
	gpu_import d demo
}

teardown_file() {
	docker_stop d
	engines_done
}

mapped() { # CONTAINER: its pid, after checking that its root is another id outside
	local pid
	pid=$(dk d inspect --format '{{.State.Pid}}' "$1")
	[ "$(awk 'NR == 1 { print $2 }' "/proc/$pid/uid_map")" -ne 0 ]
	echo "$pid"
}

@test "--runtime nvidia" {
	dk d run -d --name gpu --network none --runtime nvidia demo:gpu sleep 60
	gpu_verify "$(mapped gpu)" R36
	dk d exec gpu cuda-probe
	dk d exec gpu ldconfig -p | grep -q 'libcuda\.so\.1 '
	dk d stop -t 0 gpu
	run dk d diff gpu
	[ -z "$output" ]
	dk d rm gpu
}

@test "--gpus all" {
	dk d run -d --name gpu --network none --gpus all demo:gpu sleep 60
	gpu_verify "$(mapped gpu)" R36
	dk d exec gpu cuda-probe
	dk d rm -f gpu
}

@test "what is made in the image belongs to the container's root" {
	dk d run -d --name gpu --network none --runtime nvidia demo:gpu sleep 60
	local pid
	pid=$(mapped gpu)
	[ "$(nsenter -t "$pid" -m -U -- stat -c %u /etc/ld.so.cache)" -eq 0 ]
	[ "$(nsenter -t "$pid" -m -U -- stat -c %u /usr/lib/aarch64-linux-gnu)" -eq 0 ]
	dk d rm -f gpu
}

@test "--userns host on that daemon" {
	dk d run --rm --network none --userns host --runtime nvidia demo:gpu cuda-probe
}
