# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# Who starts the hook has a file mode mask of 000, or of 777. What is made in the image, the records and
# the log have the modes that they have with the usual one.
scenes=(000 777)
hook_prefix=(/bin/sh -c 'umask "$0"; exec "$@"' "$SCENE")

image() {
	rm -f etc/ld.so.cache
}

host() {
	rm "$LOG"
	mkdir "$WORK/modes"
	chmod 777 "$WORK/modes"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

mode() { # MODE PATH...
	local path mode=$1
	shift
	for path; do
		[[ $(stat -c %a "$path") == "$mode" ]] || die "'$path' has the mode $(stat -c %a "$path"), not $mode"
	done
}

inside() {
	mode 755 "$LIB" "$LIB/nvidia" "$LIB/nvidia/weston" usr/share/glvnd usr/lib/firmware/tegra23x
	mode 644 etc/ld.so.cache
	mode 640 "$LOG"
	mode 700 "$STATE/state"
	mode 600 "$STATE/state/"*.state
}

# What is covered by our mounts is seen from outside, while the container is there: empty files of
# mode 444, and nothing that others may write to which they could not before.
run() {
	(cd "$ROOTFS" && find . -xdev -perm /022 ! -type l -printf '%m %p\n') >"$WORK/modes/open-before"
	supervised=(--at-call setns:2 --do "cd $ROOTFS; \
		find . -xdev -type f -empty -newermt @1853252400 -printf '%m %p\n' >$WORK/modes/files; \
		find . -xdev -perm /022 ! -type l -printf '%m %p\n' >$WORK/modes/open")
	case $HARNESS in
	cell | user) run_cell ;;
	*) run_low ;;
	esac
	[[ -s $WORK/modes/files ]] || die "nothing was made"
	! grep -v '^444 ' "$WORK/modes/files" >&2 || die "files that are not as specified"
	diff "$WORK/modes/open-before" "$WORK/modes/open" >&2 || die "others may write"
}
