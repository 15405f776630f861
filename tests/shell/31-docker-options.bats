#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docker's options that change what a container may do: the GPU works under each.

# shellcheck disable=SC2016,SC2030,SC2031 # jq programs; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

setup_file() {
	gpu_init
	gpu_board R36 R36
	docker_start d --v1 --board "$(gpu_dir R36)" --path "$(gpu_path)" -- --add-runtime "nvidia=$GPU_RUNTIME" --default-runtime nvidia
	gpu_import d demo
}

teardown_file() {
	docker_stop d
	engines_done
}

# Runs the probe on every node of the board; not the default runtime of the daemon's, the named one.
probe() { # DOCKER-ARGUMENT...
	local nodes
	mapfile -t nodes < <(gpu_nodes R36)
	dk d run --rm --network none "$@" demo:gpu cuda-probe "${nodes[@]}"
}

@test "as default runtime" {
	probe
}

@test "--read-only" {
	probe --read-only
}

@test "--cap-drop ALL" {
	probe --cap-drop ALL
}

@test "--user 1000" {
	probe --user 1000:1000
}

@test "no-new-privileges" {
	probe --security-opt no-new-privileges
}

@test "all of these at once" {
	probe --read-only --cap-drop ALL --user 1000:1000 --security-opt no-new-privileges
}

@test "--privileged" {
	probe --privileged
}

@test "--init, --ipc host, --pid host, --tmpfs /opt" {
	probe --init --ipc host --pid host --tmpfs /opt
}

@test "a volume over a folder of libraries that has none of them is refused, and stays empty" {
	mkdir -p "$ENGINES_DIR/volume"
	run probe -v "$ENGINES_DIR/volume:/usr/lib/aarch64-linux-gnu/nvidia"
	[ "$status" -ne 0 ]
	[[ $output == *volume* || $output == *mount* ]]
	[ -z "$(ls -A "$ENGINES_DIR/volume")" ]
}

@test "a volume elsewhere does no harm" {
	mkdir -p "$ENGINES_DIR/data"
	probe -v "$ENGINES_DIR/data:/data"
	[ -z "$(ls -A "$ENGINES_DIR/data")" ]
}

@test "leftovers of an earlier tool in the image: empty files, links, a full file" {
	dk d run --name leftovers --network none --runtime runc demo:plain sh -c '
		mkdir -p /usr/lib/aarch64-linux-gnu/nvidia; cd /usr/lib/aarch64-linux-gnu/nvidia
		: >libcuda.so.1.1; ln -s nowhere libnvos.so; echo old >libnvrm_gpu.so; ln -s /etc/passwd libcuda.so'
	dk d commit --change 'ENV NVIDIA_VISIBLE_DEVICES=all' leftovers demo:leftovers
	dk d run -d --name mounted --network none demo:leftovers sleep 60
	gpu_verify "$(dk d inspect --format '{{.State.Pid}}' mounted)" R36
	dk d exec mounted cuda-probe
	dk d stop -t 0 mounted
	run dk d diff mounted
	[ -z "$output" ]
	dk d rm mounted leftovers
}

@test "a committed container starts again and has nothing of ours" {
	dk d run --name first --network none demo:gpu sh -c 'echo mine >/var/mine'
	dk d commit first demo:second
	dk d run --name second --network none --runtime runc demo:second sh -c 'cat /var/mine; ls -R /usr/lib 2>&1'
	run dk d logs second
	[[ $output == mine* ]]
	[[ $output != *cuda* ]]
	dk d run --rm --network none demo:second cuda-probe
	dk d rm first second
}

@test "two containers at once have their own mounts, and one's end leaves the other's" {
	dk d run -d --name one --network none demo:gpu sleep 60
	dk d run -d --name two --network none demo:gpu sleep 60
	dk d rm -f one
	gpu_verify "$(dk d inspect --format '{{.State.Pid}}' two)" R36
	dk d exec two cuda-probe
	dk d rm -f two
}

@test "20 containers in parallel" {
	local i pids=()
	for i in {1..20}; do
		probe >"$BATS_TEST_TMPDIR/$i" 2>&1 &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
}

@test "kill -9 of the container: nothing is left after its end" {
	dk d run -d --name killed --network none demo:gpu sleep 60
	kill -9 "$(dk d inspect --format '{{.State.Pid}}' killed)"
	dk d wait killed
	run dk d diff killed
	[ -z "$output" ]
	dk d rm killed
}
