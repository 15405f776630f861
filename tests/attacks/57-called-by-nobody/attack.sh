# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2153,SC2154 # for stage.sh; scripts for another shell
# A user without privilege calls the hook himself, with the state of another's process and a bundle of his
# own making; then a set-user-ID copy of it, and one with file capabilities, and such copies of the runtime.
scenes=(plain setuid setgid capabilities)
allowed=refused

skipped() {
	[[ $VARIANT == cell* ]] || echo 'nothing here depends on it'
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

# A copy that has more rights than who calls it.
lend() { # PROGRAM COPY
	cp "$1" "$2"
	case $SCENE in
	setuid) chmod 4755 "$2" ;;
	setgid) chmod 2755 "$2" ;;
	capabilities) setcap cap_sys_admin,cap_sys_ptrace,cap_dac_override,cap_mknod,cap_setuid,cap_setgid+ep "$2" ;;
	esac
}

# It would write the log and the bundle, and become a program that the caller names by PATH.
call_runtime() {
	local status=0
	lend "$RUNTIME" "$WORK/copy"
	printf '#!/bin/sh\necho >%s/low\n' "$WORK/mine" >"$WORK/mine/runc" && chmod 755 "$WORK/mine/runc"
	PATH=$WORK/mine:$PATH setpriv --reuid 1234 --regid 1234 --clear-groups "$WORK/copy" --log "$CANARY/log" create --bundle "$WORK/mine" "$ID" 2>"$WORK/runtime.err" || status=$?
	cat "$WORK/runtime.err" >&2
	((status == 1)) || die "the runtime gave $status"
	grep -q 'nvc-runtime: run with the rights of another user' "$WORK/runtime.err" || die 'the runtime did not see that it has more rights than its caller'
	[[ ! -e $WORK/mine/low ]] || die 'the runtime has become another program'
	cmp "$BUNDLE/config.json" "$WORK/mine/config.json" || die 'the runtime has begun its work'
	rm "$WORK/copy"
}

run() {
	local hook=$HOOK victim
	unshare --mount --propagation private sleep 60 &
	victim=$!
	until [[ $(readlink "/proc/$victim/ns/mnt") != "$(readlink /proc/$$/ns/mnt)" && $(cat "/proc/$victim/comm") == sleep ]]; do sleep 0.02; done
	if [[ $SCENE != plain ]]; then
		hook=$WORK/copy
		lend "$HOOK" "$hook"
	fi
	mkdir "$WORK/mine" && chmod 711 "$WORK" && cp "$BUNDLE/config.json" "$WORK/mine/"
	ln -s "$CANARY" "$WORK/mine/rootfs"
	chown -hR 1234:1234 "$WORK/mine"
	cp "/proc/$victim/mountinfo" "$WORK/victim-before"
	printf '{"ociVersion":"1.0.2","id":"%s","pid":%d,"root":"%s","bundle":"%s"}' "$ID" "$victim" "$CANARY" "$WORK/mine" >"$WORK/mine/state"
	rc=0
	setpriv --reuid 1234 --regid 1234 --clear-groups "$hook" --config "$CONFIG" prestart <"$WORK/mine/state" >"$WORK/stdout" 2>"$WORK/stderr" || rc=$?
	cat "$WORK/stderr" >&2
	diff "$WORK/victim-before" "/proc/$victim/mountinfo" >&2 || die "the other's process has new mounts"
	kill "$victim"
	wait "$victim" || true
	rm -f "$WORK/copy"
	[[ $SCENE == plain ]] || call_runtime
}

after() {
	((rc == 1)) || die "the exit status is $rc"
	[[ $SCENE == plain ]] || grep -q "rights of another user" "$WORK/stderr" || die 'the copy did not see that it has more rights than its caller'
	[[ ! -e $STATE/state ]] || die 'a state directory'
}
