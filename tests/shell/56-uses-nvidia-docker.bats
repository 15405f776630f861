#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# An image of Ubuntu 14.04's time with CUDA 7.5 (legacy variables only, the older ld.so.cache):
#     nvidia-docker run -it -p 8888:8888 -p 6006:6006 -v /sharedfolder:/root/sharedfolder IMAGE bash
# and its CPU-only twin, which must start on a machine without a GPU. The daemons have a network
# namespace of their own, so the ports are free.

# shellcheck disable=SC2016 # words of the container's shell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

daemon() { # NAME
	local net=nvc-$1-$$
	ip netns add "$net"
	ip -n "$net" link set lo up
	ip -n "$net" link add bridge0 type bridge
	ip -n "$net" addr add 172.31.255.1/24 dev bridge0
	ip -n "$net" link set bridge0 up
	echo "$net" >"$ENGINES_DIR/net-$1"
	docker_start "$1" --trace "nsenter --net=/run/netns/$net" --board "$(gpu_dir "$1")" -- --add-runtime "nvidia=$GPU_RUNTIME" --bridge=bridge0
}

setup_file() {
	local tree
	gpu_init
	gpu_driver server --gpus 2
	mkdir -p "$(gpu_dir none)"/{dev,etc,proc,sys,usr}
	board_config "$(gpu_dir none)" "$(gpu_state none)"
	daemon server
	daemon none
	tree=$ENGINES_DIR/trusty
	gpu_tree "$tree" bash python3 || return 0
	# what the images of that time have, and the cache as glibc 2.19 writes it: the old table in front
	mkdir -p "$tree/usr/local/cuda-7.5/lib64"
	printf '%s\n' /usr/local/cuda-7.5/lib64 >"$tree/etc/ld.so.conf.d/cuda.conf"
	printf '%s\n' /usr/local/nvidia/lib /usr/local/nvidia/lib64 >"$tree/etc/ld.so.conf.d/nvidia.conf"
	ldconfig -c compat -r "$tree" 2>/dev/null
	[ "$(head -c 11 "$tree/etc/ld.so.cache")" = ld.so-1.7.0 ]
	rm -rf "$tree/var/cache/ldconfig"
	local legacy=(--change 'ENV CUDA_VERSION=7.5.18' --change 'ENV LD_LIBRARY_PATH=/usr/local/nvidia/lib:/usr/local/nvidia/lib64'
		--change 'ENV PATH=/usr/local/nvidia/bin:/usr/local/cuda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
		--change 'LABEL com.nvidia.volumes.needed=nvidia_driver' --change 'LABEL com.nvidia.cuda.version=7.5.18')
	tar -C "$tree" -c . | dk server import "${legacy[@]}" - dl-docker:gpu >/dev/null
	tar -C "$tree" -c . | dk none import - dl-docker:cpu >/dev/null
	tar -C "$tree" -c . | dk none import "${legacy[@]}" - dl-docker:gpu >/dev/null
	mkdir -p "$ENGINES_DIR/sharedfolder"
}

teardown_file() {
	docker_stop server
	docker_stop none
	ip netns del "$(cat "$ENGINES_DIR/net-server")"
	ip netns del "$(cat "$ENGINES_DIR/net-none")"
	engines_done
}

setup() {
	gpu_ready
}

# The command line on a terminal; words for the shell inside come from standard input.
on_terminal() { # DAEMON TAG
	local command
	command=$(printf '%q ' env NV_DOCKER="docker -H unix://$ENGINES_DIR/$1/sock" "$NVC_SOURCE_DIR/cli/nvidia-docker" run -it \
		-p 8888:8888 -p 6006:6006 -v "$ENGINES_DIR/sharedfolder:/root/sharedfolder" --name legacy "dl-docker:$2" bash)
	# the terminal stays open until the test is through
	{ cat && while [[ ! -e $BATS_TEST_TMPDIR/through ]]; do sleep 0.2; done; } | SHELL=$BASH script -qec "$command" /dev/null >"$BATS_TEST_TMPDIR/terminal" 2>&1
}

teardown() {
	touch "$BATS_TEST_TMPDIR/through"
}

wait_for() { # SECONDS COMMAND...
	local i limit=$(($1 * 10))
	shift
	for ((i = 0; i < limit; i++)); do
		if "$@" >/dev/null 2>&1; then return 0; fi
		sleep 0.1
	done
	cat "$BATS_TEST_TMPDIR/terminal"
	return 1
}

in_net() { # DAEMON COMMAND...
	ip netns exec "$(cat "$ENGINES_DIR/net-$1")" "${@:2}"
}

@test "nvidia-docker run -it -p 8888:8888 -p 6006:6006 -v ...: CUDA, both ports and the folder" {
	cat >"$BATS_TEST_TMPDIR/words" <<-'END'
		python3 -c 'import ctypes; print("cuda", ctypes.CDLL("libcuda.so.1").cuInit(0))' >/root/sharedfolder/answer
		ls /dev | grep nvidia >/root/sharedfolder/nodes
		nvidia-smi --version >/dev/null 2>&1; ls /usr/bin/nvidia-smi >>/root/sharedfolder/answer
		cd /root/sharedfolder; python3 -m http.server 8888 & python3 -m http.server 6006 &
	END
	on_terminal server gpu <"$BATS_TEST_TMPDIR/words" &
	wait_for 20 in_net server busybox wget -qO- http://127.0.0.1:8888/answer
	wait_for 20 in_net server busybox wget -qO- http://127.0.0.1:6006/nodes
	cat "$ENGINES_DIR/sharedfolder/answer" "$ENGINES_DIR/sharedfolder/nodes"
	grep -x 'cuda 0' "$ENGINES_DIR/sharedfolder/answer"
	grep -x /usr/bin/nvidia-smi "$ENGINES_DIR/sharedfolder/answer"
	# all devices, as these images expect
	grep -x nvidia0 "$ENGINES_DIR/sharedfolder/nodes"
	grep -x nvidia1 "$ENGINES_DIR/sharedfolder/nodes"
	# all capabilities
	run dk server exec legacy sh -c 'ls /usr/lib/*/libGLX_nvidia.so.0 /usr/lib/*/libnvcuvid.so.1'
	echo "$output"
	[ "$status" -eq 0 ]
	# the cache is still one that glibc 2.19 reads
	[ "$(dk server exec legacy head -c 11 /etc/ld.so.cache)" = ld.so-1.7.0 ]
	dk server rm -f legacy >/dev/null
	touch "$BATS_TEST_TMPDIR/through"
	wait
}

@test "the CPU-only twin starts on a machine without a GPU" {
	echo 'echo here >/root/sharedfolder/cpu' | on_terminal none cpu &
	wait_for 20 test -s "$ENGINES_DIR/sharedfolder/cpu"
	dk none rm -f legacy >/dev/null
	touch "$BATS_TEST_TMPDIR/through"
	wait
}

@test "the GPU image there says why not, and starts with mode-when-missing" {
	run dk none run --rm --network none --runtime nvidia dl-docker:gpu true
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *'no GPU found'* ]]
	run dk none run --rm --network none --runtime nvidia --annotation nvc.mode-when-missing=start dl-docker:gpu echo up
	# docker before 24 has no --annotation
	[[ $output == up* || $output == *'unknown flag: --annotation'* ]]
	sed -i 's/^\[nvc\]/&\nmode-when-missing = "start"/' "$(gpu_config none)"
	run dk none run --rm --network none --runtime nvidia dl-docker:gpu echo up
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = up ]
	[ "$(grep -c 'no GPU found' "$(gpu_state none)"/*.log)" -ge 1 ]
}
