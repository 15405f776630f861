#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What works with no more privilege than a user namespace gives: paths in root and mounts by fd, with
# the newest system calls and with those of older kernels.

inside() { # PROFILE PROGRAM: as root of a new user and mount namespace, no right outside
	unshare --user --map-root-user --mount --propagation private \
		"$NVC_BUILD_DIR/tests/support/enosys" "$1" -- "$NVC_BUILD_DIR/tests/$2"
}

@test "paths in root" {
	inside now test_rootfs
	inside r32 test_rootfs
}

@test "mounts: this kernel, without mount_setattr, and with the calls of Linux 4.9" {
	inside now test_mounts
	inside r35 test_mounts
	inside r32 test_mounts
}

@test "targets and placeholders" {
	inside now test_place
	inside r32 test_place
}

@test "nvc-cli info and list on a board in a folder" {
	"$NVC_BUILD_DIR/tests/support/board" --board R36 --no-nodes "$BATS_TEST_TMPDIR/board" >/dev/null
	local cli="$NVC_BUILD_DIR/cli/nvc-cli --root $BATS_TEST_TMPDIR/board --host-root $BATS_TEST_TMPDIR/board"
	# shellcheck disable=SC2086 # words
	unshare --user --map-root-user $cli info | grep -q 'JetPack:.*6\.2'
	# shellcheck disable=SC2086 # words
	unshare --user --map-root-user $cli list | grep -q 'nvidia/libcuda.so.1.1$'
}
