#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The child that loads NVIDIA's libraries, with stand-ins for them: what it tells, what it has and may
# do while it hangs in one, and what is left of it. tests/unit/test_driver*.c have the rest.

bats_require_minimum_version 1.5.0

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

CHILD=$NVC_BUILD_DIR/driver/nvc-driver

setup() {
	[[ -x $CHILD ]] || skip "built without NVC_NVML"
	D=$BATS_TEST_TMPDIR
	chmod 755 "$D" "$BATS_TMPDIR" "$BATS_RUN_TMPDIR" 2>/dev/null || true
	mkdir -p "$D/root/etc" "$D/root/usr/lib64" "$D/root/proc/driver/nvidia"
	cp "$NVC_BUILD_DIR"/tests/support/nvml/lib*.so.1 "$D/root/usr/lib64"
	echo 'NVRM version: 550.54.15' >"$D/root/proc/driver/nvidia/version"
	gpus 2
}

teardown() {
	[[ -z ${asker-} ]] || kill -KILL "$asker" 2>/dev/null || true
}

rule() { # LINE...
	printf '%s\n' "$@" >>"$D/root/etc/stand-in-nvml"
}

gpus() { # NUMBER [MIG]
	printf '%s\n' 'driver 550.54.15' 'cuda 12.4' >"$D/root/etc/stand-in-nvml"
	local i
	for ((i = 0; i < $1; i++)); do
		rule "$(printf 'gpu minor=%d busid=00000000:%02x:00.0 uuid=GPU-0000000%d-1111-2222-3333-444444444444 brand=14 compute=9.0 mig=%s name=NVIDIA H200' \
			"$i" "$((16 + i))" "$i" "${2:-none}")"
	done
}

ask() { # OPTION...
	${exec_or_run-} "$NVC_BUILD_DIR/tests/support/askdriver" --root "$D/root" --host-root "$D/root" --program "$CHILD" "$@"
}

# Asks in the background something that hangs; the child's number in $child when it does so.
ask_and_hang() { # OPTION...
	rule "${verb:-hang} nvmlDeviceGetName"
	exec_or_run="exec" ask --timeout "${timeout:-20000}" "$@" >"$D/out" 2>"$D/log" 3>&- &
	asker=$!
	for _ in {1..200}; do
		child=$(pgrep -P "$asker" -x nvc-driver | head -n 1) || true
		# two threads: all has been given up, and the library is being asked
		if [[ $child ]] && [[ $(echo "/proc/$child/task/"*) == *' '* ]] &&
			grep -q libnvidia-ml "/proc/$child/maps" 2>/dev/null; then
			sleep 0.1
			return
		fi
		sleep 0.02
	done
	false
}

ends() { # PID: within some seconds; one whose parent has gone waits for the machine's init then
	for _ in {1..250}; do
		[[ $(awk '/^State:/ { print $2 }' "/proc/$1/status" 2>/dev/null || true) == [RSDTt] ]] || return 0
		sleep 0.02
	done
	false
}

# No child of this test's.
none_left() {
	local pid
	for pid in $(pgrep -x nvc-driver); do
		[[ $(readlink "/proc/$pid/root" || true) != "$(realpath "$D/root")" ]] || return 1
	done
}

is() { # FIELD VALUE of the child's status
	local value
	value=$(awk -v field="$1:" '$1 == field { $1 = ""; sub(/^ /, ""); print }' "/proc/$child/status")
	[[ $value == "$2" ]] || { echo "$1 is '$value', not '$2'" && false; }
}

@test "two GPUs, eight, and those with MIG devices are told, with what /proc knew" {
	run --separate-stderr ask --gpu 00000000:11:00.0,1
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = 'asked=1 version=550.54.15 cuda=12.4' ]
	[ "${lines[1]}" = 'gpu index=0 kind=discrete minor=0 busid=00000000:10:00.0 uuid=GPU-00000000-1111-2222-3333-444444444444 brand=Nvidia compute=9.0 mig=none source=NVML model=NVIDIA H200' ]
	[[ ${lines[2]} == 'gpu index=1 '*' source=/proc '* ]]
	gpus 8
	run --separate-stderr ask
	[ "$(grep -c ^gpu <<<"$output")" -eq 8 ]
	gpus 2 on
	rule 'mig gpu=1 index=0 gi=3 ci=0 uuid=MIG-00000000-1111-2222-3333-444444444444'
	run --separate-stderr ask --gpu 00000000:10:00.0,0 --gpu 00000000:11:00.0,1 --mig 1,3,0
	[[ $output == *'mig gpu=1 index=0 gi=3 ci=0 uuid=MIG-00000000-1111-2222-3333-444444444444'* ]]
	[ "$(grep -c ^mig <<<"$output")" -eq 1 ]
}

