#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A development container on a PC with two GPUs, Docker 19.03 or later: a script starts it with
# --gpus all, the caller's own user and a mounted work folder; `docker exec` into it; its remote device
# is a Jetson with JetPack 4.4 (CUDA 10.2), where a server runs with --runtime nvidia.

bats_require_minimum_version 1.5.0

# shellcheck disable=SC2016 # words of the container's shell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

setup_file() {
	local cases=$NVC_SOURCE_DIR/tests/cases/uses/development tree
	gpu_init
	# the lists of JetPack 4.3 with the next CUDA
	cp -r "$NVC_SOURCE_DIR/tests/cases/uses/nano-r32.3.1" "$ENGINES_DIR/lists"
	sed -i 's/10\.0\.326/10.2.89/; s/10\.0/10.2/' "$ENGINES_DIR"/lists/*.csv
	gpu_board jetson nano --lists "$ENGINES_DIR/lists"
	sed -i 's/REVISION: [0-9.]*/REVISION: 4.3/' "$(gpu_dir jetson)/etc/nv_tegra_release"
	gpu_driver pc --gpus 2
	docker_start jetson --board "$(gpu_dir jetson)" -- --add-runtime "nvidia=$GPU_RUNTIME"
	docker_start pc --board "$(gpu_dir pc)" --path "$(gpu_path)"
	tree=$ENGINES_DIR/python
	gpu_tree "$tree" python3 || return 0
	cp "$cases"/*.py "$tree/root/"
	chmod 755 "$tree/root"
	tar -C "$tree" -c . | dk jetson import --change 'ENV NVIDIA_VISIBLE_DEVICES=all' --change 'ENV NVIDIA_REQUIRE_CUDA=cuda>=10.2' - server >/dev/null
	# --gpus asks; the image says nothing
	tar -C "$tree" -c . | dk pc import --change 'ENV PYTHONDONTWRITEBYTECODE=1' - dev >/dev/null
	mkdir -p "$ENGINES_DIR/work"
	chown 1000:1000 "$ENGINES_DIR/work"
	printf '#!/bin/sh\nexec /usr/bin/docker -H unix://%s/pc/sock "$@"\n' "$ENGINES_DIR" >"$ENGINES_DIR/docker"
	chmod 755 "$ENGINES_DIR/docker"
}

teardown_file() {
	docker_stop pc
	docker_stop jetson
	engines_done
}

setup() {
	gpu_ready
}

# The script as the user 1000, who may use docker's socket.
script() { # COMMAND...
	chown 0:1000 "$ENGINES_DIR/pc/sock"
	chmod 660 "$ENGINES_DIR/pc/sock"
	(cd "$ENGINES_DIR/work" && setpriv --reuid 1000 --regid 1000 --clear-groups env HOME=/tmp DOCKER="$ENGINES_DIR/docker" \
		"$NVC_SOURCE_DIR/tests/cases/uses/development/docker_dev.sh" dev "$@")
}

@test "the script's container has both GPUs, the caller's user and folder; the Jetson answers it" {
	local port i
	dk jetson run -d --name server --network host --runtime nvidia server python3 /root/server.py libcudart.so.10.2 >/dev/null
	for ((i = 0; i < 100; i++)); do
		port=$(dk jetson logs server 2>&1 | sed -n 's/^listening on //p')
		[[ ! $port ]] || break
		sleep 0.1
	done
	dk jetson logs server
	run script python3 /root/client.py "$port"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = 'here 2' ]
	[ "${lines[1]}" = 'there 10020 libcudart.so.10.2' ]
	[ "$(stat -c '%u %g' "$ENGINES_DIR/work/result")" = '1000 1000' ]
	dk jetson rm -f server >/dev/null
}

@test "docker exec into it finds the driver and every node" {
	script sleep 1000 &
	local i pid=$!
	for ((i = 0; i < 100; i++)); do
		[[ $(dk pc inspect --format '{{.State.Running}}' dev 2>/dev/null) != true ]] || break
		sleep 0.1
	done
	run dk pc exec dev sh -c 'id -u; id -g; pwd; python3 -c "import ctypes; print(ctypes.CDLL(\"libcuda.so.1\").cuInit(0))"; ls /dev/nvidia*'
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[0]} ${lines[1]} ${lines[2]} ${lines[3]}" = '1000 1000 /workspace 0' ]
	[[ $output == *'/dev/nvidia0'*'/dev/nvidia1'* ]]
	# granted: a node without a driver behind it is ENXIO, not EPERM
	run dk pc exec dev python3 -c 'import os
for name in "nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm":
    try:
        os.open("/dev/" + name, os.O_RDWR)
    except OSError as e:
        print(name, os.strerror(e.errno))'
	echo "$output"
	[ "$status" -eq 0 ]
	run -1 grep -E 'not permitted|denied|No such file' <<<"$output"
	dk pc rm -f dev >/dev/null
	wait "$pid" || true
}

@test "one GPU of the two by --gpus device=1" {
	run dk pc run --rm --network none --gpus '"device=1"' dev sh -c 'ls /dev/nvidia[0-9]'
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = /dev/nvidia1 ]
}
