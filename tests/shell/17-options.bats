#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The options of a build: each does without its dependency, and what is missing is told with the
# option that does without it. cross/options builds some of them.
bats_require_minimum_version 1.5.0

# shellcheck source=tests/support/options.sh
. "$NVC_SOURCE_DIR/tests/support/options.sh"

setup_file() {
	CMAKE_GENERATOR=$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$NVC_BUILD_DIR/CMakeCache.txt")
	export CMAKE_GENERATOR
	# where find_library() finds archives, which are hidden so
	ARCHIVES=$(dirname "$("${NVC_CC:-cc}" -print-file-name=libjansson.a)")
	[[ $ARCHIVES == /* ]]
	ARCHIVES=$(realpath "$ARCHIVES")
	export ARCHIVES
}

# Configures without the MODULES (-: all are there); output is on one line
configure() { # MODULES ARGUMENT...
	local at rc=0
	at=$(mktemp -d -p "$BATS_TEST_TMPDIR")
	# shellcheck disable=SC2086 # words
	options_without "$at/pc" ${1#-}
	shift
	PKG_CONFIG_LIBDIR=$at/pc cmake -S "$NVC_SOURCE_DIR" -B "$at/build" -DCMAKE_C_COMPILER="${NVC_CC:-cc}" "$@" >"$at/log" 2>&1 || rc=$?
	tr -s ' \n' ' ' <"$at/log"
	return $rc
}

fails() { # WANTED MODULES ARGUMENT...
	local wanted=$1
	shift
	run -1 configure "$@"
	[[ $output == *"$wanted"* ]] || {
		printf 'wanted: %s\ngot: %s\n' "$wanted" "$output"
		return 1
	}
}

@test "a dependency that is missing is an error that names the option without it" {
	fails 'jansson>=2.11 not found by pkg-config' jansson
	fails 'libcap not found by pkg-config' libcap
	fails 'libseccomp not found by pkg-config: install its development files, or set -DNVC_SECCOMP=OFF' libseccomp
	fails 'cmocka not found by pkg-config: install its development files, or set -DNVC_TESTS=OFF' cmocka
	fails 'libtirpc not found by pkg-config: install its development files, or set -DNVC_NVML=OFF' libtirpc
	fails 'rpcgen not found: install rpcsvc-proto, or set RPCGEN, or set -DNVC_NVML=OFF' - -DRPCGEN=
	fails 'scdoc not found: install it, or set SCDOC, or -DNVC_MAN=OFF' - -DSCDOC=
}

@test "an archive that is missing is an error, too" {
	local hidden=(-DCMAKE_IGNORE_PATH="$ARCHIVES;/usr${ARCHIVES#/usr};${ARCHIVES#/usr}" -DNVC_TESTS=OFF)
	fails 'libjansson.a not found: install the static library, or set -DNVC_STATIC_PROGRAMS=OFF' - "${hidden[@]}"
	fails 'or set -DNVC_STATIC_XDR=OFF -DNVC_STATIC_PROGRAMS=OFF' - "${hidden[@]}" -DNVC_STATIC_PROGRAMS=OFF
	configure - "${hidden[@]}" -DNVC_STATIC_PROGRAMS=OFF -DNVC_STATIC_XDR=OFF
	configure - "${hidden[@]}" -DNVC_STATIC_PROGRAMS=OFF -DNVC_NVML=OFF
}

@test "without what an option needs it configures with the option off" {
	configure 'libseccomp cmocka' -DNVC_SECCOMP=OFF -DNVC_TESTS=OFF
	configure 'libtirpc cmocka' -DNVC_NVML=OFF -DNVC_TESTS=OFF -DRPCGEN= -DNVC_MAN=OFF -DSCDOC=
	run -0 configure 'libseccomp libtirpc' -DNVC_NVML=OFF -DNVC_SECCOMP=OFF -DNVC_COMPAT_NAMES=OFF
	[[ $output != *Warning* ]]
}

@test "options that exclude one another, and paths that are none, are refused" {
	fails 'set NVC_STATIC_PROGRAMS=OFF too' - -DNVC_STATIC_XDR=OFF
	fails "NVC_CSV_DIR='lists': wants an absolute path" - -DNVC_CSV_DIR=lists
	fails "NVC_CSV_DIR='': wants an absolute path" - -DNVC_CSV_DIR=
	fails "NVC_CSV_DIR='/etc/../lists': wants" - -DNVC_CSV_DIR=/etc/../lists
	fails "NVC_CSV_DIR='/a\"b': wants" - '-DNVC_CSV_DIR=/a"b'
	fails "NVC_ALT_ROOTS='b': wants" - '-DNVC_ALT_ROOTS=/a;b'
	fails "NVC_ALT_ROOTS='/..': wants" - '-DNVC_ALT_ROOTS=/..'
	fails 'NVC_ALT_ROOTS names 15 trees: there can be 14' - "-DNVC_ALT_ROOTS=$(printf '/%s;' {1..14})/15"
	fails "NVC_CONTAINER_LIBDIR='/a:/b': wants" - -DNVC_CONTAINER_LIBDIR=/a:/b
	grep -qE '^#define ROOT_ALT +2u' "$NVC_SOURCE_DIR/lib/model/inventory.h"
	grep -qE '^#define ROOT_MAX +16u' "$NVC_SOURCE_DIR/lib/model/inventory.h"
}

@test "every option is told of" {
	local option n=0
	while read -r option; do
		n=$((n + 1))
		grep -qF "\`$option\`" "$NVC_SOURCE_DIR/docs/building.md" || {
			echo "not in docs/building.md: $option"
			return 1
		}
	done < <(sed -nE 's/^(NVC_[A-Z_]+):(BOOL|STRING|PATH)=.*/\1/p' "$NVC_BUILD_DIR/CMakeCache.txt")
	((n >= 15))
}
