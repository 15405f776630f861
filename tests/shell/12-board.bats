#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The simulated boards themselves: every test with an engine stands on them. Device nodes only as root.

bats_require_minimum_version 1.5.0

releases="R32 R35 R36 R38 R39"

setup_file() {
	umask 022
	export boards=$BATS_FILE_TMPDIR/boards
	export nodes=
	[ "$(id -u)" -eq 0 ] || nodes=--no-nodes
	mkdir "$boards"
	for release in $releases; do
		make_board --board "$release" "$boards/$release"
	done
	touch "$BATS_FILE_TMPDIR/config.toml"
}

make_board() {
	# shellcheck disable=SC2086 # nodes may be no word
	"$NVC_BUILD_DIR/tests/support/board" $nodes "$@" >/dev/null
}

# on_board DIR COMMAND...: with an empty configuration, the machine's own does not count
on_board() {
	"$NVC_BUILD_DIR/cli/nvc-cli" --config "$BATS_FILE_TMPDIR/config.toml" --root "$1" --host-root "$1" "${@:2}"
}

# Every folder of a board that holds libraries, for LD_LIBRARY_PATH.
library_dirs() {
	find "$1" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:
}

libraries() {
	find "$1" -type f -name '*.so*' ! -name 'ld.so*' ! -path '*/etc/*'
}

@test "every library loads, with all that it needs, and is itself" {
	cat >"$BATS_TEST_TMPDIR/load.c" <<-END
		#include <dlfcn.h>
		#include <stdio.h>
		#include <string.h>
		int main(void)
		{
			char path[4096];
			int loaded = 0;

			while (fgets(path, sizeof(path), stdin) != NULL) {
				void *library;
				int (*id)(void);

				path[strcspn(path, "\n")] = '\0';
				library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
				if (library == NULL)
					return fprintf(stderr, "%s\n", dlerror()), 1;
				*(void **)&id = dlsym(library, "nvc_stub_id");
				if (id == NULL)
					return fprintf(stderr, "%s: no nvc_stub_id\n", path), 1;
				printf("%d\n", id());
				loaded++;
			}
			return loaded < 50;
		}
	END
	"${NVC_CC:-cc}" -o "$BATS_TEST_TMPDIR/load" "$BATS_TEST_TMPDIR/load.c" -ldl

	for release in $releases; do
		libraries "$boards/$release" >"$BATS_TEST_TMPDIR/paths"
		LD_LIBRARY_PATH=$(library_dirs "$boards/$release") "$BATS_TEST_TMPDIR/load" <"$BATS_TEST_TMPDIR/paths" >"$BATS_TEST_TMPDIR/ids"

		# a number of its own each: none stands for another one
		[ "$(sort -u "$BATS_TEST_TMPDIR/ids" | wc -l)" -eq "$(wc -l <"$BATS_TEST_TMPDIR/paths")" ]
	done
}

@test "libcuda has its SONAME, a version number of a driver is none" {
	for release in $releases; do
		find "$boards/$release" -name libcuda.so.1.1 >"$BATS_TEST_TMPDIR/cuda"
		[ -s "$BATS_TEST_TMPDIR/cuda" ]
		while read -r file; do
			readelf -d "$file" | grep -q 'SONAME.*\[libcuda\.so\.1\]'
		done <"$BATS_TEST_TMPDIR/cuda"
	done
	readelf -d "$boards/R36/usr/lib/aarch64-linux-gnu/nvidia/libnvidia-eglcore.so.540.4.0" |
		grep -q 'SONAME.*\[libnvidia-eglcore\.so\.540\.4\.0\]'
}

