# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# CVE-2024-0132: what the first mount brings turns the second target, looked up before, into another
# place: there the host's root came in. The image's layout as published, with rows for both files; and
# folders of the board that bring a climbing link where the image has a folder. Nothing of the image's is
# ever mounted, and nothing of the host's but what the rows say.
# compat-*: a machine with NVIDIA's driver, whose hook looks into that folder for CUDA libraries of the image's
# own: the published layout, links to the host, what only looks like a library, notes that are too large.
scenes=(files folders nested)
case $VARIANT in
cell) scenes+=(compat-layout compat-place compat-links compat-kinds compat-two compat-note) ;;
user-r32) scenes+=(compat-layout compat-links compat-note) ;;
runc) scenes+=(compat-layout compat-place) ;;
esac
needle="usr/local/cuda"
compat=usr/local/cuda/compat
native=usr/lib/$(uname -m)-linux-gnu
up=../../../../../../../../../..
case $SCENE in
folders) allowed='contained refused' ;;
esac

# A library that calls itself libcuda.so.1.
stub() { # FILE
	mkdir -p "$(dirname "$1")"
	[[ -e $TOP.stub.so ]] || echo 'int stub_of_cuda = 1;' | gcc -xc -shared -fPIC -nostdlib -Wl,-soname,libcuda.so.1 -o "$TOP.stub.so" -
	cp "$TOP.stub.so" "$1"
}

# With a note whose section says that it has a gigabyte, and the file has one.
noted() { # FILE
	local start index
	stub "$1"
	printf '{"CUDA Version":"99.9","Driver":[550]}' >"$TOP.note"
	objcopy --add-section .note.cuda.fwd_compatibility="$TOP.note" "$1"
	start=$(readelf -hW "$1" | sed -nE 's/.*Start of section headers: *([0-9]+).*/\1/p')
	index=$(readelf -SW "$1" | sed -nE 's/^ *\[ *([0-9]+)\] \.note\.cuda\.fwd_compatibility .*/\1/p')
	printf '\0\0\0\100\0\0\0\0' | dd of="$1" bs=1 seek=$((start + index * 64 + 32)) conv=notrunc status=none
	truncate -s 1100M "$1"
}

image_compat() {
	local where
	mkdir -p "$compat"
	case $SCENE in
	compat-layout)
		mkdir -p "$native/libA.so.1337" pwn/libA.so.1337
		echo image >"$native/libA.so.1337/libA.so.1337.x"
		ln -s "$up" pwn/libA.so.1337/libA.so.1337.x
		ln -s /pwn/libA.so.1337 "$compat/liba.so.1"
		ln -s "/$native/libA.so.1337/libA.so.1337.x" "$compat/liba.so.2"
		# the same by the names that count now
		ln -s /pwn/libA.so.1337 "$compat/libcuda.so.999.1"
		ln -s "/$native/libA.so.1337/libA.so.1337.x" "$compat/libcuda.so.999.2"
		;;
	compat-place)
		# the folder is one of the host's
		stub "$CANARY/compat/libcuda.so.999.1"
		rm -r usr/local/cuda
		ln -s "$up$CANARY" usr/local/cuda
		;;
	compat-links)
		# each library is one of the host's
		stub "$CANARY/libcuda.so.999.1"
		ln -s "$CANARY/libcuda.so.999.1" "$compat/libcuda.so.999.1"
		ln -s "../../../..$up$CANARY/libcuda.so.999.1" "$compat/libcuda.so.999.2"
		ln -s /proc/1/root/etc/passwd "$compat/libcuda.so.999.3"
		;;
	compat-kinds)
		mkfifo "$compat/libcuda.so.999.1"
		mkdir "$compat/libcuda.so.999.2"
		mknod "$compat/libcuda.so.999.3" c 1 5
		ln -s libcuda.so.999.4 "$compat/libcuda.so.999.4"
		;;
	compat-two)
		for where in 1 2; do stub "$compat/libcuda.so.999.$where"; done
		;;
	compat-note) noted "$compat/libcuda.so.999.1" ;;
	esac
}

