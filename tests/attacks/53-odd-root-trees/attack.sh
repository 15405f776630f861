# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# The root tree is no mount, an overlay with metacopy, an idmapped mount, or the FUSE file system of
# somebody who never answers, or answers something else each time.
scenes=(metacopy idmapped)
if [[ $HARNESS == cell ]]; then scenes+=(no-mount lie hang); fi
if [[ $VARIANT == user ]]; then scenes+=(lie); fi
case ${SCENE-} in
lie) allowed='refused contained' image_changes='it never is the same' hook_options=(--timeout 20) ;;
hang) allowed=refused image_changes='nobody can look at it' hook_options=(--timeout 1) ;;
idmapped) allowed='refused contained' ;;
esac

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

image() {
	mkdir -p "$LIB/nvidia"
	echo own >"$LIB/nvidia/libcuda.so.1.1"
}

lacks() {
	case $SCENE in
	idmapped)
		mkdir "$TOP/probe"
		mount -t tmpfs probe "$TOP/probe"
		mkdir "$TOP/probe"/{from,to}
		"$TOOLS/idmap" "$TOP/probe/from" "$TOP/probe/to" >&2 || [[ $? != 77 ]] || echo "no idmapped mounts of a tmpfs"
		sweep_mounts "$TOP/probe"
		;;
	lie | hang) (: <>/dev/fuse) 2>/dev/null || echo "/dev/fuse cannot be opened" ;;
	esac
}

make_rootfs() {
	case $SCENE in
	no-mount) mv "$IMAGE" "$ROOTFS" ;;
	metacopy)
		mkdir -p "$ROOTFS" "$WORK/upper" "$WORK/overlay-work"
		mount -t overlay -o "metacopy=on,lowerdir=$IMAGE,upperdir=$WORK/upper,workdir=$WORK/overlay-work" overlay "$ROOTFS"
		chmod 700 "$ROOTFS/$LIB/nvidia/libcuda.so.1.1" "$ROOTFS/etc/ld.so.cache"
		;;
	idmapped)
		mkdir -p "$ROOTFS"
		"$TOOLS/idmap" "$IMAGE" "$ROOTFS"
		;;
	lie | hang)
		mkdir -p "$ROOTFS"
		"$TOOLS/liefs" "$SCENE" "../../../../../../../../../../$CANARY/file" "$ROOTFS"
		stat "$ROOTFS" >/dev/null
		;;
	esac
}

# Nobody can list these.
if [[ ${SCENE-} == lie || ${SCENE-} == hang ]]; then
	tree() { :; }
fi

# A process with mounts of its own, and nothing else, in front of nvc-cli.
run_no_mount() {
	local pid command
	unshare --mount --propagation private sleep 60 &
	pid=$!
	until [[ $(readlink "/proc/$pid/ns/mnt") != "$(readlink /proc/$$/ns/mnt)" && $(cat "/proc/$pid/comm") == sleep ]]; do sleep 0.02; done
	rc=0
	"$TOOLS/enosys" "$PROFILE" -- "$CLI" --config "$CONFIG" configure --no-cgroups --id "$ID" --pid "$pid" --device=0 "$ROOTFS" 2>"$WORK/stderr" || rc=$?
	cat "$WORK/stderr" >&2
	((rc != 0)) || nsenter -t "$pid" --mount cmp "$ROOTFS/$LIB/nvidia/libcuda.so.1.1" "$BOARD/$LIB/nvidia/libcuda.so.1.1" || die 'the library is not there'
	kill "$pid"
	wait "$pid" || true
	hook_command
	printf '{"ociVersion":"1.0.2","id":"%s","root":"%s","bundle":"%s"}' "$ID" "$ROOTFS" "$BUNDLE" | "${command[@]}" poststop || die 'poststop'
}

# The hook is killed where it waits for an answer, so the runtime says it, and no line of ours.
check_hang() {
	((rc == 1 || rc == 137)) || die "the hook gave $rc"
	# shellcheck disable=SC2317 # verdict calls it
	check_refusal() { :; }
	rm -rf "$STATE/state" # the next start would heal, but its file system is gone
}

run() {
	local start=$SECONDS
	case $SCENE:$HARNESS in
	no-mount:*) run_no_mount ;;
	*:cell | *:user) run_cell ;;
	*) run_low ;;
	esac
	case $SCENE in
	hang)
		((SECONDS - start < 40)) || die "it took $((SECONDS - start)) s with a deadline of one"
		check_hang
		;;
	lie) rm -rf "$STATE/state" ;;
	esac
}

inside() {
	[[ $SCENE == lie ]] || is_bound "$LIB/nvidia/libcuda.so.1.1"
}

after() {
	[[ $SCENE != lie && $SCENE != hang ]] || umount -l "$ROOTFS"
}
