#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The low-level runtime inherits no descriptor of the shim's, after an edit of the bundle or without.

bats_require_minimum_version 1.5.0

setup() {
	RUNTIME=$NVC_BUILD_DIR/hook/nvc-runtime
	DIR=$BATS_TEST_TMPDIR
	local lists=$DIR/board/etc/nvidia-container-runtime/host-files-for-container.d
	mkdir -p "$DIR/bin" "$DIR/bundle/rootfs" "$lists" "$DIR/board/usr/lib"
	chmod 755 "$DIR/board" "$DIR/board/usr" "$DIR/board/usr/lib"
	echo '# R35 (release), REVISION: 4.1, GCID: 1, BOARD: x' >"$DIR/board/etc/nv_tegra_release"
	echo 'lib, /usr/lib/libcuda.so' >"$lists/l4t.csv"
	echo x >"$DIR/board/usr/lib/libcuda.so"
	chmod -R go-w "$DIR/board"
	printf '#!/bin/sh\nexec ls -l /proc/self/fd >"%s/fds"\n' "$DIR" >"$DIR/bin/lowlevel"
	cp "$DIR/bin/lowlevel" "$DIR/bin/hook"
	chmod 755 "$DIR/bin/lowlevel" "$DIR/bin/hook"
	printf '%s\n' '[nvidia-container-cli]' "root = \"$DIR/board\"" '[nvc]' "host-root = \"$DIR/board\"" \
		'[nvidia-container-runtime-hook]' "path = \"$DIR/bin/hook\"" '[nvidia-container-runtime]' \
		"runtimes = [\"$DIR/bin/lowlevel\"]" "debug = \"$DIR/debug.log\"" 'log-level = "debug"' >"$DIR/config.toml"
	chmod 644 "$DIR/config.toml"
	export NVIDIA_CTK_CONFIG_FILE_PATH=$DIR/config.toml
}

# Numbers of the descriptors that the dummy had, without that of ls itself.
descriptors() {
	sed -nE 's/.* ([0-9]+) -> ([^ ]*)$/\1 \2/p' "$DIR/fds" | grep -vE ' /proc/[0-9]+/fd$' | cut -d' ' -f1 | sort -n | tr '\n' ' '
}

# The runtime gets what the engine has, which is what the dummy gets without the shim.
create() { # VALUE
	local expected
	printf '{"process":{"env":["NVIDIA_VISIBLE_DEVICES=%s"]},"root":{"path":"rootfs"}}\n' "$1" >"$DIR/bundle/config.json"
	run "$DIR/bin/lowlevel"
	expected=$(descriptors)
	[[ $expected == '0 1 2 '* ]]
	rm "$DIR/fds"
	run "$RUNTIME" --log "$DIR/engine.log" --log-format json create --bundle "$DIR/bundle" c1
	echo "$output"
	[ "$status" -eq 0 ]
	cat "$DIR/fds"
	[ "$(descriptors)" = "$expected" ]
}

@test "a container without GPU: the runtime has the engine's descriptors and no other" {
	create void
	run ! grep -q hook "$DIR/bundle/config.json"
}

@test "a container with GPU, bundle edited and logs open: the same" {
	create none
	grep -q hook "$DIR/bundle/config.json"
	[ -s "$DIR/debug.log" ]
}

@test "what the engine hands over on purpose is still there" {
	exec 7>"$DIR/handed"
	create void
	[[ " $(descriptors)" == *' 7 '* ]]
}