@test "missing symbols are missing facts; no libraries are no error, and one line" {
	rule 'missing nvmlDeviceGetUUID' 'missing nvmlDeviceGetBrand' 'missing nvmlDeviceGetMigMode'
	run ask
	[ "$status" -eq 0 ]
	[[ $output == *'uuid=- brand=- compute=9.0'* ]]
	[[ $output == *'lacks '*nvmlDeviceGetUUID* ]]
	rm "$D"/root/usr/lib64/*
	run ask
	[ "$status" -eq 0 ]
	[ "$(grep -c 'was not asked' <<<"$output")" -eq 1 ]
	[[ $output == *asked=0* ]]
}

@test "while it hangs the child has a socket and a pipe, no environment, no rights, and another root" {
	exec 17</etc/passwd 18>"$D/leak"
	ask_and_hang
	[ "$(cd "/proc/$child/fd" && echo *)" = '0 1 2 3 4' ]
	for fd in 0 1 2; do [ "$(readlink "/proc/$child/fd/$fd")" = /dev/null ]; done
	[[ $(readlink "/proc/$child/fd/3") == socket:* ]]
	[[ $(readlink "/proc/$child/fd/4") == pipe:* ]]
	[ "$(wc -c <"/proc/$child/environ")" -eq 0 ]
	[ "$(tr '\0' ' ' <"/proc/$child/cmdline")" = 'nvc-driver ' ]
	[ "$(readlink "/proc/$child/root")" = "$(realpath "$D/root")" ]
	is Uid '65534 65534 65534 65534'
	is Gid '65534 65534 65534 65534'
	[[ -z $(awk '/^Groups:/ { print $2 }' "/proc/$child/status") ]]
	for set in CapInh CapPrm CapEff CapAmb CapBnd; do is "$set" 0000000000000000; done
	is NoNewPrivs 1
	is Seccomp 2
	grep -qE '^Max core file size +0 +0 ' "/proc/$child/limits"
	grep -qE '^Max file size +0 +0 ' "/proc/$child/limits"
	grep -qE '^Max cpu time +25 +26 ' "/proc/$child/limits"
	# and so with the fence around its parent, which needs no more rights than it keeps
	kill -KILL "$asker"
	ends "$child"
	ask_and_hang --confine 1
	is Uid '65534 65534 65534 65534'
	for set in CapInh CapPrm CapEff CapAmb CapBnd; do is "$set" 0000000000000000; done
	[ "$(readlink "/proc/$child/root")" = "$(realpath "$D/root")" ]
	[ "$(awk '/^CapInh:/ { print $2 }' "/proc/$asker/status")" = 00000000000400c0 ] # SETGID SETUID SYS_CHROOT
}

@test "a library that hangs, also busily, is ended at the deadline, by the call's name" {
	for verb in hang busy; do
		gpus 1
		timeout=300 ask_and_hang
		wait "$asker" && false
		[ "$(cat "$D/out")" = "error 110: ask the driver's library: nvmlDeviceGetName took longer than 300 ms" ]
		[ ! -e "/proc/$child" ]
	done
	# stopped, it does not see that its parent has let go
	gpus 1
	timeout=1500 ask_and_hang
	kill -STOP "$child"
	wait "$asker" && false
	[[ $(cat "$D/out") == *'nvmlDeviceGetName took longer'* ]]
	[ ! -e "/proc/$child" ]
}

@test "a library that crashes, ends, lies or sends a gigabyte is an error in one line" {
	while IFS='|' read -r line words; do
		gpus 1
		rule "$line"
		run --separate-stderr ask
		[ "$status" -eq 1 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"$words"* ]] || { echo "$line: $output" && false; }
	done <<-'END'
		crash nvmlInit_v2|in nvmlInit_v2 by signal 11
		exit nvmlDeviceGetName 0|in nvmlDeviceGetName with code 0
		garbage nvmlDeviceGetName|in nvmlDeviceGetName
		huge nvmlDeviceGetName|a message of 1073741824 bytes
		error nvmlInit_v2 18|Driver/library version mismatch (18)
	END
	none_left
}

@test "a child killed from outside is an error that names the call; its parent killed takes it along" {
	ask_and_hang
	kill -KILL "$child"
	wait "$asker" && false
	[[ $(cat "$D/out") == *"ended in nvmlDeviceGetName by signal 9" ]]
	for verb in hang busy; do
		gpus 1
		ask_and_hang
		kill -KILL "$asker"
		ends "$child"
	done
	# stopped: the kernel lets it go on, and hang up, since nobody else is left to do it
	gpus 1
	ask_and_hang
	kill -STOP "$child"
	kill -KILL "$asker"
	ends "$child"
}

@test "the library can do nothing but ask" {
	chmod 777 "$D/root"
	rule 'attack nvmlInit_v2'
	run --separate-stderr ask --confine 1
	[ "$(grep -c 'model=attack:$' <<<"$output")" -eq 2 ]
	run --separate-stderr ask
	[ "$(grep -c 'model=attack:$' <<<"$output")" -eq 2 ]
	[ "$(find "$D/root" -newer "$D/root/etc/stand-in-nvml" ! -type d | wc -l)" -eq 0 ]
}

@test "the library neither gets the caller's terminal nor looks into others of its user" {
	mkdir -p "$D/root/dev"
	mknod -m 666 "$D/root/dev/tty" c 5 0
	rule 'attack nvmlInit_v2'
	for confine in 0 1; do
		SHELL=$BASH run script -qec "$(declare -p NVC_BUILD_DIR D CHILD); $(declare -f ask); ask --confine $confine" /dev/null </dev/null
		echo "$output"
		[ "$(grep -c 'model=attack:.$' <<<"$output")" -eq 2 ] # the terminal ends lines in CR LF
	done
	[[ ${NVC_PROFILE-now} == now ]] || return 0 # what keeps it from others is Landlock
	# a machine root of its own: the driver root's /proc is the machine's here, as a driver container's is
	mkdir -p "$D/machine"
	cp -a "$D/root/proc" "$D/machine"
	setpriv --reuid 65534 --regid 65534 --clear-groups sleep 60 3>&- &
	neighbour=$!
	for _ in {1..100}; do [[ $(stat -c %u "/proc/$neighbour") == 65534 ]] && break || sleep 0.02; done
	# shellcheck disable=SC2016 # of that shell
	run unshare --mount sh -c 'mount -t proc proc "$1/root/proc" && shift && exec "$@"' - "$D" \
		"$NVC_BUILD_DIR/tests/support/askdriver" --root "$D/root" --host-root "$D/machine" --program "$CHILD"
	kill "$neighbour"
	echo "$output"
	[ "$(grep -c 'model=attack:$' <<<"$output")" -eq 2 ]
}

@test "the user is the settings', or the caller's if he is not root, also in a user namespace" {
	ask_and_hang --user 1234:44
	is Uid '1234 1234 1234 1234'
	is Gid '44 44 44 44'
	kill -KILL "$asker"
	gpus 2
	chmod -R go+rX "$D"
	run --separate-stderr unshare --user --map-root-user "$NVC_BUILD_DIR/tests/support/askdriver" --root "$D/root" \
		--host-root "$D/root" --program "$CHILD"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == asked=1* ]]
	run setpriv --reuid 1234 --regid 1234 --clear-groups -- "$NVC_BUILD_DIR/tests/support/askdriver" --root "$D/root" \
		--host-root "$D/root" --program "$CHILD"
	[ "$status" -eq 0 ]
	[[ $output == *'was not asked'*'Operation not permitted'* ]]
}

@test "the calls of an older kernel do" {
	for profile in r32 r35; do
		run --separate-stderr "$NVC_BUILD_DIR/tests/support/enosys" $profile -- "$NVC_BUILD_DIR/tests/support/askdriver" \
			--root "$D/root" --host-root "$D/root" --program "$CHILD" --cache "$D/cache-$profile" --version 1
		[[ ${lines[0]} == asked=1* ]]
	done
}

@test "a kept answer starts no child" {
	mkdir -p "$D/root/proc/sys/kernel/random"
	echo 1111-2222 >"$D/root/proc/sys/kernel/random/boot_id"
	run --separate-stderr ask --version 550.54.15 --cache "$D/cache"
	first=$output
	run --separate-stderr strace -f -o "$D/calls" -e trace=execveat,clone,clone3,fork,vfork,socketpair \
		"$NVC_BUILD_DIR/tests/support/askdriver" --root "$D/root" --host-root "$D/root" --program "$CHILD" \
		--version 550.54.15 --cache "$D/cache"
	[ "$output" = "$first" ]
	run ! grep -qvE '\+\+\+ exited' "$D/calls"
	[ "$(stat -c %a "$D/cache")" = 700 ]
}

@test "a board without that driver, or without need of it, starts no child and loads no libtirpc" {
	gpu_init
	gpu_board R36 R36
	sed -i 's/^root = .*/&\nno-cgroups = true/' "$(gpu_config R36)"
	cp -a "$GPU_IMAGE" "$D/rootfs"
	bundle_make "$D" rootfs
	bundle_edit "$D" '.process.env += ["NVIDIA_VISIBLE_DEVICES=all"]'
	for version in no yes; do
		if [[ $version == yes ]]; then
			mkdir -p "$(gpu_dir R36)/proc/driver/nvidia"
			echo 'NVRM version: 540.3.0' >"$(gpu_dir R36)/proc/driver/nvidia/version"
		fi
		"$NVC_BUILD_DIR/tests/support/cell" --id "child-$version" "$D" -- strace -f -qq -o "$D/calls-$version" \
			-e trace=execve,execveat,fork,vfork,clone,clone3,socketpair,openat,openat2 "$GPU_HOOK" --config "$(gpu_config R36)"
		[ -s "$D/calls-$version" ]
		run ! grep -E 'nvc-driver|libtirpc|socketpair|execveat|fork\(' "$D/calls-$version"
		[ "$(grep -c 'execve(' "$D/calls-$version")" -le 2 ] # the hook itself, prestart and poststop
		run ! grep -E 'clone\(' <(grep -v CLONE_THREAD "$D/calls-$version")
	done
	engines_done
}

