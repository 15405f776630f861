# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2015,SC2030,SC2031,SC2238,SC2094 # for stage.sh; scripts for another shell
# What the hook reads as the container's state is closed, silent, endless, deep, ambiguous or no text.
# Each is refused with one line, in bounded time and memory; a runtime, which writes good ones, has
# its pipe replaced.
allowed=refused

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

good() { # JSON to put in
	printf '{"ociVersion":"1.0.2","id":"%s","status":"creating","pid":%s,"root":"%s","bundle":"%s"%s}' "$ID" "${pid:-1}" "$ROOTFS" "$BUNDLE" "$1"
}

make_states() { # in the folder
	local pid
	: >empty
	printf ' \n' >blank
	printf '{"ociVersion":"1.0.2"' >cut
	truncate -s 1G zeroes
	{ printf '{"id":"' && head -c 3000000 /dev/zero | tr '\0' a && printf '"}'; } >long-id
	{ good ',"annotations":{"a":"' && head -c 3000000 /dev/zero | tr '\0' a; } >long-value
	{ printf '{"id":"x","a":' && head -c 100000 /dev/zero | tr '\0' '[' && head -c 100000 /dev/zero | tr '\0' ']' && printf '}'; } >deep-lists
	{ for _ in {1..50000}; do printf '{"a":'; done && printf 1 && head -c 50000 /dev/zero | tr '\0' '}'; } >deep-objects
	head -c 900000 /dev/zero | tr '\0' '[' >deep-open
	good ',"pid":4194304' >two-pids
	good ',"id":"other"' >two-ids
	good ',"bundle":"/"' >two-bundles
	good "" | sed 's/creating/crea\x00ting/' >nul
	good ',"x":"\u0000"' | sed 's/"id":"/&\\u0000/' >escaped-nul
	good "" | sed 's/creating/\xff\xfe\xc0\xaf/' >not-utf8
	{ printf '\xef\xbb\xbf' && good ""; } >mark
	{ good "" && good ""; } >two-texts
	{ good "" && printf '\x00'; } >nul-behind
	for pid in 0 -1 99999999999 18446744073709551617 1.5 1e3 '"1"' null true '[1]' 0x10; do good "" >"pid-${pid//[^0-9a-z]/_}"; done
	pid=1
	good "" | sed 's/"id":"[^"]*"/"id":"..\/..\/evil"/' >id-climbs
	good "" | sed 's/"id":"[^"]*"/"id":7/' >id-number
	good "" | sed 's/"bundle":"[^"]*"/"bundle":"relative"/' >bundle-relative
	good "" | sed 's/"bundle":"[^"]*"/"bundle":{}/' >bundle-object
	printf '[]' >list
	printf 'null' >null
}

# One line, no signal; the largest of the wrapper and the hook is below 16 MiB.
attempt() { # NAME STAGE; the state is standard input
	local code=0 line rss
	rm -f "$WORK/usage"
	timeout -s KILL 40 "$TOOLS/measure" "$WORK/usage" "${command[@]}" "$2" 2>"$WORK/line.$1" || code=$?
	((code == 1)) || { cat "$WORK/line.$1" >&2 && die "$1: $2 gave $code"; }
	line=$(wc -l <"$WORK/line.$1")
	((line == 1)) && grep -q '^nvc-hook: ' "$WORK/line.$1" || { cat "$WORK/line.$1" >&2 && die "$1: $line lines"; }
	read -r _ rss _ <"$WORK/usage"
	((rss < 16384)) || die "$1: $rss KiB of memory"
	sed "s,^,$1: ," "$WORK/line.$1" >&2
}

run_cells() {
	local command command_env state fifo silent
	hook_command
	if [[ $VARIANT == cell ]]; then
		# nobody ever writes: the hook waits for 10 s
		mkfifo "$WORK/fifo"
		exec {fifo}<>"$WORK/fifo"
		(WORK=$WORK/silent && mkdir "$WORK" && attempt silent prestart <&"$fifo") &
		silent=$!
	fi
	mkdir "$WORK/states"
	(cd "$WORK/states" && make_states)
	for state in "$WORK/states/"*; do
		attempt "$(basename "$state")" prestart <"$state"
	done
	for state in empty deep-lists not-utf8 two-ids id-climbs long-id zeroes; do
		attempt "$state" poststop <"$WORK/states/$state"
	done
	attempt closed prestart <&-
	attempt endless prestart < <(yes '{"a":[')
	attempt folder prestart <"$WORK"
	[[ $VARIANT != cell ]] || wait "$silent" || die "a silent pipe"
	rc=1
	cp "$WORK/line.empty" "$WORK/stderr"
}

run() {
	local pid=1
	case $HARNESS in
	cell | user) run_cells ;;
	*)
		mkdir "$WORK/states"
		(cd "$WORK/states" && make_states)
		hook_prefix=(/bin/sh -c 'exec <"$0"; exec "$@"' "$WORK/states/deep-lists")
		run_low
		;;
	esac
}

skipped() {
	[[ $VARIANT != user* ]] || echo "the cells show it"
}
