# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# The root tree's /proc is a folder with facts of its own, a link, or a tmpfs: nothing there is read or
# trusted (a FIFO would keep whoever opens it), and the container's process is looked at in the host's.
# What the driver shows in /proc/driver/nvidia is mounted on a directory of a procfs alone, which its
# owner may have made read-only; elsewhere nothing is made, and one line says so.
scenes=(folder link tmpfs inner-tmpfs linked absent procfs readonly)

SHOWN=/proc/driver/nvidia

host() {
	mkdir -p "$BOARD$SHOWN/gpus/0000:01:00.0"
	printf 'Model: \t\t NVIDIA RTX A6000\nGPU UUID: \t GPU-00000000-1111-2222-3333-444444444444\nDevice Minor: \t 9\n' \
		>"$BOARD$SHOWN/gpus/0000:01:00.0/information"
	printf 'EnableMSI: 1\nModifyDeviceFiles: 1\nDeviceFileMode: 438\n' >"$BOARD$SHOWN/params"
	printf 'NVRM version: NVIDIA UNIX aarch64 Kernel Module  540.4.0  Release\nGCC version: 12\n' >"$BOARD$SHOWN/version"
}

image() {
	local name
	case $SCENE in
	link) rmdir proc && ln -s "$CANARY/dir" proc ;;
	folder)
		mkdir -p proc/driver/nvidia/gpus/0000:01:00.0 proc/self/ns proc/self/fd proc/device-tree
		for name in params version gpus/0000:01:00.0/information; do mkfifo "proc/driver/nvidia/$name"; done
		for name in mountinfo status uid_map gid_map cgroup ns/mnt; do mkfifo "proc/self/$name"; done
		mkfifo proc/{mounts,devices,filesystems,device-tree/model}
		;;
	inner-tmpfs | procfs | readonly) mkdir -p proc/driver/nvidia ;;
	linked) mkdir -p proc/driver proc/other && ln -s ../other proc/driver/nvidia ;;
	esac
}

# Both runtimes want a procfs there before they call any hook, and put nothing into it. Scenes that
# differ by what is mounted, and not by how it is found, have a turn with each way to mount.
skipped() {
	case $VARIANT:$SCENE in
	cell:linked | cell-r32:inner-tmpfs | cell-r35:readonly | user:inner-tmpfs | user-r32:readonly) ;;
	*:linked | *:inner-tmpfs | *:readonly) echo "it has its turn in others" ;;
	esac
	case $HARNESS in
	cell | user) [[ $SCENE != absent ]] || echo "its /proc is the image's" ;;
	*) [[ $SCENE == absent ]] || echo "a runtime does not start so far" ;;
	esac
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
	case $SCENE in
	tmpfs) cell_options+=(--tmpfs /proc) ;;
	inner-tmpfs) cell_options+=(--tmpfs "$SHOWN") ;;
	linked) volume /proc/tty /proc/other ;;
	procfs) volume /proc/tty "$SHOWN" ;;
	readonly) volume /proc/tty "$SHOWN" ro ;;
	esac
}

inside() {
	local there=${SHOWN#/} n
	is_bound "$LIB/nvidia/libcuda.so.1.1" dev/nvhost-gpu
	case $SCENE in
	procfs | readonly)
		[[ $(cat "$there/params") == $'EnableMSI: 1\nModifyDeviceFiles: 0\nDeviceFileMode: 438' ]] || die "the parameters are '$(cat "$there/params")'"
		cmp "$there/version" "$BOARD$SHOWN/version" || die "the version is another"
		[[ ! -e $there/drivers ]] || die "what was there is seen"
		if touch "$there/new" 2>/dev/null; then die "it can be written"; fi
		;;
	*)
		# the link is the image's, and leads nowhere where the harness looks
		[[ $SCENE == link ]] || n=$(awk -v at="$(pwd -P)$SHOWN" '{ sub("^/+(proc/[0-9]+/root/)?", "/", at) } $5 == at || index($5, at "/") == 1 { n++ } END { print n + 0 }' "$MOUNTINFO")
		[[ ${n-0} == "$([[ $SCENE == inner-tmpfs ]] && echo 1 || echo 0)" ]] || die "$n mounts on '$SHOWN'"
		[[ $SCENE != *tmpfs || ! $(find proc -type f) ]] || die "something was made in /proc"
		;;
	esac
}

after() {
	local n
	n=$(grep -c "'$SHOWN.*' in the container is left as it is" "$LOG") || true
	case $SCENE in
	procfs | readonly) ((n == 0)) || die "it was left out" ;;
	*) ((n == 1)) || { cat "$LOG" >&2 && die "$n lines on '$SHOWN'"; } ;;
	esac
}
