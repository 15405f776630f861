#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The same source gives the same bytes, whoever builds it where and when; the tarball is the source.

# shellcheck disable=SC2016 # scripts of another shell
bats_require_minimum_version 1.5.0

OPTIONS=(-DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_SYSCONFDIR=/etc -DNVC_CSV_RELEASE=l4t-r36
	-DNVC_CSV_DIR=/usr/share/lists)
PROGRAMS=(nvc nvc-cli nvc-hook nvc-runtime nvc-driver man)

cache() { # VARIABLE: what this build was made with
	sed -n "s/^$1:[A-Z]*=//p" "$NVC_BUILD_DIR/CMakeCache.txt"
}

# A tarball from a copy of the tree at FOLDER, which is not where it lies otherwise
tarball() { # SOURCE FOLDER
	mkdir -p "$2"
	"$1/cmake/dist" "$1" "$NAME" "$2"
}

unpack() { # FOLDER
	mkdir -p "$1"
	tar -xzf "$AT/first/$NAME.tar.gz" -C "$1" --strip-components=1
}

# The first build: root's, slow, today; with tests, without git
build_first() {
	unpack "$AT/one"
	mkdir "$AT/bin"
	printf '#!/bin/sh\necho "$@" >>%q\nexit 99\n' "$AT/git-was-called" >"$AT/bin/git"
	chmod 755 "$AT/bin/git"
	umask 022
	env -u SOURCE_DATE_EPOCH PATH="$AT/bin:$PATH" LC_ALL=C TZ=UTC sh -eu -c '
		cmake -S "$1" -B "$2" "$3" "$4" -DNVC_TESTS=ON "$5" "$6" "$7" "$8"
		shift 8
		cmake --build "$0/b1" -j1 --target "$@" test_csv test_toml test_settings test_base_str
		DESTDIR=$0/tree1 cmake --install "$0/b1"' "$AT" "$AT/one" "$AT/b1" \
		"${COMMON[@]}" "${OPTIONS[@]}" "${PROGRAMS[@]}"
}

# The second: another user's (where there can be one), elsewhere, in other words and another time
build_second() {
	local as=()
	unpack "$AT/other/places/odd folder name"
	mkdir -p "$AT/out/second"
	find "$AT/other" -exec touch -d '2001-02-03 04:05:06' {} +
	if [[ $EUID == 0 ]]; then
		chown -R 65534:65534 "$AT/other" "$AT/out"
		as=(setpriv --reuid=65534 --regid=65534 --clear-groups --)
	fi
	(
		cd "$AT/out" || exit
		umask 077
		env -u HOME SOURCE_DATE_EPOCH=1 USER=somebodyelse LOGNAME=somebodyelse LC_ALL=C.UTF-8 TZ=NVC-9 "${as[@]}" sh -eu -c '
			cmake -S "$1" -B "$2" "$3" "$4" -DNVC_TESTS=OFF "$5" "$6" "$7" "$8"
			cmake --build "$2" -j2
			umask 022 # CMake makes folders by it
			DESTDIR=$0/out/tree2 cmake --install "$2"' "$AT" "$AT/other/places/odd folder name" "$AT/out/second/build" \
			"${COMMON[@]}" "${OPTIONS[@]}"
	)
}

setup_file() {
	export AT NAME
	# not below bats' own folder, which is for nobody else
	AT=$(mktemp -d /tmp/nvc-reproducible.XXXXXX)
	chmod 755 "$AT"
	NAME=nvc-$(cat "$NVC_SOURCE_DIR/VERSION")
	CMAKE_GENERATOR=$(cache CMAKE_GENERATOR)
	export CMAKE_GENERATOR
	COMMON=(-DCMAKE_C_COMPILER="${NVC_CC:-cc}" -DCMAKE_BUILD_TYPE=RelWithDebInfo)
	tarball "$NVC_SOURCE_DIR" "$AT/first"
	build_first >"$AT/log1" 2>&1 || {
		tail -n 40 "$AT/log1"
		return 1
	}
	build_second >"$AT/log2" 2>&1 || {
		tail -n 40 "$AT/log2"
		return 1
	}
}

