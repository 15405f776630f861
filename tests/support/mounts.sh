# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Mounts of the host, before and after, while tests beside this one have theirs.
#
#   mounts_changed BEFORE AFTER FIELD   "< POINT" of each that went, "> POINT" of each that came; FIELD of
#                                       a line is the mount point. One that went with its mount point,
#                                       which another test has removed, does not count. Fails if there
#                                       is none.

mounts_changed() {
	local words point rc=1
	while read -ra words; do
		point=$(printf '%b' "${words[$3]}")
		[[ ${words[0]} != '<' || -e $point ]] || continue
		printf '%s %s\n' "${words[0]}" "$point"
		rc=0
	done < <(diff "$1" "$2" | grep '^[<>]')
	return "$rc"
}
