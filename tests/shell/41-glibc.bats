#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The loader's caches that we write, before glibc itself: ldconfig and ld.so of root trees of Debian,
# those of other machines by qemu. Needs root (chroot) and a package mirror.
# NVC_TREES: a folder that keeps the trees from one run to the next.

bats_require_minimum_version 1.5.0

trees=("bullseye amd64" "bookworm amd64" "trixie amd64" "bullseye i386" "bookworm i386"
	"bullseye armhf" "bookworm armhf" "bullseye arm64" "bookworm arm64")

setup_file() {
	export LC_ALL=C TREES=${NVC_TREES:-$BATS_FILE_TMPDIR/trees}
	mkdir -p "$TREES"
	rm -f "$TREES"/rc-*
	((EUID == 0)) || return 0
	# shellcheck disable=SC2016 # the words of the inner shell
	printf '%s\n' "${trees[@]}" | xargs -P 3 -L 1 bash -c '
		"$NVC_SOURCE_DIR/tests/support/trees.sh" "$TREES" "$0" "$1" >"$TREES/log-$0-$1" 2>&1 3>&- || echo $? >"$TREES/rc-$0-$1"'
}

# RELEASE ARCHITECTURE: a copy of the tree to work in: root, triplet, loader, ldtool
tree() {
	local log=$TREES/log-$1-$2 rc
	((EUID == 0)) || skip "needs root"
	rc=$(cat "$TREES/rc-$1-$2" 2>/dev/null || echo 0)
	((rc != 77)) || skip "$(tail -n 1 "$log")"
	((rc == 0)) || { cat "$log" && return 1; }
	case $2 in
	amd64) triplet=x86_64-linux-gnu loader=/lib64/ld-linux-x86-64.so.2 emulator=qemu-x86_64-static ;;
	i386) triplet=i386-linux-gnu loader=/lib/ld-linux.so.2 emulator=qemu-i386-static ;;
	armhf) triplet=arm-linux-gnueabihf loader=/lib/ld-linux-armhf.so.3 emulator=qemu-arm-static ;;
	arm64) triplet=aarch64-linux-gnu loader=/lib/ld-linux-aarch64.so.1 emulator=qemu-aarch64-static ;;
	esac
	root=$BATS_TEST_TMPDIR/root lib=$root/usr/lib/$triplet
	ldtool=$NVC_BUILD_DIR/tests/support/ldtool
	# hard links are quicker; files that are appended to must not be
	cp -al "$TREES/tree-$1-$2" "$root" 2>/dev/null || cp -a "$TREES/tree-$1-$2" "$root"
	rm -rf "${root:?}/etc"
	cp -a "$TREES/tree-$1-$2/etc" "$root/etc"
	if chroot "$root" /sbin/ldconfig --version >/dev/null 2>&1; then
		emulator=
	else
		command -v "$emulator" >/dev/null || skip "$emulator is not installed"
		cp "$(command -v "$emulator")" "$root/.emulator"
		emulator=/.emulator
	fi
}

in_tree() { # PROGRAM ARGUMENT...
	# shellcheck disable=SC2086 # nothing, or a word
	chroot "$root" $emulator "$@"
}

library() { # FILE SONAME [CLANG-ARGUMENT...]
	local file=$1 soname=$2
	shift 2
	mkdir -p "$(dirname "$file")"
	clang "--target=$triplet" -shared -nostdlib -fuse-ld=lld ${soname:+"-Wl,-soname,$soname"} -o "$file" -x c /dev/null -x none "$@"
}

# The entries as ldconfig -p lists them.
list() { # [FILE]
	in_tree /sbin/ldconfig -p ${1:+-C "$1"} | sed -n 's/^\t//p'
}

# A driver in a folder of its own, and an image with copies of some of it. needs-NAME wants one.
driver() {
	local name dir
	ours=()
	for name in libcuda.so.1 libnvrm_gpu.so libnvrm_mem.so libEGL_nvidia.so.0 libnvidia-ptxjitcompiler.so.1 libz9.so.10 libz9.so.9; do
		library "$lib/tegra/$name.1" "$name"
		ours+=("/usr/lib/$triplet/tegra/$name.1")
		library "$root/opt/needs-$name" needs.so "$lib/tegra/$name.1"
	done
	for dir in . glibc-hwcaps/x86-64-v2 tls haswell neon atomics; do
		library "$lib/$dir/libcuda.so.1.9" libcuda.so.1
	done
	library "$root/usr/local/lib/libnvrm_gpu.so" libnvrm_gpu.so
	library "$lib/libEGL_nvidia.so.0.1" libEGL_nvidia.so.0
	library "$lib/libempty.so.1" libempty.so.1
	echo /usr/local/lib >>"$root/etc/ld.so.conf"
}

