# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# The log is a link to a file of the host, a FIFO, or lies in the root tree where the image has a link in
# its way; and names of the image want to write lines and colours into it.
scenes=(link root-tree bundle fifo names)
case ${SCENE-} in
names) allowed=refused ;;
esac

image() {
	[[ $SCENE != root-tree ]] || { rm -rf var/log && mkdir -p var && ln -s "$CANARY/dir" var/log; }
}

host() {
	mount -t tmpfs -o mode=755 run /run
	case $SCENE in
	link) rm "$LOG" && ln -s "$CANARY/file" "$LOG" ;;
	fifo) rm "$LOG" && mkfifo "$LOG" ;;
	root-tree) set_log "$ROOTFS/var/log/hook.log" ;;
	bundle) set_log "$BUNDLE/rootfs/../log/hook.log" && ln -s "$CANARY/dir" "$BUNDLE/log" ;;
	esac
}

set_log() { # PATH
	sed -i "s,^log-file = .*,log-file = \"$1\"," "$CONFIG"
	LOG=/run/nvc/hook.log
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
	[[ $SCENE != names ]] || env_add $'NVIDIA_VISIBLE_DEVICES=0\n2026-01-01T00:00:00Z error forged: line\033[31m\rx'
}

inside() {
	is_bound "$LIB/nvidia/libcuda.so.1.1"
}

after() {
	case $SCENE in
	root-tree | bundle) log_has 'lies in the container' ;;
	names)
		(($(grep -c forged "$LOG") > 0))
		if LC_ALL=C grep -qP '^2026-01-01|[\x00-\x08\x0b-\x1f\x7f]' "$LOG"; then die 'lines of the image in the log'; fi
		;;
	esac
}
