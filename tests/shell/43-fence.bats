#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The fence, seen from outside: the real hook is stopped at a call of each phase, and the kernel says
# what it still may do. tests/unit/test_fence.c looks from inside and tries.

# shellcheck disable=SC2016,SC2030,SC2031 # scripts of another shell; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

setup_file() {
	gpu_init
	gpu_board R36 R36
	sed -i 's/^root = .*/&\nno-cgroups = true/' "$(gpu_config R36)"
}

teardown_file() {
	engines_done
}

setup() {
	dir=$BATS_TEST_TMPDIR/b
	calls=$BATS_TEST_TMPDIR/calls
	: >"$calls"
	mkdir -p "$dir"
	cp -a "$GPU_IMAGE" "$dir/rootfs"
	bundle_make "$dir" rootfs
	bundle_edit "$dir" '.process.env += ["NVIDIA_VISIBLE_DEVICES=all"]'
}

teardown() {
	[[ -z ${cell-} ]] || kill -KILL "$cell" 2>/dev/null || true
}

cell() { # STAGES COMMAND...
	local stages=$1
	shift
	"$NVC_BUILD_DIR/tests/support/cell" --id "fence$BATS_TEST_NUMBER" --stages "$stages" "$dir" -- "$@"
}

hook() { # STAGES: in the background; stops at each rename, and where the first places for mounts are made
	cell "$1" strace -f -qq -o "$calls" -e trace=renameat,renameat2,linkat \
		-e inject=renameat,renameat2:signal=STOP -e inject=linkat:signal=STOP:when=1 \
		"$GPU_HOOK" --config "$(gpu_config R36)" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	cell=$!
}

# The next stop: its thread in $tid, its process in $pid, the call in $call.
stops=0
next_stop() {
	stops=$((stops + 1))
	for _ in {1..1000}; do
		tid=$(grep -- '--- SIGSTOP {' "$calls" | sed -n "${stops}s/ .*//p")
		[[ -z $tid ]] || break
		sleep 0.02
	done
	[ -n "$tid" ]
	pid=$(awk '/^Tgid:/ {print $2}' "/proc/$tid/status")
	call=$(grep "^$tid " "$calls" | grep -v -- '---' | tail -n 1 | sed 's/^[0-9]* *//')
}

go_on() {
	kill -CONT "$pid"
}

names=(CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
	NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
	SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
	MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE)

