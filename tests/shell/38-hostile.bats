#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Hostile images, volumes and environments, besides those of tests/attacks: whatever happens, nothing
# outside the root tree changes, the host gets no mount, and a stopped container leaves the image as it
# was.

bats_require_minimum_version 1.5.0

# shellcheck disable=SC2016,SC2030,SC2031,SC2034 # scripts for another shell; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

setup_file() {
	gpu_init
	gpu_board R36 R36
}

teardown_file() {
	engines_done
}

setup() {
	export dir=$BATS_TEST_TMPDIR/b canary=$BATS_TEST_TMPDIR/canary lib=usr/lib/aarch64-linux-gnu
	mkdir -p "$dir" "$canary"/{dir,etc,lib}
	echo file | tee "$canary/file" "$canary/lib/libcuda.so.1.1" "$canary/etc/ld.so.cache" >/dev/null
	cp -a "$GPU_IMAGE" "$dir/rootfs"
	bundle_make "$dir" rootfs
	bundle_edit "$dir" '.process.env += ["NVIDIA_VISIBLE_DEVICES=all"] | .process.args = ["sleep", "9"]'
	prefix='[]' # a command in front of the hook
	: >"$BATS_TEST_TMPDIR/log"
	sed "s#^log-file = .*#log-file = \"$BATS_TEST_TMPDIR/log\"#" "$(gpu_config R36)" >"$BATS_TEST_TMPDIR/config.toml"
}

hooks() { # PROFILE
	bundle_edit "$dir" --arg enosys "$NVC_BUILD_DIR/tests/support/enosys" --arg hook "$GPU_HOOK" --arg profile "$1" \
		--arg config "$BATS_TEST_TMPDIR/config.toml" --argjson prefix "$prefix" '
		def entry($stage): {path: ($prefix + [$enosys])[0], args: ($prefix + [$enosys, $profile, "--", $hook, "--debug", "--config", $config, $stage])};
		.hooks = {prestart: [entry("prestart")], poststop: [entry("poststop")]}'
}

volume() { # SOURCE DESTINATION OPTION,...
	bundle_edit "$dir" --arg source "$1" --arg destination "$2" --arg options "$3" \
		'.mounts += [{type: "bind", source: $source, destination: $destination, options: ($options | split(","))}]'
}

outside() {
	find "$canary" -printf '%P %i %y %m %U %G %s %T@ %l\n' | sort
	find "$canary" -type f -exec sha256sum {} +
	cut -d' ' -f3- /proc/self/mountinfo
}

inside() {
	(cd "$dir/rootfs" && find . \( -type d -printf '%p %y %m %U %G\n' \) -o -printf '%p %y %m %U %G %s %l %T@\n' | sort)
}

low() {
	timeout -s KILL 40 "$ENGINES_RUNC" --root "$ENGINES_DIR/runc" "$@" </dev/null
}

# Creates the container, does what the container would do, deletes it; rc is what creating gave.
live() {
	local id=h$BATS_TEST_NUMBER before rc=0
	cd "$dir/rootfs" || exit
	eval "$prepare"
	cd /
	before=$(outside)
	inside >"$BATS_TEST_TMPDIR/before"
	low create --bundle "$dir" "$id" >"$BATS_TEST_TMPDIR/out" 2>&1 || rc=$?
	echo "$rc" >"$BATS_TEST_TMPDIR/rc"
	diff <(echo "$before") <(outside)
	cd "$dir/rootfs" || exit
	eval "$during"
	cd /
	low delete -f "$id" || true
	diff <(echo "$before") <(outside)
	inside >"$BATS_TEST_TMPDIR/after"
}

# In a mount namespace that plays the host.
hostile() { # PROFILE PREPARE [DURING], which are run in the root tree
	hooks "$1"
	export prepare=$2 during=${3-}
	export -f live low outside inside volume bundle_edit
	"$NVC_SOURCE_DIR/tests/support/enter" --v1 bash -euo pipefail -c live
	rc=$(cat "$BATS_TEST_TMPDIR/rc")
}

with_ldconfig() { # the second way: the host's program, in a jail
	# what is executed then on purpose does not count where that is recorded
	prefix="[\"$NVC_SOURCE_DIR/tests/support/exempt\"]"
	sed -i 's,^\[nvc\]$,&\nldconfig = "@/sbin/ldconfig",' "$BATS_TEST_TMPDIR/config.toml"
}

started() { # and nothing is left in the image
	[ "$rc" -eq 0 ]
	diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}

