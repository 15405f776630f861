#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docker run --runtime nvidia on simulated boards, cgroup v1 as found: what a container gets, what it
# keeps, what is left in its image.

# shellcheck disable=SC2016,SC2030,SC2031 # jq programs; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

setup_file() {
	gpu_init
	local board
	for board in R32 R35 R36; do
		gpu_board "$board" "$board" --extra-node nvc-unlisted
		docker_start "d$board" --v1 --board "$(gpu_dir "$board")" --path "$(gpu_path)" -- --add-runtime "nvidia=$GPU_RUNTIME"
		gpu_import "d$board" demo
	done
}

teardown_file() {
	for board in R32 R35 R36; do docker_stop "d$board"; done
	engines_done
}

# A container that stays: prints its pid.
start() { # BOARD NAME DOCKER-ARGUMENT...
	local board=$1 name=$2
	shift 2
	dk "d$board" run -d --name "$name" --network none "$@" demo:gpu /bin/sh -c 'while :; do sleep 1; done' >/dev/null
	dk "d$board" inspect --format '{{.State.Pid}}' "$name"
}

# All nodes of the board's lists are granted, the unlisted one is not.
granted() { # BOARD CONTAINER
	local nodes number
	mapfile -t nodes < <(gpu_nodes "$1")
	[ "${#nodes[@]}" -gt 5 ]
	dk "d$1" exec "$2" cuda-probe --nodes-only "${nodes[@]}"
	number=$(stat -c '%t %T' "$(gpu_dir "$1")/dev/nvc-unlisted")
	# shellcheck disable=SC2086 # two numbers
	set -- "$1" "$2" $number
	run dk "d$1" exec "$2" sh -c "mknod /dev/unlisted c $((16#$3)) $((16#$4)) && cat /dev/unlisted; rc=\$?; rm -f /dev/unlisted; exit \$rc"
	[ "$status" -ne 0 ]
	[[ $output == *'Operation not permitted'* ]]
	run dk "d$1" exec "$2" test -e /dev/nvc-unlisted
	[ "$status" -ne 0 ]
}

whole_life() { # BOARD
	local pid
	pid=$(start "$1" life --runtime nvidia)
	gpu_verify "$pid" "$1"
	dk "d$1" exec life cuda-probe
	dk "d$1" exec life ldconfig -p | grep -q 'libcuda\.so\.1 '
	granted "$1" life

	dk "d$1" update --cpu-shares 512 life
	granted "$1" life

	dk "d$1" stop -t 0 life
	run dk "d$1" diff life
	[ "$status" -eq 0 ]
	[ -z "$output" ]

	dk "d$1" start life
	gpu_verify "$(dk "d$1" inspect --format '{{.State.Pid}}' life)" "$1"
	granted "$1" life
	dk "d$1" rm -f life
	[ -z "$(ls -A "$(gpu_state "$1")/state")" ]
}

@test "R32 (Nano): create, start, exec, update, stop, start, rm" {
	whole_life R32
}

@test "R35: create, start, exec, update, stop, start, rm" {
	whole_life R35
}

@test "R36: create, start, exec, update, stop, start, rm" {
	whole_life R36
}

@test "--gpus all without the shim does the whole job" {
	local pid
	pid=$(start R36 gpus --gpus all)
	gpu_verify "$pid" R36
	dk dR36 exec gpus cuda-probe
	granted R36 gpus
	dk dR36 update --cpu-shares 512 gpus
	granted R36 gpus
	dk dR36 rm -f gpus
}

@test "--gpus all and --runtime nvidia together inject once" {
	local pid mounts
	pid=$(start R36 both --gpus all --runtime nvidia)
	gpu_verify "$pid" R36
	granted R36 both
	mounts=$(awk '{ print $5 }' "/proc/$pid/mountinfo" | grep libcuda | sort | uniq -d)
	[ -z "$mounts" ]
	dk dR36 rm -f both
}

