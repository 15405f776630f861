# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# The process whose number the hook was given has ended, or ends while the hook works, and another one
# with mounts of its own gets the very number: before the hook looks at it, before it joins it, and
# when half is done. The other one gets nothing, and the hook refuses.
allowed=refused
needle='process [0-9]+ (has ended|began after|is another one now|has changed)|there is no process|No such process'

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

skipped() {
	[[ $HARNESS == cell || $HARNESS == user ]] || echo "the cells show it: a runtime reaps its processes after the hooks"
}

separate() {
	local options=(--mount)
	[[ $HARNESS == cell ]] || options+=(--user --map-root-user)
	unshare "${options[@]}" --propagation private sleep 100 &
}

container() {
	separate
	first=$!
	until [[ $(readlink "/proc/$first/exe") == */sleep ]]; do sleep 0.01; done
}

# In a process namespace of its own.
attempt() { # NAME [OPTION of supervise...]
	local name=$1 command command_env
	shift
	supervised=()
	(($# == 0)) || supervised=("$@" --keep)
	hook_command
	printf '{"ociVersion":"1.0.2","id":"%s","status":"creating","pid":%s,"root":"%s","bundle":"%s"}' "$ID" "$first" "$ROOTFS" "$BUNDLE" >"$WORK/container.state"
	rc=0
	timeout 30 "${command[@]}" prestart <"$WORK/container.state" 2>"$WORK/stderr" || rc=$?
	sed "s/^/$name: /" "$WORK/stderr" >&2
	((rc == 1)) || die "$name: the hook gave $rc"
	check_refusal
	[[ $# == 0 || -e $WORK/again ]] || die "$name: the number was not used again"
	if [[ -e $WORK/again ]]; then
		[[ $(<"$WORK/again") == "$first" ]] || die "$name: another number: $(<"$WORK/numbers")"
		! grep -E "$BOARD|$LIB/" "/proc/$first/mountinfo" >&2 || die "$name: mounts for somebody else"
		kill "$first" || true
	fi
	rm -f "$WORK/again"
	: >"$LOG"
}

# Ends the container and starts another with its number as soon as the stopped hook asks for it. Whatever
# else starts a process or a thread meanwhile may take the number, and soon gives it back.
reuse() {
	local again tries
	read -r _ <"$WORK/go"
	kill -9 "$first"
	while [[ -e /proc/$first ]]; do sleep 0.01; done
	for tries in {1..100}; do
		echo $((first - 1)) >/proc/sys/kernel/ns_last_pid
		separate
		again=$!
		((again != first)) || break
		kill -9 "$again"
		sleep 0.01
	done
	echo "$tries: $again" >>"$WORK/numbers"
	until [[ $(readlink "/proc/$again/exe") == */sleep ]]; do :; done
	echo "$again" >"$WORK/again"
	echo >"$WORK/done"
	wait
}

in_namespace() {
	local first at
	mkfifo "$WORK/go" "$WORK/done"
	container
	kill "$first"
	wait "$first" || true
	attempt ended
	env --default-signal=CHLD sh -c 'unshare --mount sleep 100 & echo $! >"$0"; exec sleep 100' "$WORK/first" &
	until [[ -s $WORK/first && $(readlink "/proc/$(<"$WORK/first")/exe") == */sleep ]]; do sleep 0.01; done
	first=$(<"$WORK/first")
	kill -9 "$first"
	until grep -q ') Z ' "/proc/$first/stat"; do sleep 0.01; done
	attempt 'dead and not waited for'
	for at in read:1 setns:1 linkat:9 linkat:300; do
		container
		reuse &
		# The stopped hook waits without a process of its own that could take the number.
		attempt "in front of $at" --at-call "$at" --do "echo >$WORK/go; read -r _ <$WORK/done"
	done
}

run() {
	{
		declare -f
		declare -p hook_env hook_options hook_config hook_prefix supervised allowed needle
		echo 'set -euo pipefail; trap "" CHLD; in_namespace'
	} >"$WORK/namespace.sh"
	unshare --pid --fork --kill-child --mount-proc bash "$WORK/namespace.sh" || die "in the namespace: $?"
	rc=1
	echo 'nvc-hook: process 1 has ended' >"$WORK/stderr"
}
