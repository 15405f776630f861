# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# Mount lists: rows that name what no container may have, a line of 64 KiB, a million rows, lists and
# folders that others can write.
scenes=(rows bytes unsafe folder)
[[ $VARIANT != cell ]] || scenes+=(million too-many)
[[ ${SCENE-} != folder ]] || allowed=refused
LISTS=$BOARD/etc/nvidia-container-runtime/host-files-for-container.d
CUDA=/$LIB/nvidia/libcuda.so.1.1

# Line 1 on: VERDICT ROW. What the board has of it, host() makes.
rows='refused lib, /etc/shadow
refused lib, /usr/lib/../../etc/shadow
refused lib, /usr/lib/leads
refused lib, /usr/lib/climbs
refused lib, usr/lib/relative
refused dir, /etc
refused dir, /usr
refused dir, /
refused lib, /etc/sha*
refused dev, /dev/sda
refused dev, /dev/sd*
refused dev, /dev/mem
refused dev, /dev/kmsg
refused dev, /dev/*port
refused dev, /dev/sg0
refused dev, /dev/tty1
refused dev, /dev/alias
refused lib, /usr/lib/disk
refused lib, /usr/lib/open
missing lib, /usr/lib/*/../../../nowhere*
missing lib, /usr/lib/[
malformed exec, /usr/bin/true
malformed LIB, /usr/lib/x
malformed lib
malformed lib,
malformed ,/etc/shadow
duplicate dev, /dev/nvidia0
used lib, /usr/lib/last'

host() {
	mkdir -p "$BOARD/usr/lib" "$BOARD/etc"
	echo secret >"$BOARD/etc/shadow"
	echo relative >"$BOARD/usr/lib/relative"
	echo last >"$BOARD/usr/lib/last"
	echo open >"$BOARD/usr/lib/open" && chmod 666 "$BOARD/usr/lib/open"
	ln -s ../../etc/shadow "$BOARD/usr/lib/leads"
	ln -s "../../../../../../../../../../$CANARY/file" "$BOARD/usr/lib/climbs"
	mknod "$BOARD/usr/lib/disk" b 8 0
	mknod "$BOARD/dev/sda" b 8 0
	mknod "$BOARD/dev/mem" c 1 1
	mknod "$BOARD/dev/port" c 1 4
	mknod "$BOARD/dev/kmsg" c 1 11
	mknod "$BOARD/dev/sg0" c 21 0
	mknod "$BOARD/dev/tty1" c 4 1
	ln -s mem "$BOARD/dev/alias"
	case $SCENE in
	rows) cut -d' ' -f2- <<<"$rows" | head -c -1 >"$LISTS/l4t.csv" ;;
	bytes)
		{
			printf '\357\273\277lib, /usr/lib/last\r\n'
			printf 'lib, /%s\r\n' "$(head -c 70000 /dev/zero | tr '\0' x)"
			printf 'lib, /usr/lib/\033[31mx\r\nlib, /usr/lib/nul\0x\r\nlib, /%s' "$(printf '%.0sy/' {1..3000})"
		} >"$LISTS/l4t.csv"
		;;
	unsafe)
		printf 'lib, /usr/lib/last\n' >"$LISTS/world.csv" && chmod 666 "$LISTS/world.csv"
		printf 'lib, /usr/lib/last\n' >"$LISTS/owner.csv" && chown 1234 "$LISTS/owner.csv"
		printf 'lib, /usr/lib/last\n' >"$LISTS/group.csv" && chown 0:1234 "$LISTS/group.csv" && chmod 664 "$LISTS/group.csv"
		ln -s "$CANARY/file" "$LISTS/link.csv"
		ln -s world.csv "$LISTS/near.csv"
		mkfifo "$LISTS/fifo.csv"
		mknod "$LISTS/zero.csv" c 1 5
		config_add 'csv-lists = "all"'
		;;
	folder) chmod 777 "$LISTS" ;;
	million) yes "lib, $CUDA" 2>/dev/null | head -n 1000000 >"$LISTS/l4t.csv" || true ;;
	too-many) yes "lib, /usr/lib/last" 2>/dev/null | head -n 1000001 >"$LISTS/l4t.csv" || true ;;
	esac
	"$CLI" --config "$CONFIG" list --json >"$WORK/list.json" 2>"$WORK/list.err" || true
	"$CLI" --config "$CONFIG" csv check >"$WORK/check" 2>&1 && { [[ $SCENE == million ]] || die 'csv check finds nothing'; }
	[[ $SCENE != rows ]] || diff <(cut -d' ' -f1 <<<"$rows") <(jq -r '.rows[] | select(.list == "l4t.csv") | .verdict' "$WORK/list.json") >&2 || die 'the verdicts are others'
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	local path
	is_bound "$LIB/nvidia/libcuda.so.1.1"
	for path in etc/shadow usr/lib/leads usr/lib/climbs usr/lib/open usr/lib/disk dev/sda dev/mem dev/port dev/kmsg dev/sg0 dev/tty1 dev/alias; do
		[[ ! -e $path && ! -L $path ]] || die "'$path' is in the container"
	done
	case $SCENE in
	rows | bytes) is_bound usr/lib/last ;;
	unsafe | too-many) [[ ! -e usr/lib/last ]] ;;
	esac
}

after() {
	if LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$LOG"; then die 'control characters in the log'; fi
	case $SCENE in
	unsafe)
		for name in world owner group near fifo zero; do log_has "mount list is not used: .*/$name.csv"; done
		;;
	too-many) log_has 'more than 1000000 rows' ;;
	esac
}
