#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What makes a container's loader find the libraries: in-process by default, whatever the image has.

# shellcheck disable=SC2016,SC2030,SC2031 # jq programs; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

setup_file() {
	gpu_init
	gpu_board R32 R32
	gpu_board R36 R36
}

teardown_file() {
	engines_done
}

setup() {
	board=R32
	dir=$BATS_TEST_TMPDIR/b
	root=$dir/rootfs
	mkdir -p "$dir"
	cp -a "$GPU_IMAGE" "$root"
	bundle_make "$dir" rootfs
	bundle_edit "$dir" '.process.env += ["NVIDIA_VISIBLE_DEVICES=all"]'
	rm -f "$(gpu_state $board)/hook.log"
}

command_in() { # WORD...
	bundle_edit "$dir" --argjson args "$(jq -nc '$ARGS.positional' --args -- "$@")" '.process.args = $args'
}

start() { # by the hook alone, on $board
	bundle_edit "$dir" --arg hook "$GPU_HOOK" --arg config "${config-$(gpu_config "$board")}" '.hooks = {
			prestart: [{path: $hook, args: ["nvc-hook", "prestart", "--config", $config]}],
			poststop: [{path: $hook, args: ["nvc-hook", "poststop", "--config", $config]}]}'
	run_runc --v1 run --bundle "$dir" "l$$"
}

tree() {
	(cd "$root" && find . ! -type d -printf '%p %y %m %U %G %s %l %T@\n' | sort)
	find "$(gpu_state $board)" -name '*.state' -o -name '*.kept*'
}

says() { # TEXT: in exactly one line of the hook's log
	[ "$(grep -c -- "$1" "$(gpu_state $board)/hook.log")" -eq 1 ]
}

quiet() { # no line of a warning
	! grep -w warning "$(gpu_state $board)/hook.log"
}

# Runs what follows as the container's command, and sees that the image is as before after it.
starts() { # WORD...
	local before
	before=$(tree)
	command_in "$@"
	start
	diff <(echo "$before") <(tree)
}

@test "libcuda is found, and nothing is left" {
	starts cuda-probe --nodes-only
	starts cuda-probe
	quiet
}

@test "native and ldconfig write the same entries" {
	local way
	for board in R32 R36; do
		config=$BATS_TEST_TMPDIR/config.toml
		for way in native @/sbin/ldconfig; do
			sed "s,^\[nvc\],&\nldconfig = \"$way\"," "$(gpu_config $board)" >"$config"
			command_in ldconfig -p
			start >"$BATS_TEST_TMPDIR/$board.${way##*/}"
		done
		[ "$(grep -c /tegra/ "$BATS_TEST_TMPDIR/$board.native")" -gt 20 ] || [ "$(grep -c /nvidia/ "$BATS_TEST_TMPDIR/$board.native")" -gt 20 ]
		diff "$BATS_TEST_TMPDIR/$board.native" "$BATS_TEST_TMPDIR/$board.ldconfig"
	done
}

@test "the container's own ldconfig finds what we brought" {
	for board in R32 R36; do
		command_in sh -c 'ldconfig -p | sort; echo ==; ldconfig; ldconfig -p | sort'
		start >"$BATS_TEST_TMPDIR/$board.both"
		diff <(sed '/^==/,$d' "$BATS_TEST_TMPDIR/$board.both") <(sed '1,/^==/d' "$BATS_TEST_TMPDIR/$board.both")
	done
}

@test "an image without a cache" {
	rm "$root/etc/ld.so.cache"
	starts cuda-probe
	quiet
	command_in ldconfig -p
	start >"$BATS_TEST_TMPDIR/scanned"
	ldconfig -r "$root"
	rm -rf "$root/var/cache"
	start >"$BATS_TEST_TMPDIR/merged"
	diff "$BATS_TEST_TMPDIR/scanned" "$BATS_TEST_TMPDIR/merged"
}

@test "an image whose cache is damaged" {
	head -c 5000 /dev/urandom >"$root/etc/ld.so.cache"
	starts cuda-probe
	says 'cannot be read'
	truncate -s 60 "$root/etc/ld.so.cache"
	starts cuda-probe
	: >"$root/etc/ld.so.cache"
	starts cuda-probe
}

@test "a cache that is a directory or a FIFO: the start goes on, one line says it" {
	rm "$root/etc/ld.so.cache"
	mkdir "$root/etc/ld.so.cache"
	starts true
	says 'no regular file'
	rmdir "$root/etc/ld.so.cache"
	mkfifo "$root/etc/ld.so.cache"
	rm "$(gpu_state $board)/hook.log"
	starts true
	says 'no regular file'
}

@test "an image without /etc" {
	rm -rf "$root/etc"
	starts cuda-probe
	[ ! -e "$root/etc" ]
	quiet
}

@test "an ld.so.conf that includes nothing gets our directories as first lines while it runs" {
	rm -rf "$root/etc/ld.so.conf.d"
	printf '/usr/lib/x86_64-linux-gnu\n/usr/lib/aarch64-linux-gnu\n' >"$root/etc/ld.so.conf"
	starts sh -c 'head -n 1 /etc/ld.so.conf | grep ^/usr/lib/aarch64-linux-gnu/tegra && ldconfig && cuda-probe'
	[ "$(head -n 1 "$root/etc/ld.so.conf")" = /usr/lib/x86_64-linux-gnu ]
	rm "$root/etc/ld.so.conf"
	command_in sh -c 'grep tegra /etc/ld.so.conf && ldconfig && cuda-probe'
	start
	[ ! -e "$root/etc/ld.so.conf" ]
}