caps() { # TID FIELD
	local mask i words=()
	mask=$((16#$(awk -v field="$2:" '$1 == field {print $2}' "/proc/$1/status")))
	for i in "${!names[@]}"; do
		! ((mask >> i & 1)) || words+=("${names[i]}")
	done
	echo "${words[*]:-none}"
}

status() { # TID FIELD
	awk -v field="$2:" '$1 == field {print $2}' "/proc/$1/status"
}

own() { # NAME...: those of them that this test has itself
	local mine name words=()
	mine=" $(caps self CapPrm) "
	for name; do [[ $mine != *" $name "* ]] || words+=("$name"); done
	echo "${words[*]:-none}"
}

phase() { # NAME THREAD FILTERS CAPABILITY...
	local name=$1 thread=$2 filters=$3 kind=main
	shift 3
	next_stop
	((tid == pid)) || kind=thread
	printf '# %-8s %-6s filters %s  %s\n' "$name" "$kind" "$(status "$tid" Seccomp_filters)" "$(caps "$tid" CapPrm)" >&3
	echo "stopped in $call"
	[ "$kind" = "$thread" ]
	[ "$(caps "$tid" CapPrm)" = "$(own "$@")" ]
	[ "$(caps "$tid" CapEff)" = "$(own "$@")" ]
	[ "$(caps "$tid" CapInh)" = none ]
	[ "$(caps "$tid" CapBnd)" = none ]
	[ "$(caps "$tid" CapAmb)" = none ]
	[ "$(status "$tid" NoNewPrivs)" = 1 ]
	[ "$(status "$tid" Seccomp)" = 2 ]
	# there may be one around all of this
	[ "$(status "$tid" Seccomp_filters)" = $((filters + $(status self Seccomp_filters))) ]
}

@test "prestart and poststop hold less from phase to phase" {
	hook prestart,poststop
	phase prepare main 1 CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID SETGID SETUID SYS_CHROOT SYS_PTRACE SYS_ADMIN
	[[ $call == rename*.new*.state* ]]
	go_on
	phase inside main 1 CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID SYS_CHROOT SYS_ADMIN
	[[ $call == linkat* ]]
	go_on
	phase files thread 1 CHOWN DAC_OVERRIDE FOWNER FSETID
	[[ $call == rename*kept0* ]]
	# the thread that waits can take its mounts back
	[ "$(caps "$pid" CapPrm)" = "$(own CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID SYS_CHROOT SYS_ADMIN)" ]
	go_on
	phase files thread 1 CHOWN DAC_OVERRIDE FOWNER FSETID
	[[ $call == rename*ld.so.cache* ]]
	go_on
	phase back main 1
	[[ $call == rename*.new*.state* ]]
	[ "$(readlink "/proc/$pid/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ]
	go_on
	while [ -e "/proc/$pid" ]; do sleep 0.02; done
	: >"$calls"
	stops=0
	phase poststop thread 1 CHOWN DAC_OVERRIDE FOWNER FSETID
	[[ $call == rename*ld.so.cache* ]]
	go_on
	wait "$cell"
}

@test "nvc-cli configure is fenced too" {
	cell prestart sh -c "pid=\$(sed 's/.*\"pid\":\([0-9]*\).*/\1/');
		exec strace -f -qq -o '$calls' -e trace=seccomp,capset,$(engines_attach) \
		'$GPU_CLI' --config '$(gpu_config R36)' configure --no-cgroups --device=all --pid=\$pid '$dir/rootfs'"
	[ "$(grep -c 'seccomp(SECCOMP_SET_MODE_FILTER.* = 0' "$calls")" -eq 1 ]
	grep -q "$(engines_attach)(.* = 0" "$calls"
	tail -n 2 "$calls" | grep -q 'capset(.*effective=0, permitted=0'
}

@test "without Landlock, as on L4T R32 and R35, one debug line says so" {
	local profile log
	log=$(gpu_state R36)/hook.log
	for profile in r32 r35; do
		: >"$log"
		cell prestart,poststop "$NVC_BUILD_DIR/tests/support/enosys" "$profile" -- \
			"$GPU_HOOK" --debug --config "$(gpu_config R36)"
		grep -q 'loader cache updated' "$log"
		[ "$(grep -c 'the kernel has no Landlock' "$log")" -eq 2 ]
	done
}

@test "without seccomp filters the hook works" {
	local log
	log=$(gpu_state R36)/hook.log
	: >"$log"
	if grep -q '^NVC_SECCOMP:BOOL=OFF' "$NVC_BUILD_DIR/CMakeCache.txt"; then # by cross/options
		cell prestart "$GPU_HOOK" --config "$(gpu_config R36)"
		[ "$(grep -c 'no system call filters: this build has none' "$log")" -eq 1 ]
		return 0
	fi
	cell prestart,poststop "$NVC_BUILD_DIR/tests/support/enosys" seccomp -- "$GPU_HOOK" --debug --config "$(gpu_config R36)"
	grep -q 'loader cache updated' "$log"
	grep -q 'a system call filter: the kernel has none' "$log"
}

@test "a fence that cannot be set keeps the container from starting" {
	local call
	for call in capset seccomp landlock_restrict_self unshare; do
		[[ $call != landlock* || ${NVC_PROFILE-now} == now ]] || continue
		run cell prestart strace -f -qq -o "$calls" -e "inject=$call:error=ENOMEM:when=$([[ $call == capset ]] && echo 2 || echo 1)" \
			"$GPU_HOOK" --config "$(gpu_config R36)"
		echo "$call: $output"
		[ "$status" -eq 1 ]
		[[ $output == *'nvc-hook: '* ]]
		[ "$(cd "$dir/rootfs" && find . -newer "$dir/config.json" -name 'libcuda*' | wc -l)" -eq 0 ]
	done
}

@test "the shim has no capability in effect but those of files while it edits, all of them for runc" {
	local before
	ls /proc/self/fd 77</dev/null >"$BATS_TEST_TMPDIR/usual"
	printf '#!/bin/sh\ngrep CapEff /proc/self/status >%s\nls /proc/self/fd >%s\necho "$MARK" >%s\n' \
		"$BATS_TEST_TMPDIR/caps" "$BATS_TEST_TMPDIR/fds" "$BATS_TEST_TMPDIR/env" >"$BATS_TEST_TMPDIR/runc"
	chmod 755 "$BATS_TEST_TMPDIR/runc"
	sed "s#^runtimes = .*#runtimes = [\"$BATS_TEST_TMPDIR/runc\"]#" "$(gpu_config R36)" >"$BATS_TEST_TMPDIR/config.toml"
	before=$(grep CapEff /proc/self/status)
	NVIDIA_CTK_CONFIG_FILE_PATH=$BATS_TEST_TMPDIR/config.toml MARK=kept strace -f -qq -o "$calls" -e trace=capset,openat,execve \
		"$GPU_RUNTIME" create --bundle "$dir" "shim$$" 77</dev/null
	grep -c nvc-hook "$dir/config.json"
	[ "$(cat "$BATS_TEST_TMPDIR/caps")" = "$before" ]
	[ "$(cat "$BATS_TEST_TMPDIR/env")" = kept ]
	grep -qx 77 "$BATS_TEST_TMPDIR/fds" # the engine's: the runtime's business
	# and none of the shim's own; 10 is the shell's script
	[ -z "$(comm -13 <(sort "$BATS_TEST_TMPDIR/usual") <(grep -vx 10 "$BATS_TEST_TMPDIR/fds" | sort))" ]
	sed '/execve.*runc"/,$d' "$calls" | grep -nE 'capset|config.json' | sed 's/(.*config.json.*/ config.json/' >"$BATS_TEST_TMPDIR/order"
	cat "$BATS_TEST_TMPDIR/order"
	grep -m 1 -E 'capset|config.json' "$calls" | grep -q 'effective=1<<CAP_CHOWN|1<<CAP_DAC_OVERRIDE|1<<CAP_FOWNER|1<<CAP_FSETID, '
	sed '/execve.*runc"/,$d' "$calls" | grep -E 'capset|config.json' | tail -n 1 | grep -q 'capset.*effective=.*CAP_SYS_ADMIN'
}

@test "a hook that is not done in time says so in the log" {
	run cell prestart strace -f -qq -o "$calls" -e trace=setns -e inject=setns:delay_enter=1400000:when=1 \
		"$GPU_HOOK" --timeout 1 --config "$(gpu_config R36)"
	[ "$status" -eq 1 ]
	[[ $output == *'nvc-hook: not done in time'* ]]
	grep -E "^[0-9T:.-]+Z error fence$BATS_TEST_NUMBER hook: not done in time" "$(gpu_state R36)/hook.log"
}
