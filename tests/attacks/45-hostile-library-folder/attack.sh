# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# The image's library folders, scanned because it has no cache: very many names, ELF files that lie, empty
# ones, FIFOs, devices and links to the host. ATTACK_ENTRIES is how many names (a million for --long).
# shellcheck source=tests/attacks/values.sh
. "$NVC_SOURCE_DIR/tests/attacks/values.sh"
scenes=(elf many)
entries=${ATTACK_ENTRIES:-5000}
[[ $VARIANT != cell || ${ATTACK_ENTRIES-} ]] || entries=200001

image() {
	local file
	rm -f etc/ld.so.cache
	mkdir -p opt/lib
	echo /opt/lib >>etc/ld.so.conf
	if [[ $SCENE == many ]]; then
		(cd opt/lib && seq -f 'lib%.0f.so.1' "$entries" | xargs touch)
		return
	fi
	for file in "$NVC_SOURCE_DIR"/tests/fuzz/corpus/elf/* "$NVC_SOURCE_DIR"/tests/fuzz/corpus/elfnote/*; do
		cp "$file" "opt/lib/lib$(basename "$(dirname "$file")")-$(basename "$file").so.1"
	done
	: >opt/lib/libempty.so.1
	mkfifo opt/lib/libfifo.so.1
	mknod -m 666 opt/lib/libzero.so.1 c 1 5
	mkdir opt/lib/libdir.so.1
	ln -s libloop.so.1 opt/lib/libloop.so.1
	ln -s "$CANARY/$LIB/nvidia/libcuda.so.1.1" opt/lib/libhost.so.1
	ln -s ../../../../../../../../../../../../proc/kmsg opt/lib/libkmsg.so.1
	truncate -s 1T opt/lib/libsparse.so.1 2>/dev/null || truncate -s 4G opt/lib/libsparse.so.1
	# a good start, and nonsense behind it
	head -c 65 "$BOARD/$LIB/nvidia/libcuda.so.1.1" >opt/lib/libcut.so.1
	for i in 32 40 54 56 58 60; do
		cp "$BOARD/$LIB/nvidia/libcuda.so.1.1" "opt/lib/libbad$i.so.1"
		printf '\377\377\377\377\377\377\377\177' | dd of="opt/lib/libbad$i.so.1" bs=1 seek="$i" conv=notrunc status=none
	done
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	local name
	is_bound "$LIB/nvidia/libcuda.so.1.1"
	grep -aq "/$LIB/nvidia/libcuda.so.1" etc/ld.so.cache || die 'the cache lacks ours'
	for name in libempty libfifo libzero libdir libloop libhost libsparse; do
		if grep -aq "/opt/lib/$name" etc/ld.so.cache; then die "$name is in the cache"; fi
	done
}

after() {
	[[ $SCENE != many ]] || ((entries <= 200000)) || log_has 'not read any further: (there are too many names; 200000|it takes too long;)'
	run_plain "$LOG"
}
