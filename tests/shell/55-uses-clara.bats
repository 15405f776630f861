#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Clara AGX: a Xavier with a discrete RTX 6000, docker's default runtime is nvidia:
#     docker run -t --rm --shm-size=1G -v in:/input -v model:/model -v out:/output IMAGE

bats_require_minimum_version 1.5.0

# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

setup_file() {
	local tree
	gpu_init
	gpu_driver clara --board xavier --gpus 1 --model 'Quadro RTX 6000' --version 455.38
	docker_start clara --board "$(gpu_dir clara)" -- --add-runtime "nvidia=$GPU_RUNTIME" --default-runtime nvidia
	tree=$ENGINES_DIR/python
	gpu_tree "$tree" python3 || return 0
	mkdir -p "$tree/app"
	cp "$NVC_SOURCE_DIR/tests/cases/uses/clara/app.py" "$tree/app/"
	tar -C "$tree" -c . | dk clara import --change 'ENV NVIDIA_VISIBLE_DEVICES=all' --change 'ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility' \
		--change 'ENV NVIDIA_REQUIRE_CUDA=cuda>=11.0' --change 'CMD ["python3", "/app/app.py"]' - operator >/dev/null
	local volume
	for volume in in model out; do dk clara volume create "$volume" >/dev/null; done
	dk clara run --rm --network none -e NVIDIA_VISIBLE_DEVICES=void -v in:/input -v model:/model operator \
		sh -c 'echo 6 >/input/image; echo 7 >/model/weights'
}

teardown_file() {
	docker_stop clara
	engines_done
}

setup() {
	gpu_ready
}

operate() { # DOCKER-ARGUMENT...
	SHELL=$BASH script -qec "$(printf '%q ' docker -H "unix://$ENGINES_DIR/clara/sock" run -t --rm --network none --shm-size=1G \
		-v in:/input -v model:/model -v out:/output "$@" operator)" /dev/null </dev/null | tr -d '\r'
}

@test "the operator computes by the discrete card's driver" {
	operate >"$BATS_TEST_TMPDIR/out" || { cat "$BATS_TEST_TMPDIR/out" && false; }
	cat "$BATS_TEST_TMPDIR/out"
	grep -E '^(\^@)?driver /usr/lib/[^ ]*/libcuda.so.455.38$' "$BATS_TEST_TMPDIR/out"
	grep -x "shm $((1 << 30))" "$BATS_TEST_TMPDIR/out"
	grep -E '^nodes .*nvidia1 .*nvidiactl' "$BATS_TEST_TMPDIR/out"
	[ "$(dk clara run --rm --network none -e NVIDIA_VISIBLE_DEVICES=void -v out:/output operator cat /output/result)" = '6 * 7' ]
}

@test "by kind: the discrete card alone, or the board's own GPU alone" {
	operate -e NVIDIA_VISIBLE_DEVICES=dgpu >"$BATS_TEST_TMPDIR/dgpu"
	cat "$BATS_TEST_TMPDIR/dgpu"
	grep -E 'driver /usr/lib/[^ ]*/libcuda.so.455.38$' "$BATS_TEST_TMPDIR/dgpu"
	run -1 grep -c nvhost "$BATS_TEST_TMPDIR/dgpu"
	operate -e NVIDIA_VISIBLE_DEVICES=igpu -e NVIDIA_DISABLE_REQUIRE=1 >"$BATS_TEST_TMPDIR/igpu"
	cat "$BATS_TEST_TMPDIR/igpu"
	grep -E 'driver /usr/lib/aarch64-linux-gnu/tegra/libcuda.so.1.1$' "$BATS_TEST_TMPDIR/igpu"
	run -1 grep -w nvidia1 "$BATS_TEST_TMPDIR/igpu"
}
