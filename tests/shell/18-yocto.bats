#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# cmake/yocto: the recipes' rules, the class that makes mount lists, and how run-ptest reports. The
# build by the recipe is tests/cross/yocto.

bats_require_minimum_version 1.5.0

setup() {
	yocto=$NVC_SOURCE_DIR/tests/yocto
	tree=$BATS_TEST_TMPDIR/D lists=$BATS_TEST_TMPDIR/D/etc/nvidia-container-runtime/host-files-for-container.d
	mkdir -p "$tree/usr/lib/pkg/deep"
	umask 022
}

# Runs the class on $tree; the list is in $list.
makes() { # PACKAGE VARIABLE=VALUE...
	local name=$1
	shift
	"$yocto/class" "$tree" "$@" >"$BATS_TEST_TMPDIR/set"
	list=$lists/$name.csv
	[[ $(stat -c %a "$list") == 644 ]]
}

refuses() { # TEXT VARIABLE=VALUE...
	local text=$1
	shift
	run "$yocto/class" "$tree" "$@"
	[[ $status == 1 && $output == *"fatal: "*"$text"* ]] || { echo "status $status: $output" && return 1; }
	run ! compgen -G "$lists/*"
}

@test "the recipes keep every rule" {
	run "$yocto/check"
	echo "$output"
	[[ $status == 0 && ${#lines[@]} -ge 20 ]]
}

@test "each rule is seen to fail" {
	run "$yocto/selftest"
	echo "$output"
	[[ $status == 0 && $output == *" 0 unseen" ]]
}

@test "bitbake's own parser reads the recipe" {
	run "$yocto/bitbake"
	echo "$output"
	[[ $status != 77 ]] || skip "${lines[-1]}"
	[[ $status == 0 ]]
}

@test "class: the files of \${D}, by kind, sorted, no empty line" {
	touch "$tree/usr/lib/libb.so.1" "$tree/usr/lib/liba.so.1.2" "$tree/usr/lib/libno.a" "$tree/usr/lib/pkg/libc.so"
	ln -s liba.so.1.2 "$tree/usr/lib/liba.so.1"
	ln -s /nowhere "$tree/usr/lib/libgone.so"
	ln -s pkg "$tree/usr/lib/libfolder.so"
	makes pkg
	diff "$list" - <<-END
		lib, /usr/lib/liba.so.1.2
		lib, /usr/lib/libb.so.1
		sym, /usr/lib/liba.so.1
		sym, /usr/lib/libfolder.so
		sym, /usr/lib/libgone.so
	END
	diff "$BATS_TEST_TMPDIR/set" - <<-END
		PACKAGES = pkg-container-csv pkg-dev pkg
		FILES:pkg-container-csv = /etc/nvidia-container-runtime/host-files-for-container.d/pkg.csv
	END
	"$NVC_BUILD_DIR/cli/nvc-cli" csv check "$lists"
}

@test "class: each variable does what it did in meta-tegra" {
	touch "$tree/usr/lib/liba.so" "$tree/usr/lib/libb.so" "$tree/usr/lib/pkg/libc.so" "$tree/usr/lib/pkg/deep/libd.so"
	makes mine PN=cuda CONTAINER_CSV_BASENAME=mine CONTAINER_CSV_PKGNAME=cuda-lists \
		CONTAINER_CSV_FILES="\${libdir}/*.so /usr/lib/pkg/* /usr/lib/pkg/deep" \
		CONTAINER_CSV_EXCLUDE_FILES="\${libdir}/liba* /usr/lib/none*" \
		CONTAINER_CSV_EXTRA='dev, /dev/nvmap\nlib,/lib/firmware/x.fw
		dev, /dev/nvmap'
	diff "$list" - <<-END
		dev, /dev/nvmap
		dir, /usr/lib/pkg/deep
		lib, /lib/firmware/x.fw
		lib, /usr/lib/libb.so
		lib, /usr/lib/pkg/libc.so
	END
	grep -qx 'FILES:cuda-lists = .*/mine.csv' "$BATS_TEST_TMPDIR/set"
	"$NVC_BUILD_DIR/cli/nvc-cli" csv check "$lists"

	rm "$list"
	makes pkg CONTAINER_CSV_LIB_PATH=/usr/lib/aarch64-linux-gnu CONTAINER_CSV_EXTRA='lib, /usr/lib/as-it-is.so'
	diff "$list" - <<-END
		lib, /usr/lib/aarch64-linux-gnu/liba.so
		lib, /usr/lib/aarch64-linux-gnu/libb.so
		lib, /usr/lib/as-it-is.so
	END
}

@test "class: what an alternate root holds is listed as nvc looks for it" {
	through=/usr/share/nvidia-container-passthrough/usr/lib/aarch64-linux-gnu
	mkdir -p "$tree$through" "$tree/opt/two/usr/lib"
	touch "$tree$through/libvulkan.so.1" "$tree/opt/two/usr/lib/libx.so" "$tree/usr/lib/liby.so"
	makes pkg "NVC_ALT_ROOTS=/usr/share/nvidia-container-passthrough;/opt/two/" \
		CONTAINER_CSV_FILES="$through/* /opt/two/usr/lib/* /usr/lib/*.so"
	diff "$list" - <<-END
		lib, /usr/lib/aarch64-linux-gnu/libvulkan.so.1
		lib, /usr/lib/libx.so
		lib, /usr/lib/liby.so
	END
}

@test "class: a name that is not UTF-8 is listed byte by byte" {
	touch "$tree/usr/lib/lib"$'\377'".so"
	LC_ALL=C.UTF-8 makes pkg
	printf 'lib, /usr/lib/lib\377.so\n' | cmp - "$list"
}

@test "class: what no list can hold is refused by name, and no list is left" {
	refuses "pkg.csv would be empty"
	refuses "'bin' is no type" CONTAINER_CSV_EXTRA='bin, /usr/bin/x'
	refuses "'usr/lib/x' is no absolute path" CONTAINER_CSV_EXTRA='lib, usr/lib/x'
	refuses "'/usr/lib/x' is not 'TYPE, PATH'" CONTAINER_CSV_EXTRA='/usr/lib/x'
	refuses "has a comma in it" CONTAINER_CSV_EXTRA='lib, /usr/lib/x,y'
	touch "$tree/usr/lib/liba,b.so"
	refuses "has a comma in it"
	rm "$tree/usr/lib/liba,b.so"
	touch "$tree/usr/lib/liba"$'\n'"b.so"
	refuses "has a newline in it"
	rm "$tree"/usr/lib/liba*
	touch "$tree/usr/lib/liba"$'\t'"b.so"
	refuses "has a control character in it"
	rm "$tree"/usr/lib/liba*
	refuses "has a control character in it" CONTAINER_CSV_EXTRA="lib, /usr/lib/x"$'\177'"y"
	touch "$tree/usr/lib/lib*.so"
	refuses "'/usr/lib/lib*.so' would be read as a pattern"
	rm "$tree"/usr/lib/lib*
	mkfifo "$tree/usr/lib/lib.so"
	refuses "is no file, directory, link or character device"
}

@test "class: both syntax families, boards only, never for the build machine" {
	touch "$tree/usr/lib/liba.so"
	makes pkg BITBAKE=1.46.0 OVERRIDES=linux:tegra DISTRO_FEATURES="x virtualization"
	grep -q '^FILES_pkg-container-csv = ' "$BATS_TEST_TMPDIR/set"
	grep -qx 'RDEPENDS_pkg =  pkg-container-csv' "$BATS_TEST_TMPDIR/set"
	makes pkg BITBAKE=2.18.0 OVERRIDES=linux:tegra DISTRO_FEATURES=virtualization
	grep -qx 'RDEPENDS:pkg =  pkg-container-csv' "$BATS_TEST_TMPDIR/set"
	makes pkg OVERRIDES=linux:tegra
	run ! grep RDEPENDS "$BATS_TEST_TMPDIR/set"
	makes pkg OVERRIDES=linux:qemuarm64 DISTRO_FEATURES=virtualization
	run ! grep RDEPENDS "$BATS_TEST_TMPDIR/set"
	rm "$list"
	"$yocto/class" "$tree" INHERITS=native >"$BATS_TEST_TMPDIR/set"
	[[ ! -s $BATS_TEST_TMPDIR/set && ! -e $list ]]
}

# What the recipe's own part of do_install leaves in $1, and to whom its lists are given.
recipe_installs() { # D CONFIG...
	local into=$1
	shift
	mkdir -p "$into/usr/share/nvc/csv" "$into/usr/share/nvc/docker"
	cp -r "$NVC_SOURCE_DIR"/csv/l4t-* "$into/usr/share/nvc/csv"
	echo '{}' >"$into/usr/share/nvc/docker/daemon.json"
	bash -euc "$("$yocto/qa" show install "$@" "D=$into")"
	"$yocto/qa" show packages "$@" >"$BATS_TEST_TMPDIR/packages"
	grep -qx "nvc-devices-csv ${lists#"$tree"}" "$BATS_TEST_TMPDIR/packages"
}

# on_board DIR WORD...
on_board() {
	"$NVC_BUILD_DIR/cli/nvc-cli" --config "$BATS_TEST_TMPDIR/config.toml" --root "$1" --host-root "$1" "${@:2}"
}

@test "R32: with the class's lists and nvc-devices-csv a board has its nodes, without it none" {
	local old board=$BATS_TEST_TMPDIR/board nodes=
	: >"$BATS_TEST_TMPDIR/config.toml"
	[[ $(id -u) == 0 ]] || nodes=--no-nodes
	touch "$tree/usr/lib/libcudart.so.10.0.326" "$tree/usr/lib/libcuda.so.1.1"
	makes cuda PN=cuda
	for old in "" 1; do
		recipe_installs "$BATS_TEST_TMPDIR/nvc$old" "old=$old" overrides=class-target,tegra L4T_VERSION=32.3.1
		[[ $(cd "$BATS_TEST_TMPDIR/nvc$old${lists#"$tree"}" && stat -c "%n %a" -- *) == "devices.csv 644" ]]
	done
	# no name of the other packages, or do_rootfs ends: l4t.csv is that of meta-tegra's recipe
	[[ ! -e $lists/devices.csv ]]
	cp "$BATS_TEST_TMPDIR/nvc${lists#"$tree"}"/* "$lists"
	# shellcheck disable=SC2086 # nodes may be no word
	"$NVC_BUILD_DIR/tests/support/board" $nodes --board nano --layout oe --lists "$lists" "$board" >/dev/null
	run on_board "$board" csv list
	echo "$output"
	[[ $status == 0 && $(grep -c '^devices.csv:.* dev, /dev/' <<<"$output") == 23 ]]
	[[ $output == *"cuda.csv:1:6: used: lib, /usr/lib/libcuda.so.1.1"* ]]
	[[ $nodes || $(grep -c '^devices.csv:.*: used: dev, /dev/' <<<"$output") == 23 ]]
	run on_board "$board" list
	[[ $status == 0 ]]
	[[ $nodes || $(grep -c '^/dev/' <<<"$output") == 23 ]]
	rm "$board${lists#"$tree"}/devices.csv"
	run on_board "$board" list
	[[ $status == 0 && $output == *libcuda* && $output != */dev/* ]]
}

@test "board-csv and nvc-devices-csv are never both" {
	local into=$BATS_TEST_TMPDIR/nvc
	mkdir -p "$into${lists#"$tree"}"
	cp "$NVC_SOURCE_DIR"/csv/l4t-r36/*.csv "$into${lists#"$tree"}" # as CMake does with NVC_CSV_RELEASE
	run ! recipe_installs "$into" PACKAGECONFIG=board-csv
	grep -qx "nvc-board-csv ${lists#"$tree"}" "$BATS_TEST_TMPDIR/packages"
	cmp "$NVC_SOURCE_DIR/csv/l4t-r36/devices.csv" "$into${lists#"$tree"}/devices.csv"
}

# A program that prints what cmocka prints.
prints() { # NAME STATUS LINE...
	local name=$1 status=$2
	shift 2
	printf '#!/bin/sh\ncat <<"END"\n%s\nEND\nexit %s\n' "$(printf '%s\n' "$@")" "$status" >"$BATS_TEST_TMPDIR/ptest/$name"
	chmod +x "$BATS_TEST_TMPDIR/ptest/$name"
}

@test "run-ptest: one line for each case, and a program that breaks is a failure" {
	mkdir "$BATS_TEST_TMPDIR/ptest"
	cp "$NVC_SOURCE_DIR/tests/ptest/run-ptest" "$BATS_TEST_TMPDIR/ptest"
	prints test_a 0 1..3 "ok 1 - a_good" "skipped: needs root" "not ok 2 # SKIP a_skipped" "ok 3 # SKIP a_too" "# ok - tests"
	run "$BATS_TEST_TMPDIR/ptest/run-ptest"
	[[ $status == 0 ]]
	diff <(echo "$output") <(printf '%s\n' "PASS: test_a:a_good" "skipped: needs root" "SKIP: test_a:a_skipped" "SKIP: test_a:a_too")

	prints test_b 1 1..1 "ok 1 - b_first" 1..1 "not ok 1 - b_bad" "# x.c:1: error: Failure!" "# not ok - tests"
	prints test_c 134 1..2 "ok 1 - c_first"
	prints test_d 139
	prints test_e 0 1..1 "ok 1 - e_first" "not ok 0 - tests [  FAILED  ] GROUP TEARDOWN"
	prints test_f 3 1..1 "ok 1 - f_first" "# ok - tests"
	prints test_g 77 "skipped: no such kernel"
	run "$BATS_TEST_TMPDIR/ptest/run-ptest"
	echo "$output"
	[[ $status == 1 ]]
	diff <(grep -E '^(PASS|FAIL|SKIP): ' <<<"$output" | grep -v test_a) - <<-END
		PASS: test_b:b_first
		FAIL: test_b:b_bad
		PASS: test_c:c_first
		FAIL: test_c (ended with status 134 after 1 of 2 cases)
		FAIL: test_d (ended with status 139 after 0 of 0 cases)
		PASS: test_e:e_first
		FAIL: test_e (GROUP TEARDOWN)
		PASS: test_f:f_first
		FAIL: test_f (ended with status 3)
		SKIP: test_g
	END
	run "$BATS_TEST_TMPDIR/ptest/run-ptest" test_a test_none
	[[ $status == 1 && $output == *"FAIL: test_none (is not there)"* && $output != *test_b* ]]
}