@test "ld.so.cache is no file, or none that holds together" {
	local prepare
	for prepare in 'mkdir' mkfifo 'ln -s ld.so.cache' 'head -c 9999 /dev/urandom >' 'truncate -s 80M' 'truncate -s 63M' 'printf "glibc-ld.so.cache1.1\377\377\377\177" >' 'mknod -m 666' ; do
		rm -rf "$dir/rootfs"
		cp -a "$GPU_IMAGE" "$dir/rootfs"
		[[ $prepare != mknod* ]] || prepare="$prepare \"\$@\" c 1 5 #"
		hostile now "rm etc/ld.so.cache; set -- etc/ld.so.cache; $prepare \"\$@\""
		started
	done
	# ours, which lay in the directories that were read then, are not the image's
	run ! grep "that the image has itself" "$BATS_TEST_TMPDIR/log"
}

# What ldconfig cannot open it says.
unopened() {
	started
	grep -q 'zero.conf.*Permission denied' "$BATS_TEST_TMPDIR/log"
}

@test "device nodes and FIFOs of the image are not opened" {
	local profile
	for profile in now r32; do
		hostile $profile 'rm etc/ld.so.cache; for d in usr/lib/lib etc/ld.so.conf.d/; do mknod ${d}zero.so.1.conf c 1 5 && mkfifo ${d}fifo.so.1.conf; done; mknod usr/lib/libzero.so.1 c 1 5; mkfifo usr/lib/libfifo.so.1'
		started
		rm -rf "$dir/rootfs"
		cp -a "$GPU_IMAGE" "$dir/rootfs"
	done
}

@test "the log of the kernel is neither read nor waited for" {
	local profile
	timeout 2 cat /proc/kmsg >/dev/null || true # there is nothing in it, so far
	for profile in now r32; do
		hostile $profile 'ln -sf /proc/kmsg etc/ld.so.conf.d/kmsg.conf; ln -sf /proc/kmsg usr/lib/libkmsg.so.1; rm -f etc/ld.so.cache'
		started
	done
}

@test "device nodes of the image are not opened: by ldconfig" {
	with_ldconfig
	hostile now 'mknod etc/ld.so.conf.d/zero.conf c 1 5 && mknod usr/lib/libzero.so.1 c 1 5'
	unopened
}

@test "device nodes of the image are not opened: by ldconfig, old system calls" {
	with_ldconfig
	hostile r32 'mknod etc/ld.so.conf.d/zero.conf c 1 5 && mknod usr/lib/libzero.so.1 c 1 5'
	unopened
}

@test "a volume on ld.so.conf.d: it stays as it is, and the cache is written all the same" {
	hostile now 'rm -r etc/ld.so.conf.d/*; volume "$canary/dir" /etc/ld.so.conf.d rbind'
	started
	grep -q 'would have to be created in a volume' "$BATS_TEST_TMPDIR/log"
	grep -q 'loader cache updated' "$BATS_TEST_TMPDIR/log"
}

@test "a 4 GiB ld.so.conf and one that includes itself" {
	hostile now 'truncate -s 4G etc/ld.so.conf.d/big.conf && echo "include /etc/ld.so.conf" >>etc/ld.so.conf'
	started
}

@test "ldconfig writes nothing to a volume" {
	with_ldconfig
	hostile now 'rm -rf var && mkdir -p var "$canary/var/cache/ldconfig" && volume "$canary/var" /var rbind'
	started
}

@test "ldconfig writes nothing to a volume: old system calls" {
	with_ldconfig
	hostile r32 'rm -rf var && mkdir -p var "$canary/var/cache/ldconfig" && volume "$canary/var" /var rbind'
	started
}

@test "a stopping container has turned /etc into a link to the host" {
	hostile now '' 'mv etc etc.old && ln -s "$canary/etc" etc'
	[ "$rc" -eq 0 ]
}

@test "a stopping container has turned the cache into a FIFO and a folder into a link to the host" {
	hostile now '' 'rm etc/ld.so.cache && mkfifo etc/ld.so.cache && mv $lib/nvidia $lib/old && ln -s "$canary/lib" $lib/nvidia'
	[ "$rc" -eq 0 ]
}

@test "a stopping container has turned /etc into a link to a mount that the host has below the rootfs" {
	hostile now 'rm etc/ld.so.conf.d/nvidia-tegra.conf; echo /opt >etc/ld.so.conf; mkdir vol "$canary/vol"
		echo /usr/lib/aarch64-linux-gnu/nvidia >"$canary/vol/ld.so.conf"; mount --bind "$canary/vol" vol' \
		'grep -q aarch64-linux-gnu/nvidia etc/ld.so.conf && mv etc etc.old && ln -s vol etc'
	[ "$rc" -eq 0 ]
}

@test "a record that became a link, or is not one, takes nothing back" {
	hostile now '' 'echo garbage | tee "$ENGINES_DIR"/state-R36/state/*.state >/dev/null'
	[ "$rc" -eq 0 ]
	hostile now 'rm -rf ../rootfs/* && cp -a "$GPU_IMAGE"/. .' 'ln -sf "$canary/file" "$ENGINES_DIR"/state-R36/state/h*.state'
	[ "$rc" -eq 0 ]
}

