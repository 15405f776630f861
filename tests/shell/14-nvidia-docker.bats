#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nvidia-docker in front of a docker that prints its arguments. No privilege.

bats_require_minimum_version 1.5.0

setup() {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/docker" <<-'END'
		#!/bin/sh
		for word; do printf '<%s>' "$word"; done
		exit "${DOCKER_STATUS:-0}"
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/docker"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	unset NV_GPU NV_DOCKER
}

gives() { # EXPECTED ARGUMENT...
	local expected=$1
	shift
	run "$NVC_SOURCE_DIR/cli/nvidia-docker" "$@"
	[ "$status" -eq 0 ]
	[ "$output" = "$expected" ] || {
		echo "'$output' for '$expected'"
		return 1
	}
}

@test "the runtime is put behind run and create, and nowhere else" {
	gives '<run><--runtime=nvidia><-it><image>' run -it image
	gives '<create><--runtime=nvidia><image>' create image
	gives '<container><run><--runtime=nvidia><image>' container run image
	gives '<run><--runtime=nvidia><image><run><create>' run image run create
	gives '<run><--runtime=nvidia><--runtime=runc><image>' run --runtime=runc image
	gives '<ps><-a>' ps -a
	gives '<exec><run>' exec run
	gives '<compose><run><web>' compose run web
	gives '<container><ls><run>' container ls run
	gives '<--version>' --version
	gives ''
}

@test "docker's own options come before the command, with their values" {
	gives '<-H><run><run><--runtime=nvidia><i>' -H run run i
	gives '<-Hrun><run><--runtime=nvidia><i>' -Hrun run i
	gives '<-DH><run><run><--runtime=nvidia><i>' -DH run run i
	gives '<--context><y><-l><debug><run><--runtime=nvidia><i>' --context y -l debug run i
	gives '<--config><create><ps><run>' --config create ps run
	gives '<--config=d><--tls><--tlscacert><c><--log-level=info><-D><run><--runtime=nvidia><i>' --config=d --tls --tlscacert c --log-level=info -D run i
}

@test "blanks, empty arguments, newlines and patterns are passed on as they are" {
	cd "$BATS_TEST_TMPDIR"
	touch file
	gives '<run><--runtime=nvidia><-e><A= b  c><><*><a\\b><i>' run -e 'A= b  c' '' '*' 'a\\b' i
	gives $'<run><--runtime=nvidia><-e><A=x\ny\n><i>' run -e $'A=x\ny\n' i
}

@test "the command line of the nvidia-docker user" {
	gives '<run><--runtime=nvidia><-it><-p><8888:8888><-p><6006:6006><-v><//sharedfolder:/root/sharedfolder><image><bash>' \
		run -it -p 8888:8888 -p 6006:6006 -v //sharedfolder:/root/sharedfolder image bash
}

@test "NV_GPU names the GPUs, NV_DOCKER the docker" {
	NV_GPU=0,GPU-1 gives '<run><--runtime=nvidia><-e><NVIDIA_VISIBLE_DEVICES=0,GPU-1><i>' run i
	NV_GPU='0  1' gives '<run><--runtime=nvidia><-e><NVIDIA_VISIBLE_DEVICES=0,1><i>' run i
	NV_GPU=0 gives '<ps>' ps
	NV_DOCKER='env -u A docker -D' gives '<-D><run><--runtime=nvidia><a *>' run 'a *'
	NV_DOCKER=/does/not/exist run -127 "$NVC_SOURCE_DIR/cli/nvidia-docker" run i
}

@test "docker's exit status is passed on, by every POSIX shell" {
	DOCKER_STATUS=42 run "$NVC_SOURCE_DIR/cli/nvidia-docker" run i
	[ "$status" -eq 42 ]
	for shell in sh bash 'busybox sh'; do
		# shellcheck disable=SC2086 # words
		run $shell "$NVC_SOURCE_DIR/cli/nvidia-docker" --tls run 'a b'
		[ "$output" = '<--tls><run><--runtime=nvidia><a b>' ]
	done
}
