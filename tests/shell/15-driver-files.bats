#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Machines with NVIDIA's driver in a folder (support/driver), and which of its files are found there.

bats_require_minimum_version 1.5.0

setup_file() {
	umask 022
	touch "$BATS_FILE_TMPDIR/config.toml"
	export machine=$BATS_FILE_TMPDIR/machine
	make_machine "$machine"
}

# make_machine [OPTION...] DIR
make_machine() {
	"$NVC_BUILD_DIR/tests/support/driver" --no-nodes "$@" >/dev/null
}

# on DIR COMMAND...: with an empty configuration, the machine's own does not count
on() {
	"$NVC_BUILD_DIR/cli/nvc-cli" --config "$BATS_FILE_TMPDIR/config.toml" --root "$1" --host-root "$1" "${@:2}"
}

# names DIR OPTION...: file names that list gives, sorted
names() {
	on "$@" | sed 's,.*/,,' | sort
}

@test "each library of the machine's class loads" {
	count=0
	while read -r library; do
		run --separate-stderr env LD_PRELOAD="$library" true
		[ "$status" -eq 0 ]
		[ -z "$stderr" ] || { echo "$library: $stderr"; false; }
		count=$((count + 1))
	done < <(find "$machine/usr/lib/$(uname -m)-linux-gnu" -type f -name 'lib*.so*')
	[ "$count" -gt 35 ]
}

@test "the loader's cache is one for ldconfig, too" {
	ldconfig=$(PATH=$PATH:/sbin:/usr/sbin command -v ldconfig)
	run "$ldconfig" -C "$machine/etc/ld.so.cache" -p
	[ "$status" -eq 0 ]
	[[ $output == *"libcuda.so.1 (libc6,"*" => /usr/lib/$(uname -m)-linux-gnu/libcuda.so.1"* ]]
}

@test "libraries of the driver are listed, and nobody else's" {
	run -0 names "$machine" list --libraries
	[[ $output == *libcuda.so.550.54.15* ]]
	[[ $output == *libnvidia-egl-gbm.so.1.1.1* ]]
	[[ $output == *libvdpau_nvidia.so.550.54.15* ]]
	[[ $output != *libcudart* ]]
	[[ $output != *libnvidia-container* ]]
	[[ $output != *libGL.so* ]]
	[[ $output != *libOpenCL* ]]
}

@test "every layout of directories gives the same libraries" {
	names "$machine" list --libraries >"$BATS_TEST_TMPDIR/expected"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/expected")" -gt 30 ]
	# X has its modules elsewhere on NixOS
	sed -i '/nvidia_drv\|libglxserver/d' "$BATS_TEST_TMPDIR/expected"
	for layout in multiarch lib64 nix; do
		for cache in "" --no-cache; do
			rm -rf "$BATS_TEST_TMPDIR/root"
			# shellcheck disable=SC2086 # cache may be no word
			make_machine --libdir $layout $cache "$BATS_TEST_TMPDIR/root"
			names "$BATS_TEST_TMPDIR/root" list --libraries | sed '/nvidia_drv\|libglxserver/d' |
				diff - "$BATS_TEST_TMPDIR/expected"
		done
	done
}

@test "a machine of another architecture has its own libraries" {
	other=aarch64
	[ "$(uname -m)" != aarch64 ] || other=x86_64
	make_machine --machine $other "$BATS_TEST_TMPDIR/root"
	run -0 on "$BATS_TEST_TMPDIR/root" list --libraries
	[[ $output == */usr/lib/$other-linux-gnu/libcuda.so.550.54.15* ]]
}

@test "stale entries of the cache change nothing and are told once" {
	make_machine --stale "$BATS_TEST_TMPDIR/root"
	names "$machine" list --libraries >"$BATS_TEST_TMPDIR/expected"
	run -0 --separate-stderr names "$BATS_TEST_TMPDIR/root" list --libraries
	diff - "$BATS_TEST_TMPDIR/expected" <<<"$output"
	on "$BATS_TEST_TMPDIR/root" --debug="$BATS_TEST_TMPDIR/log" list >/dev/null
	[ "$(grep -c "cache is stale" "$BATS_TEST_TMPDIR/log")" -eq 1 ]
}

@test "libraries of another version than the module's are left out" {
	make_machine --version 535.104.05 "$BATS_TEST_TMPDIR/root"
	sed -i 's/535\.104\.05/550.54.15/' "$BATS_TEST_TMPDIR/root/proc/driver/nvidia/version"
	run -0 on "$BATS_TEST_TMPDIR/root" list --libraries
	[[ $output != *535.104.05* ]]
	run -0 on "$BATS_TEST_TMPDIR/root" list --json
	jq -e '[.. | strings | select(contains("is not of version 550.54.15, which is loaded"))] | length > 0' <<<"$output"
}

@test "a library that everybody may write is left out and told" {
	make_machine "$BATS_TEST_TMPDIR/root"
	chmod 666 "$BATS_TEST_TMPDIR/root/usr/lib/$(uname -m)-linux-gnu/libcuda.so.550.54.15"
	run -0 --separate-stderr on "$BATS_TEST_TMPDIR/root" list --libraries
	[[ $output != */usr/lib/$(uname -m)-linux-gnu/libcuda.so* ]]
	[[ $output == *libnvidia-ml.so* ]]
	[[ $stderr == *"can be written by everybody"* ]]
}

@test "WSL has the driver of Windows" {
	make_machine --wsl "$BATS_TEST_TMPDIR/root"
	mkdir -p "$BATS_TEST_TMPDIR/root/dev"
	[ "$(id -u)" -ne 0 ] || mknod "$BATS_TEST_TMPDIR/root/dev/dxg" c 10 125
	[ -c "$BATS_TEST_TMPDIR/root/dev/dxg" ] || skip "a node needs root"
	run -0 on "$BATS_TEST_TMPDIR/root" list --libraries --binaries
	[[ $output == */usr/lib/wsl/lib/libdxcore.so* ]]
	[[ $output == */usr/lib/wsl/lib/nvidia-smi* ]]
	[[ $output == */usr/lib/wsl/drivers/nv_dispi.inf_amd64_0123456789abcdef/libcuda.so.1.1* ]]
}

@test "a hybrid has the files of both drivers" {
	make_machine --board orin "$BATS_TEST_TMPDIR/root"
	run -0 on "$BATS_TEST_TMPDIR/root" list --libraries
	[[ $output == *libcuda.so.550.54.15* ]]
	[[ $output == *libcuda.so.1.1* ]]
}