# What the loader takes for each of ours: NAME PATH, or NAME and nothing.
loads() { # [LOADER-ARGUMENT...]
	local path name
	for path in "${ours[@]}"; do
		name=$(basename "$path" .1)
		echo "$name $(in_tree "$loader" "$@" --list "/opt/needs-$name" 2>/dev/null | sed -nE "s/^\t$name => (\S+) .*/\1/p")"
	done
}

check_driver() { # RELEASE ARCHITECTURE
	local path name
	tree "$@"
	driver
	in_tree /sbin/ldconfig
	for path in "$lib"/libEGL_nvidia.so.0* "$lib/libempty.so.1"; do
		[[ -L $path ]] || { rm "$path" && : >"$path"; }
	done
	# the image's copy wins where its glibc knows the folder, an empty file is the end
	loads >"$BATS_TEST_TMPDIR/loads-before"
	run -1 grep /tegra/ "$BATS_TEST_TMPDIR/loads-before"
	grep -E "^libcuda.so.1 /.*/libcuda.so.1" "$BATS_TEST_TMPDIR/loads-before"
	[[ $2 != amd64 || $1 == bullseye ]] || grep "/glibc-hwcaps/" "$BATS_TEST_TMPDIR/loads-before"
	grep -x "libEGL_nvidia.so.0 " "$BATS_TEST_TMPDIR/loads-before"

	"$ldtool" add "$root" "$root/etc/ld.so.cache" "$BATS_TEST_TMPDIR/cache" "${ours[@]}"
	list >"$BATS_TEST_TMPDIR/before"
	mv "$BATS_TEST_TMPDIR/cache" "$root/etc/ld.so.cache"
	list >"$BATS_TEST_TMPDIR/after"

	# each of ours once, and nothing else under its name
	for path in "${ours[@]}"; do
		name=$(basename "$path" .1)
		[[ $(grep -cF "$name (" "$BATS_TEST_TMPDIR/after") == 1 ]]
		grep -F "$name (" "$BATS_TEST_TMPDIR/after" | grep -E "=> $path\$"
	done
	run -1 grep libempty "$BATS_TEST_TMPDIR/after"
	# and the image's others as they were
	diff <(grep -vE '^(libcuda|libnvrm_gpu|libEGL_nvidia|libempty)\.so' "$BATS_TEST_TMPDIR/before") \
		<(grep -v "/$triplet/tegra/" "$BATS_TEST_TMPDIR/after")

	printf '%s\n' "${ours[@]}" | sed -E 's|.*/(.*)\.1$|\1 &|' | diff - <(loads)
	# it was the cache
	loads --inhibit-cache >"$BATS_TEST_TMPDIR/loads-without"
	run -1 grep /tegra/ "$BATS_TEST_TMPDIR/loads-without"
	[[ $(grep -c ' $' "$BATS_TEST_TMPDIR/loads-without") == 6 ]]
}

