#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images for amd64, arm64v8 and arm32v7 on a Jetson whose default runtime is nvidia, run plainly:
#     docker run IMAGE
# An image for which the board has no driver files starts all the same.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"
# shellcheck source=tests/support/binfmt.sh
. "$NVC_SOURCE_DIR/tests/support/binfmt.sh"

triplet() { # ARCHITECTURE
	case $1 in
	amd64) echo x86_64-linux-gnu ;;
	arm64) echo aarch64-linux-gnu ;;
	armhf) echo arm-linux-gnueabihf ;;
	esac
}

loader() { # ARCHITECTURE
	case $1 in
	amd64) echo /lib64/ld-linux-x86-64.so.2 ;;
	arm64) echo /lib/ld-linux-aarch64.so.1 ;;
	armhf) echo /lib/ld-linux-armhf.so.3 ;;
	esac
}

# A program of the architecture that wants CUDA: the image's own loader says what it would load.
image() { # ARCHITECTURE
	local tree=$ENGINES_DIR/image-$1
	"$NVC_SOURCE_DIR/tests/support/debimage.sh" "$tree" - "$1" || return
	mkdir -p "$tree/opt"
	clang "--target=$(triplet "$1")" -shared -nostdlib -fuse-ld=lld -Wl,-soname,libcuda.so.1 -o "$ENGINES_DIR/libcuda.so.1" -x c /dev/null
	clang "--target=$(triplet "$1")" -shared -nostdlib -fuse-ld=lld -Wl,--no-as-needed -o "$tree/opt/wants-cuda" -x c /dev/null \
		-x none "$ENGINES_DIR/libcuda.so.1"
	cat >"$tree/opt/start" <<-END
		#!/bin/sh
		echo "machine \$(uname -m)"
		$(loader "$1") --list /opt/wants-cuda 2>&1 | grep libcuda
		echo end
	END
	chmod 755 "$tree/opt/start"
	tar -C "$tree" -c . | dk multi import --change 'CMD ["/opt/start"]' - "plain:$1" >/dev/null
	tar -C "$tree" -c . | dk multi import --change 'CMD ["/opt/start"]' --change 'ENV NVIDIA_VISIBLE_DEVICES=all' - "gpu:$1" >/dev/null
}

setup_file() {
	local arch rc=0
	gpu_init
	# the runtime starts each container: nothing on the command line asks for it
	gpu_board multi xavier --machine aarch64
	docker_start multi --board "$(gpu_dir multi)" -- --add-runtime "nvidia=$GPU_RUNTIME" --default-runtime nvidia
	for arch in amd64 arm64 armhf; do
		image "$arch" >"$ENGINES_DIR/log" 2>&1 || { rc=$? && break; }
	done
	if ((rc == 0)); then binfmt_register x86_64 aarch64 arm >"$ENGINES_DIR/log" 2>&1 || rc=$?; fi
	printf '%s\n' "${binfmt_own[@]}" >"$ENGINES_DIR/binfmt"
	echo "$binfmt_mounted" >"$ENGINES_DIR/binfmt-mounted"
	gpu_prepared "$rc"
}

teardown_file() {
	mapfile -t binfmt_own < <(grep . "$ENGINES_DIR/binfmt")
	binfmt_mounted=$(cat "$ENGINES_DIR/binfmt-mounted")
	docker_stop multi
	binfmt_remove
	engines_done
}

setup() {
	gpu_ready
}

hook_log() {
	cat "$(gpu_state multi)/hook.log" 2>/dev/null || true
}

@test "arm64v8: the board's libraries are the image's" {
	run dk multi run --rm --network none gpu:arm64
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "machine aarch64" ]
	[[ ${lines[1]} == *'libcuda.so.1 => /usr/lib/aarch64-linux-gnu/tegra/libcuda.so.1 '* ]]
	[ "${lines[2]}" = end ]
}

# starts with what it has, and one line of the log says what it has not
foreign() { # ARCHITECTURE MACHINE
	local before
	before=$(hook_log | wc -l)
	run dk multi run --name foreign --network none "gpu:$1"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "machine $2" ]
	[[ ${lines[1]} == *'libcuda.so.1: cannot open shared object file: No such file or directory' ]]
	[ "${lines[2]}" = end ]
	hook_log | tail -n "+$((before + 1))" | tee "$BATS_TEST_TMPDIR/log"
	[ "$(grep -c "the image's programs are for another machine\|none of the .* for the machine of the image's own programs" "$BATS_TEST_TMPDIR/log")" -eq 1 ]
	[ -z "$(dk multi diff foreign)" ]
}

teardown() {
	dk multi rm foreign >/dev/null 2>&1 || true
}

@test "amd64: starts without driver files that fit, and one line says so" {
	foreign amd64 x86_64
}

@test "arm32v7: starts without driver files that fit, and one line says so" {
	foreign armhf armv7l
}

@test "images that ask for nothing run as with runc" {
	local arch before
	before=$(hook_log | wc -l)
	for arch in amd64 arm64 armhf; do
		run dk multi run --rm --network none "plain:$arch"
		echo "$output"
		[ "$status" -eq 0 ]
		[[ ${lines[1]} == *'libcuda.so.1: cannot open shared object file: No such file or directory' ]]
	done
	[ "$(hook_log | wc -l)" -eq "$before" ]
}