image() {
	if [[ $SCENE == compat-* ]]; then
		image_compat
		return
	fi
	mkdir -p "$LIB/libA.so.1337" pwn/libA.so.1337 "$compat"
	echo image >"$LIB/libA.so.1337/libA.so.1337.x"
	ln -s "$up" pwn/libA.so.1337/libA.so.1337.x
	case $SCENE in
	files)
		ln -s /pwn/libA.so.1337 "$compat/liba.so.1"
		ln -s "/$LIB/libA.so.1337/libA.so.1337.x" "$compat/liba.so.2"
		;;
	folders)
		rm "$LIB/libA.so.1337/libA.so.1337.x"
		mkdir "$LIB/libA.so.1337/libA.so.1337.x"
		ln -s "../../../../$LIB/libA.so.1337" "$compat/one"
		ln -s "../../../../$LIB/libA.so.1337/libA.so.1337.x" "$compat/two"
		;;
	nested) ln -s "../../../../$LIB/libA.so.1337" "$compat/one" ;;
	esac
}

host() {
	if [[ $SCENE == compat-* ]]; then
		rm -rf "$BOARD"
		"$TOOLS/driver" --gpus 1 --no-compat32 --no-nvml "$BOARD" >&2
		return
	fi
	local list=$BOARD/etc/nvidia-container-runtime/host-files-for-container.d/drivers.csv
	mkdir -p "$BOARD/$compat"/{one,two}
	ln -s "$up" "$BOARD/$compat/one/libA.so.1337.x"
	echo board | tee "$BOARD/$compat"/liba.so.{1,2} >"$BOARD/$compat/two/content"
	case $SCENE in
	files) printf "lib, /$compat/liba.so.%d\n" 1 2 ;;
	folders) printf "dir, /$compat/%s\n" one two ;;
	nested)
		mkdir -p "$BOARD$CANARY"
		echo board >"$BOARD$CANARY/file"
		printf 'dir, /%s/one\nlib, /%s/one/libA.so.1337.x%s/file\n' "$compat" "$compat" "$CANARY"
		config_add "allowed-prefixes = [\"/usr\", \"/lib\", \"/dev\", \"/etc/vulkan\", \"/etc/vulkansc\", \"$CANARY\"]"
		;;
	esac >>"$list"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

# The library that the container's loader finds is the host's, by its mount, but where the image's may come first.
inside_compat() {
	local first
	is_bound "$native/libcuda.so.550.54.15"
	first=$(chroot . /sbin/ldconfig -p | awk '$1 == "libcuda.so.1" { print $NF; exit }')
	case $SCENE in
	compat-note) [[ $first == "/$compat/libcuda.so.999.1" ]] || die "the image's library was not looked at: '$first'" ;;
	*) [[ $first == "/$native/libcuda.so.1" ]] || die "the loader finds '$first'" ;;
	esac
}

inside() {
	case $SCENE in
	compat-*) inside_compat ;;
	files)
		is_bound "$compat"/liba.so.{1,2}
		[[ $(cat "$LIB/libA.so.1337/libA.so.1337.x") == image ]] || die "the image's file was covered"
		;;
	folders)
		is_bound_at "$LIB/libA.so.1337" "$compat/one"
		;;
	nested)
		is_bound_at "$LIB/libA.so.1337" "$compat/one"
		[[ ! -e .$CANARY/file ]] || is_bound_at ".$CANARY/file" ".$CANARY/file"
		;;
	esac
}

after() {
	case $SCENE in
	compat-two) log_has 'CUDA: libraries of the host .* there is more than one libcuda in it' ;;
	compat-note) log_has 'CUDA: libraries of the image .* they are newer' ;;
	esac
}