for_scan() { # RELEASE
	local name
	for name in glibc-hwcaps/x86-64-v2 glibc-hwcaps/x86-64-v3 glibc-hwcaps/x86-64-v9 glibc-hwcaps/a tls tls/haswell haswell neon \
		neon/vfp atomics sse2 i686/sse2 avx512_1 not-one; do
		mkdir -p "$lib/$name"
		cp -aL "$lib/libjpeg.so.62" "$lib/libgmp.so.10" "$lib/$name/"
	done
	rm -f "$root"/{usr/,}lib/"$triplet"/{libz.so.1,libpng16.so.16,libexpat.so.1}
	mkdir -p "$root/opt/first/sub" "$root/opt/more/lib" "$root/usr/local/lib"
	library "$root/opt/first/libmany.so.1.9" libmany.so.1
	library "$root/opt/first/libmany.so.1.10" libmany.so.1
	library "$root/opt/first/libmany.so.1.2.3" libmany.so.1
	library "$root/opt/more/lib/libmany.so.1.50" libmany.so.1
	library "$root/opt/first/libname.so" libname.so.3
	library "$root/opt/first/libplain.so.7" ""
	library "$root/opt/first/ld-odd.so" ld-odd.so
	library "$root/opt/first/other.so" other.so
	library "$root/opt/first/sub/libsub.so.1" libsub.so.1
	library "$root/usr/local/lib/libdate.so.20220101123456" libdate.so.20220101123456
	library "$root/usr/local/lib/libdate.so.3" libdate.so.3
	library "$root/usr/local/lib/libdat"$'\xe4'.so.3 "libdat"$'\xe4'.so.3
	# ldconfig of ARM lists those of x86, too, with words of its own: we do not
	for name in arm-linux-gnueabihf arm-linux-gnueabi aarch64-linux-gnu i386-linux-gnu x86_64-linux-gnu; do
		[[ $name != *86* || $triplet == *86* ]] || continue
		triplet=$name library "$root/opt/first/libforeign-$name.so.1" "libforeign-$name.so.1"
	done
	# only newer ones know what dpkg is about to rename: we leave it out always
	[[ $1 != trixie ]] || library "$root/opt/first/libnew.so.1.dpkg-new" libnew.so.1
	library "$root/opt/first/libnew.so.1-gdb.py" libgdb.so.1
	library "$root/opt/first/libupper.SO.1" libupper.so.1
	library "$root/opt/first/libarrow.so.1.0" libarrow.so.1
	library "$root/opt/first/libarrow.so.1.2" libarrow.so.1
	ln -s libarrow.so.1.0 "$root/opt/first/libarrow.so.1"
	library "$root/opt/first/libtilde.so.1~" libtilde.so.1
	library "$root/opt/first/libtwice.so.1" libsame.so.1
	cp "$root/opt/first/libtwice.so.1" "$root/opt/first/libthrice.so.1"
	head -c 100 "$root/opt/first/libtwice.so.1" >"$root/opt/first/libcut.so.1"
	mkdir "$root/opt/first/libdir.so.1" "$root/opt/first/tls"
	library "$root/opt/first/tls/libtls.so.1" libtls.so.1
	ln -s libmany.so.1.2.3 "$root/opt/first/libmany.so"
	ln -s /nowhere "$root/opt/first/libdangling.so.1"
	ln -s ../more/lib/libmany.so.1.50 "$root/opt/first/liblinked.so.1"
	ln -s more "$root/opt/linked"
	: >"$root/opt/first/libempty.so.1"
	echo "INPUT(libmany.so.1)" >"$root/opt/first/libscript.so"
	printf '%s\n' '# a comment' '/opt/first # and one' 'include /etc/more.d/*.conf' '/opt/linked/lib' '/opt/more/lib' /nowhere \
		>>"$root/etc/ld.so.conf"
	mkdir "$root/etc/more.d"
	echo /opt/first/sub >"$root/etc/more.d/a.conf"
}

check_scan() { # RELEASE ARCHITECTURE
	tree "$@"
	for_scan "$1"
	rm -f "$root/etc/ld.so.cache"
	"$ldtool" scan "$root" "$BATS_TEST_TMPDIR/without-links"
	in_tree /sbin/ldconfig
	"$ldtool" scan "$root" "$BATS_TEST_TMPDIR/with-links"
	mv "$BATS_TEST_TMPDIR"/with*-links "$root/tmp/"

	list >"$BATS_TEST_TMPDIR/theirs"
	(($(wc -l <"$BATS_TEST_TMPDIR/theirs") > 60))
	diff "$BATS_TEST_TMPDIR/theirs" <(list /tmp/with-links)
	diff "$BATS_TEST_TMPDIR/theirs" <(list /tmp/without-links)
}

@test "bullseye amd64: ldconfig -p and ld.so find the libraries that were added" {
	check_driver bullseye amd64
}

@test "bullseye amd64: a scan lists what ldconfig lists" {
	check_scan bullseye amd64
}

@test "bookworm amd64: ldconfig -p and ld.so find the libraries that were added" {
	check_driver bookworm amd64
}

@test "bookworm amd64: a scan lists what ldconfig lists" {
	check_scan bookworm amd64
}

@test "trixie amd64: ldconfig -p and ld.so find the libraries that were added" {
	check_driver trixie amd64
}

@test "trixie amd64: a scan lists what ldconfig lists" {
	check_scan trixie amd64
}

@test "bullseye i386: ldconfig -p and ld.so find the libraries that were added" {
	check_driver bullseye i386
}

@test "bullseye i386: a scan lists what ldconfig lists" {
	check_scan bullseye i386
}

@test "bookworm i386: ldconfig -p and ld.so find the libraries that were added" {
	check_driver bookworm i386
}

@test "bookworm i386: a scan lists what ldconfig lists" {
	check_scan bookworm i386
}

@test "bullseye armhf: ldconfig -p and ld.so find the libraries that were added" {
	check_driver bullseye armhf
}

@test "bullseye armhf: a scan lists what ldconfig lists" {
	check_scan bullseye armhf
}

@test "bookworm armhf: ldconfig -p and ld.so find the libraries that were added" {
	check_driver bookworm armhf
}

@test "bookworm armhf: a scan lists what ldconfig lists" {
	check_scan bookworm armhf
}

@test "bullseye arm64: ldconfig -p and ld.so find the libraries that were added" {
	check_driver bullseye arm64
}

@test "bullseye arm64: a scan lists what ldconfig lists" {
	check_scan bullseye arm64
}

@test "bookworm arm64: ldconfig -p and ld.so find the libraries that were added" {
	check_driver bookworm arm64
}

@test "bookworm arm64: a scan lists what ldconfig lists" {
	check_scan bookworm arm64
}
