#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A Jetson Nano built by OpenEmbedded, JetPack 4.3 (L4T R32.3.1), with all lists of that time; the
# image brings Python and a program, CUDA and cuDNN come from the board:
#     docker run --runtime nvidia -it IMAGE python3 ./tensorflow_demo.py

# shellcheck disable=SC2016 # words of the container's shell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

setup_file() {
	local cases=$NVC_SOURCE_DIR/tests/cases/uses tree
	gpu_init
	gpu_board nano nano --lists "$cases/nano-r32.3.1"
	sed -i 's/REVISION: [0-9.]*/REVISION: 3.1/' "$(gpu_dir nano)/etc/nv_tegra_release"
	# the board's own libraries are on its loader's path, and so are those of CUDA
	docker_start uses --board "$(gpu_dir nano)" -- --add-runtime "nvidia=$GPU_RUNTIME"
	tree=$ENGINES_DIR/python
	gpu_tree "$tree" python3 || return 0
	cp "$cases/tensorflow_demo/tensorflow_demo.py" "$tree/root/"
	tar -C "$tree" -c . | dk uses import --change 'ENV NVIDIA_VISIBLE_DEVICES=all' \
		--change 'ENV NVIDIA_REQUIRE_CUDA=cuda>=10.0' --change 'ENV PYTHONDONTWRITEBYTECODE=1' --change 'WORKDIR /root' - tensorflow:nano >/dev/null
}

teardown_file() {
	docker_stop uses
	engines_done
}

setup() {
	gpu_ready
}

# on a terminal, as -t wants it
on_terminal() { # COMMAND...
	SHELL=$BASH script -qec "$(printf '%q ' "$@")" /dev/null </dev/null | tr -d '\r'
}

@test "docker run --runtime nvidia -it IMAGE python3 ./tensorflow_demo.py" {
	local name
	on_terminal docker -H "unix://$ENGINES_DIR/uses/sock" run --name demo --network none --runtime nvidia -it tensorflow:nano \
		python3 ./tensorflow_demo.py >"$BATS_TEST_TMPDIR/out" || { cat "$BATS_TEST_TMPDIR/out" && false; }
	grep -x 'Found 1 device' "$BATS_TEST_TMPDIR/out"
	# in this order
	grep -oE 'library lib[^ ]*' "$BATS_TEST_TMPDIR/out" | cut -d ' ' -f 2 >"$BATS_TEST_TMPDIR/order"
	printf '%s\n' libcudart.so.10.0 libcuda.so.1 libcublas.so.10.0 libcufft.so.10.0 libcurand.so.10.0 libcusolver.so.10.0 \
		libcusparse.so.10.0 libcudnn.so.7 | diff - "$BATS_TEST_TMPDIR/order"
	# each from where the lists have it
	for name in cudart cublas cufft curand cusolver cusparse; do
		grep -F "Successfully opened dynamic library lib$name.so.10.0 /usr/local/cuda-10.0/lib/lib$name.so.10.0.326" "$BATS_TEST_TMPDIR/out"
	done
	grep -F 'Successfully opened dynamic library libcuda.so.1 /usr/lib/libcuda.so.1.1' "$BATS_TEST_TMPDIR/out"
	grep -F 'Successfully opened dynamic library libcudnn.so.7 /usr/lib/libcudnn.so.7.6.3' "$BATS_TEST_TMPDIR/out"
	run dk uses diff demo
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	dk uses rm demo
}

@test "every list counts, and TensorRT and VisionWorks with its two parts are there" {
	run dk uses run --rm --network none --runtime nvidia tensorflow:nano sh -c '
		for lib in nvinfer.so.6 nvparsers.so.6 visionworks.so visionworks_sfm.so visionworks_tracking.so; do
			python3 -c "import ctypes; ctypes.CDLL(\"lib$lib\")" || exit 1
		done; ls -d /usr/share/visionworks /usr/local/cuda/lib'
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = /usr/local/cuda/lib ]
}

@test "without the runtime the program says which library it misses" {
	run dk uses run --rm --network none tensorflow:nano python3 ./tensorflow_demo.py
	[ "$status" -eq 1 ]
	[[ $output == *'OSError: libcudart.so.10.0: cannot open shared object file'* ]]
}

@test "an image for a newer CUDA is told the board's, and the way around" {
	run dk uses run --rm --network none --runtime nvidia -e 'NVIDIA_REQUIRE_CUDA=cuda>=10.2' tensorflow:nano echo
	[ "$status" -ne 0 ]
	[[ $output == *'NVIDIA_REQUIRE_CUDA is not met: needs cuda>=10.2 (have 10.0)'* ]]
	dk uses run --rm --network none --runtime nvidia -e 'NVIDIA_REQUIRE_CUDA=cuda>=10.2' -e NVIDIA_DISABLE_REQUIRE=1 tensorflow:nano echo
}