@test "lines that the container adds to ld.so.conf stay, ours go" {
	rm -rf "$root/etc/ld.so.conf.d"
	echo /usr/lib/x86_64-linux-gnu >"$root/etc/ld.so.conf"
	command_in sh -c 'echo /opt/own >>/etc/ld.so.conf; ldconfig; cuda-probe'
	start
	[ "$(cat "$root/etc/ld.so.conf")" = $'/usr/lib/x86_64-linux-gnu\n/opt/own' ]
	! grep -aq libcuda "$root/etc/ld.so.cache"
	grep -aq libc.so.6 "$root/etc/ld.so.cache"
}

@test "no shell, no ldconfig: a distroless image" {
	rm -rf "$root/usr/sbin" "$root/sbin" "$root/usr/bin/busybox" "$root/etc/ld.so.conf" "$root/etc/ld.so.conf.d" "$root/etc/ld.so.cache"
	find "$root/usr/bin" -type l -delete
	starts cuda-probe
	quiet
}

@test "a static program and nothing else: nothing is written, one line says so" {
	mkdir "$BATS_TEST_TMPDIR/scratch"
	cp "$(command -v busybox)" "$BATS_TEST_TMPDIR/scratch/busybox"
	rm -rf "$root"
	mv "$BATS_TEST_TMPDIR/scratch" "$root"
	starts /busybox test ! -e /etc/ld.so.cache
	says 'no loader'
}

musl_image() {
	local arch
	arch=$(uname -m)
	rm -rf "$root"/{lib,lib64,etc} "$root"/usr/{lib,lib64,sbin}
	mkdir -p "$root"/{lib,etc}
	cp -L "/lib/ld-musl-$arch.so.1" "$root/lib/"
	musl-gcc -o "$root/usr/bin/cuda-probe" "$NVC_SOURCE_DIR/tests/support/cuda-probe/cuda-probe.c"
	path=/etc/ld-musl-$arch.path
}

@test "musl: the list is created, used, and gone after" {
	musl_image
	starts sh -c "cuda-probe && head -n 1 $path | grep ^/usr/lib/aarch64-linux-gnu/ && tail -n 1 $path | grep -x /lib:/usr/local/lib:/usr/lib"
	[ ! -e "$root$path" ]
	quiet
	rmdir "$root/etc"
	starts cuda-probe
}

@test "musl: an image's list is completed once and comes back" {
	local tegra=/usr/lib/aarch64-linux-gnu/tegra
	musl_image
	printf '/lib:/opt/own\n' >"$root$path"
	starts sh -c "cuda-probe && grep -c /opt/own $path && test \$(tr : '\n' <$path | grep -cx $tegra) = 1"
	printf '/lib:/opt/own:%s\n' $tegra >"$root$path"
	starts sh -c "cuda-probe && test \$(tr : '\n' <$path | grep -cx $tegra) = 1"
	printf '/lib\n' >"$root$path"
	command_in sh -c "sed -i 's,^/lib\$,/lib:/opt/new,' $path; cuda-probe"
	start
	[ "$(cat "$root$path")" = /lib:/opt/new ]
}

@test "the image's newer copy of a library does not win, neither does its link" {
	local lib=/usr/lib/x86_64-linux-gnu tegra=/usr/lib/aarch64-linux-gnu/tegra
	[ "$(uname -m)" = x86_64 ] || skip "the image's own folder is named after this machine"
	cp "$(gpu_dir R32)$tegra/libcuda.so.1.1" "$root$lib/libcuda.so.999.0"
	mkdir -p "$root$lib/glibc-hwcaps/x86-64-v2"
	cp "$root$lib/libcuda.so.999.0" "$root$lib/glibc-hwcaps/x86-64-v2/libcuda.so.1"
	ldconfig -r "$root"
	rm -rf "$root/var/cache"
	[ "$(ldconfig -r "$root" -p | grep -c 'libcuda\.so\.1 ')" -eq 2 ]
	starts sh -c "cuda-probe --json | grep $tegra/libcuda.so.1"
}

@test "entries that name empty files are left out" {
	local lib=/usr/lib/x86_64-linux-gnu
	[ "$(uname -m)" = x86_64 ] || skip "the image's own folder is named after this machine"
	cp "$(gpu_dir R32)/usr/lib/aarch64-linux-gnu/tegra/libcuda.so.1.1" "$root$lib/libother.so.1"
	sed -i 's/libcuda\.so\.1/libother.so./' "$root$lib/libother.so.1"
	ldconfig -r "$root"
	rm -rf "$root/var/cache"
	ldconfig -r "$root" -p | grep libother
	: >"$root$lib/libother.so.1"
	starts sh -c 'ldconfig -p | grep libother && exit 1; cuda-probe'
	says 'empty files'
}

@test "hundreds of thousands of names and an endless include end in time" {
	local i
	rm "$root/etc/ld.so.cache"
	echo 'include /etc/ld.so.conf' >>"$root/etc/ld.so.conf"
	mkfifo "$root/etc/ld.so.conf.d/x.conf" "$root/usr/lib/libfifo.so.1"
	truncate -s 4G "$root/etc/ld.so.conf.d/y.conf" "$root/usr/lib/libsparse.so.1"
	for ((i = 0; i < 300; i++)); do echo "include /etc/ld.so.conf.d/$i.conf" >"$root/etc/ld.so.conf.d/$((i + 1)).conf"; done
	(cd "$root/usr/lib" && seq -f 'libmany%06g.so.1' 1 60000 | xargs touch)
	SECONDS=0
	starts cuda-probe
	((SECONDS < 60))
}