@test "killed at any moment: the next start heals" {
	local delay
	for delay in 0.01 0.02 0.03 0.04 0.06; do
		printf '#!/bin/bash\ncat >"%s/state.in"\n"%s" "$@" <"%s/state.in" &\nsleep %s\nkill -9 $! 2>/dev/null\nwait\nexit 1\n' \
			"$dir" "$GPU_HOOK" "$dir" "$delay" >"$dir/killed"
		chmod +x "$dir/killed"
		inside >"$BATS_TEST_TMPDIR/first"
		GPU_HOOK=$dir/killed hostile now ''
		[ "$rc" -ne 0 ]
		hostile now ''
		[ "$rc" -eq 0 ]
		diff "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/after"
	done
}

@test "killed between making a directory, a link or a file and its note: the next start heals" {
	local at call n
	inside >"$BATS_TEST_TMPDIR/first"
	# the fd of a new directory's parent is doubled right after mkdir
	for at in fcntl:{35..55..5} symlinkat:2 symlinkat:9 linkat:1 linkat:20 utimensat:1; do
		call=${at%:*} n=${at#*:}
		printf '#!/bin/sh\nexec strace -qq -o /dev/null -e trace=%s -e inject=%s:signal=SIGKILL:when=%s "%s" "$@"\n' \
			"$call" "$call" "$n" "$GPU_HOOK" >"$dir/killed"
		chmod +x "$dir/killed"
		GPU_HOOK=$dir/killed hostile now ''
		[ "$rc" -ne 0 ]
		hostile now ''
		[ "$rc" -eq 0 ]
		diff "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/after"
	done
}

@test "killed, and the id comes round again with another image: that one keeps its cache" {
	# ldconfig waits for a writer of the FIFO, and the hook for ldconfig
	with_ldconfig
	printf '#!/bin/sh\ntimeout -s KILL 1 "%s" "$@"\nexit 1\n' "$GPU_HOOK" >"$dir/killed"
	chmod +x "$dir/killed"
	cp -a "$GPU_IMAGE" "$dir/other"
	echo another >"$dir/other/etc/ld.so.cache"
	GPU_HOOK=$dir/killed hostile now 'mkfifo etc/ld.so.conf.d/wait.conf && bundle_edit "$dir" "del(.hooks.poststop)"'
	[ "$rc" -ne 0 ]
	[ -e "$(gpu_state R36)/state/h$BATS_TEST_NUMBER.kept0" ]
	hostile now 'cd .. && mv rootfs first && mv other rootfs && cd rootfs'
	started
}

@test "libraries below a name of four thousand bytes that want links: the record keeps within its bounds" {
	# an x86-64 library with the SONAME libS1000.so.9; bytes that take three each in a record
	local library=H4sIAAAAAAACA6t39XFjYmRkgAFmBjsGBI+BwYEBEzgwWDAwQWVAalkZcIP/aDSDAIRiAmI2IN4AFUanHdBoDigNs+sDlOaC0vxQmg9KM+JyUE5mUrChgYGBXnG+niUDAPaxTmn/AAAA
	base64 -d <<<$library | gunzip >"$BATS_TEST_TMPDIR/library"
	hostile now 'name=$(printf "\\351%.0s" {1..240}); d=; for i in {1..16}; do d=$d/$name; done; mkdir -p ".$d"; cd ".$d"
		for i in {1001..2100}; do LC_ALL=C sed "s/S1000/S$i/" "$BATS_TEST_TMPDIR/library" >lib$i.so; done
		cd "$dir/rootfs"; rm etc/ld.so.cache; echo "$d" >>etc/ld.so.conf'
	started
}

@test "names from the image do not write lines into the log" {
	bundle_edit "$dir" '.process.env += ["NVIDIA_VISIBLE_DEVICES=0\n2026-01-01T00:00:00Z error forged: line\u001b[31m"]'
	hostile now ''
	[ "$rc" -ne 0 ]
	run grep -cE '^2026-01-01|'$'\033' "$BATS_TEST_TMPDIR/log"
	[ "$output" -eq 0 ]
}

# An engine may run in a mount namespace of its own, and its runtime may be wrong about a process.
@test "a state that names the machine's first process mounts nothing there" {
	bundle_edit "$dir" '.process.env += ["NVIDIA_VISIBLE_DEVICES=all"]'
	printf '{"ociVersion":"1.0.2","id":"first","status":"creating","pid":1,"root":"%s","bundle":"%s"}' "$dir/rootfs" "$dir" >"$BATS_TEST_TMPDIR/state"
	run unshare --mount --pid --fork --mount-proc bash -c '
		unshare --mount "$@" <"$0/state" && exit
		grep -F "$0" /proc/self/mountinfo
	' "$BATS_TEST_TMPDIR" "$GPU_HOOK" --config "$BATS_TEST_TMPDIR/config.toml" prestart
	[ "$status" -eq 1 ]
	[[ $output == 'nvc-hook: process 1 has no mount namespace of its own'* ]]
}
