#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/support/muslroot.sh DIR
# What a build of nvc for musl needs, in DIR: musl itself with this machine's kernel headers, and static
# libraries made by musl-gcc from the sources of Debian's packages. cmake/toolchains/musl.cmake takes DIR
# as NVC_SYSROOT. Needs musl-tools, dpkg-dev, cmake, gperf; no root. DIR/xdr is made where libtirpc's
# source can be had, of which XDR alone is built (NVC_NVML).
# 77 = cannot be had; the last line of the output says why.
set -euo pipefail

(($# == 1)) || { sed -n '3,8s/^# \?//p' "$0" >&2 && exit 2; }
mkdir -p "$1"
root=$(cd "$1" && pwd)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
jobs=${NVC_JOBS:-$(nproc)}
# shellcheck source=tests/support/aptdir.sh
. "$here/aptdir.sh"

unable() {
	echo "muslroot: $*"
	exit 77
}

for tool in musl-gcc dpkg-source cmake gperf ar; do
	command -v "$tool" >/dev/null || unable "$tool is not installed"
done

work=$(mktemp -d "${TMPDIR:-/tmp}/muslroot.XXXXXX")
trap 'rm -rf "$work"' EXIT
triplet=$(gcc -print-multiarch)
specs=$(sed -nE 's/.*-specs "?([^" ]*)"?.*/\1/p' "$(command -v musl-gcc)")
libc=$(dirname "$specs")
[[ -e $libc/rcrt1.o ]] || unable "musl's start files are not in '$libc'"

# musl-gcc's specs know nothing of -static-pie and make a dynamic program of it without a word.
compiler() {
	mkdir -p "$root"/{bin,include,lib/pkgconfig}
	cat >"$root/lib/static-pie.specs" <<-END
		*startfile:
		%{static-pie:$libc/rcrt1.o; !shared:$libc/Scrt1.o} $libc/crti.o crtbeginS.o%s

		*link:
		+ %{static-pie:-static -pie --no-dynamic-linker -z text}

	END
	printf '#!/bin/sh\nexec gcc -isystem "%s" "$@" -specs "%s" -specs "%s"\n' "$root/include" "$specs" "$root/lib/static-pie.specs" >"$root/bin/musl-gcc"
	chmod 755 "$root/bin/musl-gcc"
	ln -sfn /usr/include/linux /usr/include/asm-generic "$root/include/"
	ln -sfn "/usr/include/$triplet/asm" "$root/include/asm"
	CC=$root/bin/musl-gcc
	CFLAGS="-O2 -g -fPIC -ffunction-sections -fdata-sections"
}

# Each source is an object of lib/libNAME.a.
archive() { # NAME FLAGS SOURCE...
	local name=$1 flags=$2
	shift 2
	mkdir -p "$work/objects/$name"
	# shellcheck disable=SC2016 # the inner shell's
	printf '%s\n' "$@" | CC="$CC $CFLAGS -w $flags" OUT=$work/objects/$name xargs -P "$jobs" -I '{}' \
		sh -ec '$CC -c "$1" -o "$OUT/$(basename "$1" .c).o"' compile '{}'
	rm -f "$root/lib/lib$name.a"
	ar rcs "$root/lib/lib$name.a" "$work/objects/$name"/*.o
}

describe() { # MODULE VERSION LIBRARIES [INCLUDE FOLDER]
	# shellcheck disable=SC2016 # pkg-config's
	printf 'prefix=%s\nName: %s\nDescription: %s for musl\nVersion: %s\nLibs: -L${prefix}/lib %s\nCflags: -I${prefix}/include%s\n' \
		"$root" "$1" "$1" "$2" "$3" "${4-}" >"$root/lib/pkgconfig/$1.pc"
}

version() { # SOURCE: without epoch and revision
	dpkg-parsechangelog -l "$work/src/$1/debian/changelog" -S Version | sed -E 's/^[0-9]+://; s/[-+].*//'
}

by_cmake() { # SOURCE ARGUMENT...
	local source=$work/src/$1
	shift
	cmake -S "$source" -B "$source/build" -DCMAKE_C_COMPILER="$CC" -DCMAKE_C_FLAGS="$CFLAGS -w" -DCMAKE_INSTALL_PREFIX="$root" \
		-DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_POLICY_VERSION_MINIMUM=3.5 -Wno-dev "$@"
	cmake --build "$source/build" -j "$jobs"
	cmake --install "$source/build"
}

jansson() {
	by_cmake jansson -DJANSSON_BUILD_DOCS=OFF -DJANSSON_WITHOUT_TESTS=ON -DJANSSON_EXAMPLES=OFF
}

cmocka() {
	by_cmake cmocka -DBUILD_SHARED_LIBS=OFF -DWITH_EXAMPLES=OFF -DUNIT_TESTING=OFF
}

zlib() {
	local name sources=()
	for name in adler32 compress crc32 deflate gzclose gzlib gzread gzwrite infback inffast inflate inftrees trees uncompr zutil; do
		sources+=("$work/src/zlib/$name.c")
	done
	archive z -DHAVE_UNISTD_H "${sources[@]}"
	cp "$work"/src/zlib/{zlib,zconf}.h "$root/include/"
	describe zlib "$(version zlib)" -lz
}

# elfutils as a whole wants what musl lacks (argp, fts, obstack); its libelf does not.
libelf() {
	local source=$work/src/elfutils
	cat >"$work/src/elfutils/config.h" <<-'END'
		#define HAVE_ERR_H 1
		#define HAVE_DECL_POWEROF2 1
		#define HAVE_DECL_MEMPCPY 1
		#define HAVE_DECL_REALLOCARRAY 1
		#define HAVE_DECL_MEMRCHR 1
		#define HAVE_DECL_RAWMEMCHR 0
		#define HAVE_STDATOMIC_H 1
		#define HAVE_MREMAP 1
		#define HAVE_VISIBILITY 1
		#define HAVE_GCC_STRUCT 1
		#define HAVE_FALLTHROUGH 1
		#define SYMBOL_VERSIONING 0
		#include <eu-config.h>
	END
	archive elf "-D_GNU_SOURCE -DHAVE_CONFIG_H -DPIC -I$source -I$source/lib -I$source/libelf" "$source"/libelf/*.c
	cp "$source"/libelf/{libelf,gelf,nlist}.h "$root/include/"
	mkdir -p "$root/include/elfutils"
	cp "$source/libelf/elf-knowledge.h" "$root/include/elfutils/"
	describe libelf "$(version elfutils)" '-lelf -lz'
}

libcap() {
	local source=$work/src/libcap2/libcap
	make -C "$source" CC="$CC" CFLAGS="$CFLAGS -w -I$source/include/uapi -I$source/include" BUILD_CC=gcc USE_GPERF=no SHARED=no PTHREADS=no libcap.a
	cp "$source/libcap.a" "$root/lib/"
	mkdir -p "$root/include/sys"
	cp "$source/include/sys/capability.h" "$root/include/sys/"
	describe libcap "$(version libcap2)" -lcap
}

# Debian's patch changes the table from which gperf makes a source file.
libseccomp() {
	local source=$work/src/libseccomp
	(cd "$source/src" && ./arch-gperf-generate syscalls.csv syscalls.perf.template &&
		gperf -m 100 --null-strings --pic -tCEG -T -S1 syscalls.perf >syscalls.perf.c)
	echo '#define HAVE_LINUX_SECCOMP_H 1' >"$source/configure.h"
	local major minor micro
	IFS=. read -r major minor micro < <(version libseccomp)
	sed -E "s/@VERSION_MAJOR@/$major/; s/@VERSION_MINOR@/$minor/; s/@VERSION_MICRO@/$micro/" "$source/include/seccomp.h.in" >"$source/include/seccomp.h"
	find "$source/src" -maxdepth 1 -name '*.c' ! -name arch-syscall-dump.c -print0 | sort -z >"$work/seccomp"
	local sources
	mapfile -d '' -t sources <"$work/seccomp"
	archive seccomp "-D_GNU_SOURCE -I$source -I$source/include" "${sources[@]}"
	cp "$source"/include/seccomp{,-syscalls}.h "$root/include/"
	describe libseccomp "$(version libseccomp)" -lseccomp
}

xdr() {
	local source=$work/src/libtirpc sources=() name
	for name in xdr xdr_array xdr_mem xdr_reference xdr_sizeof; do sources+=("$source/src/$name.c"); done
	archive tirpc "-D_GNU_SOURCE -I$source/tirpc" "${sources[@]}"
	cp -a "$source/tirpc" "$root/include/"
	describe libtirpc "$(version libtirpc)" -ltirpc '/tirpc'
	: >"$root/xdr"
}

# A mirror may have lost one release's file and keep another's: XDR has not changed for long.
xdr_source() {
	local release
	for release in "$(aptdir_release)" trixie bullseye sid; do
		if (aptdir_open "$work/apt-$release" "$release" "$(dpkg --print-architecture)" && aptdir_source "$work/src" libtirpc) >"$work/apt.log" 2>&1; then
			return 0
		fi
	done
	return 1
}

aptdir_open "$work/apt" "$(aptdir_release)" "$(dpkg --print-architecture)" || unable "the package lists cannot be had"
aptdir_source "$work/src" jansson cmocka zlib elfutils libcap2 libseccomp || unable "the sources cannot be had"
compiler
for library in jansson cmocka zlib libelf libcap libseccomp; do
	# a function after || would run on after an error
	(set -e; "$library") >"$work/log" 2>&1 &
	wait $! || { tail -n 40 "$work/log" && echo "muslroot: $library could not be built" && exit 1; }
done
if xdr_source; then
	(set -e; xdr) >"$work/log" 2>&1 &
	wait $! || { tail -n 40 "$work/log" && echo "muslroot: XDR could not be built" && exit 1; }
else
	echo "muslroot: libtirpc's source cannot be had: no XDR"
fi
