#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where, and whether a program of others can use it.

bats_require_minimum_version 1.5.0

setup_file() {
	export DEST=$BATS_FILE_TMPDIR/dest
	CMAKE_GENERATOR=$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$NVC_BUILD_DIR/CMakeCache.txt")
	export CMAKE_GENERATOR
	prefix=$(sed -n 's/^CMAKE_INSTALL_PREFIX:[A-Z]*=//p' "$NVC_BUILD_DIR/CMakeCache.txt")
	export PREFIX=$DEST$prefix
	DESTDIR=$DEST cmake --install "$NVC_BUILD_DIR" >"$BATS_FILE_TMPDIR/log" 2>&1
	LIBDIR=$(dirname "$(find "$PREFIX" -name libnvc.so)")
	export LIBDIR
}

@test "the library has its soname and exports what the header declares, nothing else" {
	readelf -d "$LIBDIR/libnvc.so.1" | grep -q 'SONAME.*\[libnvc.so.1\]'
	nm -D --defined-only "$LIBDIR/libnvc.so.1" | awk '$2 != "A" { print $3 }' | sort >"$BATS_TEST_TMPDIR/built"
	sed -nE 's/^\t(nvc_[a-z_]+);/\1@@LIBNVC_1/p' "$NVC_SOURCE_DIR/lib/libnvc.map" | sort >"$BATS_TEST_TMPDIR/promised"
	diff "$BATS_TEST_TMPDIR/promised" "$BATS_TEST_TMPDIR/built"
}

@test "a program of others compiles with libnvc.pc and runs" {
	cat >"$BATS_TEST_TMPDIR/user.c" <<-END
		#include <nvc/nvc.h>
		#include <stdio.h>
		int main(void) { return puts(nvc_version()) < 0; }
	END
	export PKG_CONFIG_PATH=$LIBDIR/pkgconfig PKG_CONFIG_SYSROOT_DIR=$DEST
	# shellcheck disable=SC2046 # words
	"${NVC_CC:-cc}" -std=c11 -Wall -Werror -o "$BATS_TEST_TMPDIR/user" "$BATS_TEST_TMPDIR/user.c" $(pkg-config --cflags --libs libnvc)

	run env LD_LIBRARY_PATH="$LIBDIR" "$BATS_TEST_TMPDIR/user"
	[ "$status" -eq 0 ]
	[ "$output" = "$(cat "$NVC_SOURCE_DIR/VERSION")" ]
	[ "$(pkg-config --modversion libnvc)" = "$output" ]
}

@test "a CMake project of others finds the library and what it needs" {
	local project=$BATS_TEST_TMPDIR/project
	mkdir "$project"
	cat >"$project/CMakeLists.txt" <<-'END'
		cmake_minimum_required(VERSION 3.16)
		project(user LANGUAGES C)
		find_package(nvc 0.1 REQUIRED)
		add_executable(user user.c)
		target_link_libraries(user PRIVATE nvc::nvc)
	END
	printf '#include <nvc/nvc.h>\n#include <stdio.h>\nint main(void) { return puts(nvc_version()) < 0; }\n' >"$project/user.c"
	cmake -S "$project" -B "$project/build" -DCMAKE_C_COMPILER="${NVC_CC:-cc}" -DCMAKE_PREFIX_PATH="$PREFIX"
	cmake --build "$project/build"

	run "$project/build/user"
	[ "$status" -eq 0 ]
	[ "$output" = "$(cat "$NVC_SOURCE_DIR/VERSION")" ]
	readelf -d "$project/build/user" | grep -q 'NEEDED.*\[libnvc.so.1\]'
	# another major version is another library
	sed -i 's/nvc 0.1/nvc 9/' "$project/CMakeLists.txt"
	run ! cmake -S "$project" -B "$project/build"
	[[ $output == *'"9"'* ]]
}

@test "the header compiles alone, as C and as C++" {
	for language in c c++; do
		echo '#include <nvc/nvc.h>' | "${NVC_CC:-cc}" -x $language -fsyntax-only -Wall -Werror -I"$PREFIX/include" -
	done
}

@test "programs and licence are there, and the programs know their version" {
	[ -n "$(find "$PREFIX" -name LICENSE)" ]
	for program in nvc-hook nvc-runtime nvc-cli; do
		[ -x "$PREFIX/bin/$program" ]
	done
	if grep -q '^NVC_COMPAT_NAMES:BOOL=ON' "$NVC_BUILD_DIR/CMakeCache.txt"; then
		cmp "$NVC_SOURCE_DIR/cli/nvidia-docker" "$PREFIX/bin/nvidia-docker"
		[ -x "$PREFIX/bin/nvidia-docker" ]
	fi
	LD_LIBRARY_PATH=$LIBDIR "$PREFIX/bin/nvc-cli" --version | grep -qF "$(cat "$NVC_SOURCE_DIR/VERSION")"
	[ ! -e "$PREFIX/bin/nvc" ] # the name of NVIDIA's HPC compiler
}