@test "an image that asks for nothing is byte for byte untouched" {
	dk dR36 run -d --name plain --network none --runtime nvidia demo:plain sleep 60
	local id bundle
	id=$(dk dR36 inspect --format '{{.Id}}' plain)
	bundle=$ENGINES_DIR/dR36/exec/containerd/daemon/io.containerd.runtime.v2.task/moby/$id
	run jq -r '.hooks.prestart[].path, .hooks.poststop[]?.path' "$bundle/config.json"
	[[ $output != *nvc* ]]
	# the same container by plain runc has the same bytes but for its own names
	dk dR36 run -d --name runc --network none demo:plain sleep 60
	local other other_bundle
	other=$(dk dR36 inspect --format '{{.Id}}' runc)
	other_bundle=$ENGINES_DIR/dR36/exec/containerd/daemon/io.containerd.runtime.v2.task/moby/$other
	plain() {
		sed -E "s/$1/ID/g; s/${1:0:12}/ID/g; s#overlay2/[0-9a-f]{64}#overlay2/LAYER#g" "$2/config.json"
	}
	diff <(plain "$id" "$bundle") <(plain "$other" "$other_bundle")
	run dk dR36 exec plain test -e /dev/nvmap
	[ "$status" -ne 0 ]
	dk dR36 rm -f plain runc
}

@test "an unknown device stops the container and says which there are" {
	run dk dR36 run --rm --network none --runtime nvidia -e NVIDIA_VISIBLE_DEVICES=7 demo:gpu true
	[ "$status" -ne 0 ]
	[[ $output == *"'7'"* ]]
	[[ $output == *0* ]]
	[ -z "$(dk dR36 ps -q)" ]
}

@test "an unmet requirement stops the container with have, need and the override" {
	run dk dR36 run --rm --network none --runtime nvidia -e NVIDIA_REQUIRE_CUDA='cuda>=99.1' demo:gpu true
	[ "$status" -ne 0 ]
	[[ $output == *'99.1'* ]]
	[[ $output == *'12.6'* ]]
	[[ $output == *NVIDIA_DISABLE_REQUIRE* ]]
	dk dR36 run --rm --network none --runtime nvidia -e NVIDIA_REQUIRE_CUDA='cuda>=99.1' -e NVIDIA_DISABLE_REQUIRE=1 demo:gpu cuda-probe
}

@test "NVIDIA_VISIBLE_DEVICES=none gives libraries and no nodes" {
	run dk dR36 run --rm --network none --runtime nvidia -e NVIDIA_VISIBLE_DEVICES=none demo:gpu \
		sh -c 'ldconfig -p | grep libcuda.so.1; ls /dev/nvmap'
	[ "$status" -ne 0 ]
	[[ $output == *'libcuda.so.1 ('* ]]
	[[ $output == *'/dev/nvmap: No such file'* ]]
}

@test "what a container writes itself stays when it has stopped" {
	dk dR36 run --name writes --network none --runtime nvidia demo:gpu \
		sh -c 'echo mine >/usr/lib/mine; echo more >>/etc/ld.so.conf'
	run dk dR36 diff writes
	[[ $output == *'A /usr/lib/mine'* ]]
	[[ $output == *'C /etc/ld.so.conf'* ]]
	[[ $output != *libcuda* ]]
	dk dR36 rm writes
}

@test "the host's mount table and cgroups are as before" {
	local before after
	before=$(awk '{ $1 = $2 = ""; print }' /proc/self/mountinfo | sort)
	dk dR36 run --rm --network none --runtime nvidia demo:gpu true
	after=$(awk '{ $1 = $2 = ""; print }' /proc/self/mountinfo | sort)
	diff <(echo "$before") <(echo "$after")
}

@test "a runtime that nvc-cli has put into the daemon's file is there after a reload, as the default too" {
	# the last test of that daemon: what its command line named is gone with the reload
	local file=$ENGINES_DIR/dR36/daemon.json
	printf '{\n  "debug": false\n}\n' >"$file"
	"$GPU_CLI" runtime configure --config "$file" --nvidia-runtime-name gpu --nvidia-runtime-path "$GPU_RUNTIME" --set-as-default
	kill -HUP "$(docker_pid dR36)"
	for _ in {1..50}; do
		[[ $(dk dR36 info --format '{{.DefaultRuntime}}') != gpu ]] || break
		sleep 0.1
	done
	[ "$(dk dR36 info --format '{{.DefaultRuntime}} {{(index .Runtimes "gpu").Path}}')" = "gpu $GPU_RUNTIME" ]
	local nodes
	mapfile -t nodes < <(gpu_nodes R36)
	dk dR36 run --rm --network none demo:gpu cuda-probe "${nodes[@]}"
	dk dR36 run --rm --network none --runtime gpu demo:gpu cuda-probe
	grep -q '^  "debug": false,$' "$file"
}