@test "of libtirpc the programs have XDR, from its archive, and nothing else" {
	for file in hook/nvc-hook hook/nvc-runtime cli/nvc-cli driver/nvc-driver lib/libnvc.so; do
		run readelf -d "$NVC_BUILD_DIR/$file"
		[[ $output != *tirpc* ]]
		run nm "$NVC_BUILD_DIR/$file"
		[[ $output != *' clnt'* && $output != *' svc'* && $output != *gss_* && $output != *getnetconfig* ]]
	done
	nm "$NVC_BUILD_DIR/driver/nvc-driver" | grep -q ' xdr_string$'
	run readelf -lW "$CHILD"
	[[ $output == *INTERP* ]] # it has to load libraries
}

@test "NVC_NVML=OFF compiles without rpcgen and libtirpc, and says so instead of asking" {
	cmake -S "$NVC_SOURCE_DIR" -B "$D/off" -G Ninja -DNVC_NVML=OFF -DNVC_TESTS=OFF -DNVC_STATIC_PROGRAMS=OFF \
		-DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER="${NVC_CC:-cc}" -DCMAKE_C_FLAGS='-Werror -Drpc_rpc_h=1' >"$D/cmake.log"
	mapfile -t objects < <(ninja -C "$D/off" -t targets all | sed -n 's/^\(lib\/CMakeFiles\/nvc_host.dir\/[^:]*\.o\):.*/\1/p')
	[ "${#objects[@]}" -gt 10 ]
	ninja -C "$D/off" "${objects[@]}" >"$D/ninja.log"
	[[ ${objects[*]} == */driver.c.o* && ${objects[*]} != */driverask.c.o* ]]
	run nm -A -u "${objects[@]/#/$D/off/}"
	run ! grep -E ' (driver(answer|ask|cache|check|merge|user|calls)_?[a-z]*|xdr[a-z_]*)$' <<<"$output"
	run nm "$D/off/lib/CMakeFiles/nvc_host.dir/host/driver.c.o"
	[[ $output == *' T host_ask_driver'* && $output != *xdr* ]]
	run ! grep -riE 'tirpc|rpcgen' "$D/off/build.ninja"
}
