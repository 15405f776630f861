# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# The image's ld.so.conf, read because it has no cache: includes of everything, of devices, of itself,
# FIFOs, a sparse file, links to the host, hwcap lines.
scenes=(everything wild sparse)

image() {
	rm -f etc/ld.so.cache
	mkdir -p opt/last
	cp "$BOARD/$LIB/nvidia/libcuda.so.1.1" opt/last/libattack.so.1
	mkdir -p opt/deep/a/b/c/d/e/f
	case $SCENE in
	everything)
		{
			echo 'include /etc/ld.so.conf'
			echo 'include ld.so.conf.d/loop*.conf'
			echo 'include /dev/zero /dev/kmsg /proc/kmsg'
			echo 'include /etc/fifo /etc/zero /etc/socket'
			echo "include $CANARY/etc/ld.so.conf.d/*.conf"
			echo "include ../../../../../../../../../../$CANARY/etc/ld.so.conf.d/*.conf"
			echo 'hwcap 0 nosegneg'
			echo 'hwcap 99999999999999999999 x'
			printf 'include \377\n/opt/\033[31m\n%s\n' "/$(head -c 8192 /dev/zero | tr '\0' z)"
			echo /opt/last
		} >>etc/ld.so.conf
		for i in 1 2 3; do echo 'include /etc/ld.so.conf.d/loop*.conf' >etc/ld.so.conf.d/loop$i.conf; done
		mkfifo etc/fifo etc/ld.so.conf.d/fifo.conf
		mknod -m 666 etc/zero c 1 5
		ln -s "$CANARY/etc/ld.so.conf.d/x.conf" etc/ld.so.conf.d/host.conf
		;;
	wild)
		{
			echo /opt/last
			echo 'include /**'
			echo 'include /*/*/*/*/*/*/*/*'
			echo 'include /proc/*/*'
		} >>etc/ld.so.conf
		;;
	sparse)
		truncate -s 4G etc/ld.so.conf.d/sparse.conf
		echo /opt/last >>etc/ld.so.conf
		;;
	esac
}

host() {
	mkdir -p "$CANARY/opt"
	cp "$BOARD/$LIB/nvidia/libcuda.so.1.1" "$CANARY/opt/libescaped.so.1"
	echo "$CANARY/opt" >"$CANARY/etc/ld.so.conf.d/x.conf"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	is_bound "$LIB/nvidia/libcuda.so.1.1"
	grep -aq "/$LIB/nvidia/libcuda.so.1" etc/ld.so.cache || die 'the cache lacks ours'
	if grep -aq libescaped etc/ld.so.cache; then die "the host's files got into the cache"; fi
}
