# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# Standard streams that are closed, limits on descriptors and files, signals that are ignored or blocked,
# a pipe that nobody reads, and a hook killed by a signal that dumps core, where cores are allowed and
# the current folder is the root tree. An error or the whole, and never a core.
allowed='contained refused'
label=held

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

clean() { # NAME
	diff "$WORK/outside-before" <(outside) >&2 || die "$1: the host has changed"
	diff "$WORK/before" <(tree "$ROOTFS") >&2 || die "$1: the image has changed"
	[[ ! $(find "$STATE/state" -type f ! -name lock 2>/dev/null) ]] || die "$1: records are left"
}

# A whole run with those words in front of the hook.
attempt() { # NAME WORD...
	local name=$1
	shift
	hook_prefix=("$@")
	: >"$LOG"
	run_cell
	((rc <= 1)) || die "$name: the hook ended with $rc"
	clean "$name"
	echo "$name: $rc" >&2
}

must_start() { # NAME WORD...
	attempt "$@"
	((rc == 0)) || die "$1: not started"
}

shell() { # SCRIPT: words
	words=(/bin/bash -c "$1; exec \"\$@\"" limited)
}

# Directly in front of the hook: other programs need more to start.
limits() {
	local limit words
	hook_env=()
	for limit in 3 4 8 16 32 60 100 400; do
		shell "ulimit -n $limit"
		attempt "$limit descriptors" "${words[@]}"
		((limit > 32 || rc == 1)) || die "$limit descriptors are enough?"
		((rc == 0)) || check_refusal
	done
	shell 'ulimit -c unlimited; cd "$ROOTFS"; ulimit -d 40000; ulimit -s 256; ulimit -l 0; ulimit -u 4096; ulimit -i 1; ulimit -q 0; ulimit -x 0'
	attempt 'little of all' "${words[@]}"
	hook_env=(PATH=/usr/sbin:/usr/bin)
}

streams() {
	local closed words
	for closed in '<&-' '>&-' '2>&-' '>&- 2>&-'; do
		shell "exec $closed"
		if [[ $closed == *'<'* ]]; then
			attempt "closed: $closed" "${words[@]}"
			((rc == 1)) || die "started without a state"
		else
			must_start "closed: $closed" "${words[@]}"
		fi
	done
	# an error for nobody: by a pipe without a reader
	shell 'exec 2> >(exec true); sleep 0.1'
	hook_options=(--request nonsense)
	attempt 'closed pipe' "${words[@]}"
	((rc == 1)) || die "closed pipe: $rc"
	hook_options=()
}

signals() {
	local way
	for way in '--ignore-signal' '--block-signal' '--ignore-signal=CHLD,PIPE,ALRM,XFSZ,TERM --block-signal=CHLD,ALRM,SEGV,TERM'; do
		# shellcheck disable=SC2086 # words
		must_start "$way" /usr/bin/env $way
	done
	[[ $HARNESS == cell ]] || return 0 # root of the image is not root there, and may not write to /etc
	config_add 'ldconfig = "@/sbin/ldconfig"'
	must_start 'ignored, with ldconfig' /usr/bin/env --ignore-signal --block-signal "$NVC_SOURCE_DIR/tests/support/exempt"
	grep -q 'cache updated' "$LOG" || die "ldconfig did not end well"
	sed -i /^ldconfig/d "$CONFIG"
}

# No file larger than nothing: records and the cache cannot be written. What is then left in the image
# is known by its times, and taken back with the next container's.
no_files() {
	local words
	shell 'ulimit -f 0'
	hook_prefix=("${words[@]}")
	run_cell
	((rc <= 1)) || die "no file size: the hook ended with $rc"
	diff "$WORK/outside-before" <(outside) >&2 || die "no file size: the host has changed"
}

cores() {
	local signal words=()
	shell 'ulimit -c unlimited; cd "$ROOTFS"'
	for signal in SEGV ABRT; do
		hook_prefix=("${words[@]}")
		supervised=(--at-call setns:2 --do "grep -q '^Max core file size  *0 *0' /proc/\$SUPERVISE_PID/limits && kill -$signal \$SUPERVISE_PID")
		: >"$LOG"
		run_cell
		((rc > 128)) || die "$signal: the hook ended with $rc"
		supervised=()
		must_start "after SIG$signal"
		[[ ! $(find "$WORK" / -xdev -maxdepth 3 -newer "$WORK/before" -name 'core*' ! -type d 2>/dev/null) ]] || die "a core"
	done
}

run() {
	local words
	case $HARNESS in
	cell | user)
		no_files
		signals
		streams
		[[ $VARIANT != cell ]] || limits
		[[ $VARIANT == user ]] || cores
		hook_prefix=()
		run_cell
		;;
	*)
		shell 'exec >&- 2>&-; ulimit -c unlimited; cd "$0"' "$ROOTFS"
		hook_prefix=("${words[@]}" /usr/bin/env --ignore-signal --block-signal)
		run_low
		;;
	esac
}
