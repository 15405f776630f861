#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The simulated boards themselves: what they stand for must hold before anything is tested on them.
# Without nodes, so that no privilege is needed.

setup_file() {
	# loads each library of the command line and calls the function that all stubs have
	cat >"$BATS_FILE_TMPDIR/load.c" <<-'END'
		#include <dlfcn.h>
		#include <stdio.h>
		int main(int argc, char **argv)
		{
			int failed = 0;
			for (int i = 1; i < argc; i++) {
				void *lib = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
				int (*id)(void) = lib == NULL ? NULL : (int (*)(void))dlsym(lib, "nvc_stub_id");
				if (id == NULL)
					failed += printf("%s\n", dlerror()) > 0;
				else
					(void)id();
			}
			printf("%d loaded, %d failed\n", argc - 1 - failed, failed);
			return failed != 0;
		}
	END
	"${NVC_CC:-cc}" -o "$BATS_FILE_TMPDIR/load" "$BATS_FILE_TMPDIR/load.c" -ldl
}

setup() {
	board=$BATS_TEST_TMPDIR/board
}

make_board() {
	"$NVC_BUILD_DIR/tests/support/board" --no-nodes "$@" "$board"
}

libraries() {
	find "$board" -type f -name '*.so*' ! -name '*.conf' | sort
}

dirs() {
	libraries | xargs -n 1 dirname | sort -u | paste -sd:
}

soname() {
	readelf -dW "$1" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p'
}

@test "every library of every release loads here and answers" {
	[[ $(uname -m) == x86_64 || $(uname -m) == aarch64 ]] || skip "stubs have no code for this machine"
	for release in R32 R35 R36 R38 R39; do
		rm -rf "$board"
		make_board --board "$release"
		mapfile -t libs < <(libraries)
		((${#libs[@]} > 100))
		LD_LIBRARY_PATH=$(dirs) "$BATS_FILE_TMPDIR/load" "${libs[@]}"
	done
}

@test "libraries have a SONAME that their name begins with, or that the board links to them" {
	for release in R32 R36; do
		rm -rf "$board"
		make_board --board "$release" --machine aarch64
		libraries | while read -r lib; do
			name=$(soname "$lib")
			[[ -n $name ]]
			if [[ ${lib##*/} != "$name"* && ! $name == "${lib##*/}".* ]]; then
				[[ $(readlink "$(dirname "$lib")/$name") == "${lib##*/}" ]] || { echo "$lib is $name" && exit 1; }
			fi
		done
	done
}

@test "libcuda.so.1.1 is libcuda.so.1, and parts of the driver carry its version" {
	make_board --board orin --machine aarch64
	dir=$board/usr/lib/aarch64-linux-gnu/nvidia
	[[ $(soname "$dir/libcuda.so.1.1") == libcuda.so.1 ]]
	[[ $(soname "$dir/libnvos.so") == libnvos.so ]]
	core=$(find "$dir" -name 'libnvidia-glcore.so.540*')
	[[ $(soname "$core") == "${core##*/}" ]]
	readelf -dW "$dir/libcuda.so.1.1" | grep -q 'NEEDED.*libnvrm_gpu.so'
	readelf -lW "$dir/libcuda.so.1.1" | grep -q 'GNU_STACK.*RW '
}

@test "stubs are of the machine that was asked for" {
	for machine in x86_64:X86-64 aarch64:AArch64 arm:ARM; do
		rm -rf "$board"
		make_board --board nano --machine "${machine%:*}"
		readelf -h "$board/usr/lib/aarch64-linux-gnu/tegra/libcuda.so.1.1" | grep -q "Machine:.*${machine#*:}"
	done
}

@test "links are as on real boards: absolute, relative, chained, inverted" {
	make_board --board nano
	lib=$board/usr/lib/aarch64-linux-gnu
	[[ $(readlink "$board/etc/vulkan/icd.d/nvidia_icd.json") == /usr/lib/aarch64-linux-gnu/tegra/nvidia_icd.json ]]
	[[ $(readlink "$board/usr/share/glvnd/egl_vendor.d/10_nvidia.json") == ../../../lib/aarch64-linux-gnu/tegra-egl/nvidia.json ]]
	[[ $(readlink "$lib/libcudnn.so") == /etc/alternatives/libcudnn_so ]]
	[[ $(readlink "$board/etc/alternatives/libcudnn_so") == /usr/lib/aarch64-linux-gnu/libcudnn.so.8* ]]
	[[ $(readlink "$lib/tegra/libcuda.so") == libcuda.so.1.1 ]]
	rm -rf "$board"
	make_board --board R35
	[[ $(readlink "$lib/tegra/libnvidia-egl-wayland.so.1") == libnvidia-egl-wayland.so ]]
	[[ $(readlink "$lib/libcuda.so") == tegra/libcuda.so ]]
}

@test "the typo of NVIDIA's list, /usr/loca/cuda, stays missing" {
	mkdir "$BATS_TEST_TMPDIR/lists"
	printf 'sym, /usr/loca/cuda\nlib, /usr/lib/libx.so.1.2\n' >"$BATS_TEST_TMPDIR/lists/l4t.csv"
	make_board --lists "$BATS_TEST_TMPDIR/lists"
	[[ ! -L $board/usr/loca/cuda && ! -e $board/usr/loca/cuda && -f $board/usr/lib/libx.so.1.2 ]]
}

@test "cuda-probe finds and asks each release's libcuda" {
	[[ $(uname -m) == x86_64 || $(uname -m) == aarch64 ]] || skip "stubs have no code for this machine"
	for release in R32:10020 R35:11040 R36:120 R38:130 R39:130; do
		rm -rf "$board"
		make_board --board "${release%:*}"
		run env LD_LIBRARY_PATH="$(dirs)" "$NVC_BUILD_DIR/tests/support/cuda-probe" --json /dev/null
		[[ $status == 0 ]]
		jq -e '.libcuda | startswith("'"$board"'")' <<<"$output"
		jq -e '.devices == 1 and (.cuda_version | tostring | startswith("'"${release#*:}"'"))' <<<"$output"
	done
}

@test "what the last rows name can be left out" {
	mkdir "$BATS_TEST_TMPDIR/lists"
	printf 'lib, /usr/lib/liba.so\nlib, /usr/lib/libb.so\n' >"$BATS_TEST_TMPDIR/lists/l4t.csv"
	make_board --lists "$BATS_TEST_TMPDIR/lists" --missing 1
	[[ -f $board/usr/lib/liba.so && ! -e $board/usr/lib/libb.so ]]
}

@test "every folder of lists that was collected makes a board" {
	lists=$NVC_SOURCE_DIR/../shared/data/csv
	[[ -d $lists ]] || skip "the collected lists of real boards are beside the repository, not in it"
	n=0
	while read -r folder; do
		rm -rf "$board"
		make_board --lists "$folder" || { echo "$folder" && return 1; }
		n=$((n + 1))
	done < <(find -L "$lists" -name '*.csv' -printf '%h\n' | sort -u)
	((n > 20))
}

@test "bad options get one line and a non-zero exit" {
	run "$NVC_BUILD_DIR/tests/support/board" --board toaster "$board"
	[[ $status != 0 && $output == *"'toaster'"* ]]
	run "$NVC_BUILD_DIR/tests/support/board" --lists /nonexistent "$board"
	[[ $status != 0 && $output == *"'/nonexistent'"* ]]
	run "$NVC_BUILD_DIR/tests/support/board" --no-nodes --board nano
	[[ $status == 2 ]]
}