@test "hook, runtime and cli are static" {
	grep -q '^NVC_STATIC_PROGRAMS:BOOL=ON' "$NVC_BUILD_DIR/CMakeCache.txt" || skip "NVC_STATIC_PROGRAMS is off"
	for program in nvc-hook nvc-runtime nvc-cli; do
		run readelf -lW "$PREFIX/bin/$program"
		[[ $output != *INTERP* ]]
		[[ $output == *DYN* ]]
	done
}

@test "nothing installed names source or build folder, or has a path for the loader" {
	run grep -rlFe "$NVC_SOURCE_DIR" -e "$NVC_BUILD_DIR" "$DEST"
	[ -z "$output" ]
	for file in "$LIBDIR/libnvc.so.1" "$PREFIX"/bin/nvc-* "$(find "$PREFIX" -name nvc-driver -type f)"; do
		readelf -d "$file" >"$BATS_TEST_TMPDIR/dynamic" # a file: of static programs as well
		run grep -E 'RPATH|RUNPATH' "$BATS_TEST_TMPDIR/dynamic"
		[ "$status" -eq 1 ]
	done
}

@test "directories may be absolute, or below the prefix /" {
	local at=$BATS_TEST_TMPDIR
	cmake -S "$NVC_SOURCE_DIR" -B "$at/absolute" -DCMAKE_C_COMPILER="${NVC_CC:-cc}" -DNVC_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr \
		-DCMAKE_INSTALL_LIBDIR=/usr/lib64 -DCMAKE_INSTALL_INCLUDEDIR=/opt/include -DCMAKE_INSTALL_LIBEXECDIR=/libexec >/dev/null
	grep -qx 'libdir=/usr/lib64' "$at/absolute/lib/libnvc.pc"
	grep -qx 'includedir=/opt/include' "$at/absolute/lib/libnvc.pc"
	grep -rqF 'NVC_DRIVER_PROGRAM=\"/libexec/nvc/nvc-driver\"' "$at/absolute" --include=build.ninja --include=flags.make
	cmake -S "$NVC_SOURCE_DIR" -B "$at/root" -DCMAKE_C_COMPILER="${NVC_CC:-cc}" -DNVC_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/ >/dev/null
	grep -qx 'libdir=/usr/lib' "$at/root/lib/libnvc.pc"
	grep -rqF 'NVC_DRIVER_PROGRAM=\"/usr/libexec/nvc/nvc-driver\"' "$at/root" --include=build.ninja --include=flags.make
	grep -qF '/usr/libexec/nvc' "$at/root/driver/cmake_install.cmake"
}

@test "what the demo installs has an engine, and nothing is listed under an unknown heading" {
	local kinds
	# a machine on which nothing is installed
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\nexit 1\n' >"$BATS_TEST_TMPDIR/bin/dpkg-query"
	chmod +x "$BATS_TEST_TMPDIR/bin/dpkg-query"
	kinds=$(sed -nE "s/.*packages_install .* '([a-z|]+)'$/\1/p" "$NVC_SOURCE_DIR/tests/demo")
	[ -n "$kinds" ]
	# shellcheck source=tests/support/packages.sh
	. "$NVC_SOURCE_DIR/tests/support/packages.sh"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH packages_missing "$kinds" >"$BATS_TEST_TMPDIR/demo"
	grep -qx docker.io "$BATS_TEST_TMPDIR/demo"
	grep -qx scdoc "$BATS_TEST_TMPDIR/demo"
	run grep -vE $'^#|\t(build|unit|checks|lint|cross|demo|shell|bare|real|long)$' "$NVC_SOURCE_DIR/tests/packages.txt"
	[ "$status" -eq 1 ]
}

@test "README names every package of the build" {
	local package
	while read -r package; do
		grep -qE "(^| )$package( |\$)" "$NVC_SOURCE_DIR/README.md" || {
			echo "missing: $package"
			return 1
		}
	done < <(awk -F'\t' '$2 == "build" && $1 != "libc6-dev" { print $1 }' "$NVC_SOURCE_DIR/tests/packages.txt")
}

@test "a release's lists go below DESTDIR and never over the board's own" {
	build=$BATS_TEST_TMPDIR/build etc=$BATS_TEST_TMPDIR/etc dest=$BATS_TEST_TMPDIR/dest lists=lists.d
	# an /etc of the test's own: a fault here must not reach the machine's
	cmake -S "$NVC_SOURCE_DIR" -B "$build" -DCMAKE_C_COMPILER="${NVC_CC:-cc}" -DNVC_TESTS=OFF -DNVC_CSV_RELEASE=l4t-r36 \
		-DCMAKE_INSTALL_PREFIX=/usr -DNVC_CSV_DIR="$etc/$lists" >/dev/null
	mkdir -p "$dest$etc/$lists"
	echo 'lib, /usr/lib/mine.so' >"$dest$etc/$lists/devices.csv"
	DESTDIR=$dest cmake -P "$build/csv/cmake_install.cmake"
	[[ ! -e $etc ]]
	[[ $(<"$dest$etc/$lists/devices.csv") == 'lib, /usr/lib/mine.so' ]]
	cmp "$dest$etc/$lists/drivers.csv" "$NVC_SOURCE_DIR/csv/l4t-r36/drivers.csv"
	[[ -f $dest/usr/share/nvc/csv/l4t-r32/tensorrt.csv ]]
}