teardown_file() {
	rm -rf "$AT"
}

tree() { # FOLDER: names, types, modes and where links lead
	(cd "$1" && find . -printf '%p %M %l\n' | LC_ALL=C sort)
}

@test "two builds in other folders, times, users, locales and masks install the same" {
	[[ -x $AT/tree1/usr/bin/nvc-hook && -f $AT/tree1/usr/share/lists/drivers.csv && -f $AT/tree1/usr/share/man/man1/nvc-cli.1 ]]
	tree "$AT/tree1" >"$BATS_TEST_TMPDIR/one"
	tree "$AT/out/tree2" >"$BATS_TEST_TMPDIR/two"
	diff "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
	(($(wc -l <"$BATS_TEST_TMPDIR/one") > 50))
	diff -r --no-dereference "$AT/tree1" "$AT/out/tree2"
	run grep -vE ' ([d-]rwxr-xr-x|-rw-r--r--|lrwxrwxrwx) ' "$BATS_TEST_TMPDIR/one"
	[ -z "$output" ]
}

@test "nothing that is installed tells of folders, flags, the day, the builder or the compiler" {
	local file plain=$BATS_TEST_TMPDIR/plain n=0 host
	host=$(uname -n)
	((${#host} > 6)) || host=$AT # a short name may be anything
	while read -r file; do
		run -1 grep -qaFe "$AT" -e "odd folder name" -e somebodyelse -e "$host" "$file"
		run -1 grep -qaE -e "(^|[^0-9])$(date +%Y)([^0-9]|$)" -e '(^|[^-[:alnum:]])-O[0-9s]([^[:alnum:]]|$)' "$file"
		if head -c 4 "$file" | grep -q ELF; then
			objcopy --strip-debug --remove-section=.comment "$file" "$plain"
			strings -a "$plain" >"$plain.text"
			run -1 grep -E 'GCC: |GNU C1|clang version|-fstack-|-D_FORTIFY' "$plain.text"
			n=$((n + 1))
		fi
	done < <(find "$AT/tree1" -type f)
	[ "$n" -eq 5 ]
}

@test "a tarball of the tarball is the tarball, and it holds what git has" {
	touch "$AT/one/cli/left-over.c~"
	SOURCE_DATE_EPOCH='' tarball "$AT/one" "$AT/again"
	cmp "$AT/first/$NAME.tar.gz" "$AT/again/$NAME.tar.gz"
	tar -tvzf "$AT/first/$NAME.tar.gz" >"$BATS_TEST_TMPDIR/list"
	run grep -vE "^[d-]rwxr-xr-x 0/0 .* $NAME/|^-rw-r--r-- 0/0 .* $NAME/" "$BATS_TEST_TMPDIR/list"
	[ -z "$output" ]
	git -C "$NVC_SOURCE_DIR" rev-parse >/dev/null 2>&1 || skip "the source is no git checkout"
	# files that are not committed yet are the tree's own too
	git -C "$NVC_SOURCE_DIR" ls-files --cached --others --exclude-standard --deduplicate |
		while read -r file; do [[ ! -e $NVC_SOURCE_DIR/$file ]] || echo "$NAME/$file"; done | LC_ALL=C sort >"$BATS_TEST_TMPDIR/git"
	tar -tzf "$AT/first/$NAME.tar.gz" | grep -v '/$' | LC_ALL=C sort | diff "$BATS_TEST_TMPDIR/git" -
}

@test "the tarball builds, installs and passes tests without git" {
	[[ ! -e $AT/git-was-called ]] || {
		cat "$AT/git-was-called"
		false
	}
	for name in csv toml settings base_str; do
		"$AT/b1/tests/test_$name"
	done
	"$AT/tree1/usr/bin/nvc-cli" --version | grep -F "${NAME#nvc-}"
}

@test "installing builds nothing" {
	local build=$AT/b1
	rm "$build/hook/nvc-hook"
	run ! cmake --build "$build" --target install
	[[ ! -e $build/hook/nvc-hook ]]
}