@test "a program finds libcuda by its name and hears the CUDA version of the release" {
	for release in $releases; do
		wanted=$(on_board "$boards/$release" info --json | jq -r .facts.cuda.value)

		LD_LIBRARY_PATH=$(library_dirs "$boards/$release") "$NVC_BUILD_DIR/tests/support/cuda-probe" --json /dev/null >"$BATS_TEST_TMPDIR/probe"

		[[ $(jq -r .libcuda "$BATS_TEST_TMPDIR/probe") == "$boards/$release"/*/libcuda.so.1* ]]
		[ "$(jq -r '"\(.cuda_version / 1000 | floor).\(.cuda_version % 1000 / 10)"' "$BATS_TEST_TMPDIR/probe")" = "$wanted" ]
	done
}

@test "libraries are of the machine that was asked for" {
	while read -r machine class name; do
		make_board --board R36 --machine "$machine" "$BATS_TEST_TMPDIR/$machine"
		libraries "$BATS_TEST_TMPDIR/$machine" | xargs readelf -h >"$BATS_TEST_TMPDIR/heads"

		[ "$(grep -c 'Machine:' "$BATS_TEST_TMPDIR/heads")" -gt 100 ]
		[ "$(sed -n 's/^ *Machine: *//p' "$BATS_TEST_TMPDIR/heads" | sort -u)" = "$name" ]
		[ "$(sed -n 's/^ *Class: *//p' "$BATS_TEST_TMPDIR/heads" | sort -u)" = "$class" ]
	done <<-END
		aarch64 ELF64 AArch64
		arm ELF32 ARM
	END
	run make_board --machine mips "$BATS_TEST_TMPDIR/mips"
	[ "$status" -ne 0 ]
	[[ $output == *mips* ]]
}

@test "the last rows can be left out" {
	for release in $releases; do
		make_board --board "$release" --missing 7 "$BATS_TEST_TMPDIR/$release"

		before=$(on_board "$boards/$release" csv list | grep -c ': missing: ' || true)
		after=$(on_board "$BATS_TEST_TMPDIR/$release" csv list | grep -c ': missing: ')
		[ "$after" -eq $((before + 7)) ]
	done
}

@test "every row of the project's lists finds something" {
	[ -z "$nodes" ] || skip "device nodes need root"
	for release in $releases; do
		on_board "$boards/$release" csv list >"$BATS_TEST_TMPDIR/rows"
		# where the plugins of R32 lie is not known: its list is merged from several boards
		run ! grep ': missing: ' <(grep -v '/libv4l/plugins/nv/' "$BATS_TEST_TMPDIR/rows")
		[ -s "$BATS_TEST_TMPDIR/rows" ]
	done
}

@test "other layouts: the same rows find something, where such a system has it" {
	local layout release dir
	[ -z "$nodes" ] || skip "device nodes need root"
	echo 'nvc.alt-roots = ["/usr/share/nvidia-container-passthrough"]' >"$BATS_TEST_TMPDIR/config.toml"
	for layout in usrmerge split oe oe64,split; do
		for release in R35 R36 R38; do
			dir=$BATS_TEST_TMPDIR/$layout-$release
			make_board --board "$release" --layout "$layout" "$dir"
			"$NVC_BUILD_DIR/cli/nvc-cli" --config "$BATS_TEST_TMPDIR/config.toml" --root "$dir" --host-root "$dir" csv list >"$BATS_TEST_TMPDIR/rows"
			run ! grep ': missing: ' "$BATS_TEST_TMPDIR/rows"
			[ "$(wc -l <"$BATS_TEST_TMPDIR/rows")" -eq "$(on_board "$boards/$release" csv list | wc -l)" ]
			[ "$(find "$dir" -name libcuda.so.1.1 -printf '/%P\n' | grep -c "$(where "$layout" "$release")")" -eq 1 ]
		done
	done
	[ -d "$BATS_TEST_TMPDIR/split-R36/lib/firmware" ]
	[ -d "$BATS_TEST_TMPDIR/usrmerge-R36/usr/lib/firmware" ]
	[ -d "$BATS_TEST_TMPDIR/oe-R36/usr/share/nvidia-container-passthrough/usr/lib/aarch64-linux-gnu/gstreamer-1.0" ]
}

where() { # LAYOUT RELEASE
	case $1 in
	oe64*) echo '^/usr/lib64/' ;;
	oe*) echo '^/usr/lib/libcuda' ;;
	*) echo '^/usr/lib/aarch64-linux-gnu/' ;;
	esac
}

@test "parts can be left out, and the lists be elsewhere" {
	local dir=$BATS_TEST_TMPDIR/board
	make_board --board R36 --without lists,release-more,device-tree,soc0,ld-conf "$dir"
	[ "$(find "$dir/etc" -type f -printf '%P\n' | grep -v vulkan)" = nv_tegra_release ]
	[ "$(wc -l <"$dir/etc/nv_tegra_release")" -eq 1 ]
	[ ! -e "$dir/proc" ] && [ ! -e "$dir/sys" ]
	make_board --board R36 --lists-at /usr/share/lists "$dir-2"
	[ -s "$dir-2/usr/share/lists/drivers.csv" ]
	run make_board --without ears "$dir-3"
	[ "$status" -ne 0 ]
	[[ $output == *ears* ]]
}

@test "csv check has nothing to say about the project's lists" {
	for release in $releases; do
		run --separate-stderr on_board "$boards/$release" csv check
		echo "$stderr"
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
	done
}

@test "a board can be made of any folder of lists" {
	lists=$NVC_SOURCE_DIR/../shared/data/csv
	[ -d "$lists" ] || skip "the collected lists of real boards are beside the repository, not in it"
	find "$lists" -name '*.csv' -printf '%h\n' | sort -u >"$BATS_TEST_TMPDIR/folders"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/folders")" -gt 40 ]
	while read -r folder; do
		echo "$folder"
		release=$(grep -oE 'R3[2-9]' <<<"$folder" | head -n 1 || true)
		make_board --release "${release:-R32}" --lists "$folder" "$BATS_TEST_TMPDIR/board"
		on_board "$BATS_TEST_TMPDIR/board" csv list >"$BATS_TEST_TMPDIR/rows"
		[ -s "$BATS_TEST_TMPDIR/rows" ]
		rm -rf "$BATS_TEST_TMPDIR/board"
	done <"$BATS_TEST_TMPDIR/folders"
}
