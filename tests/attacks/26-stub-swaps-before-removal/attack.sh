# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154,SC2164 # for stage.sh; scripts for another shell
# The container replaces empty files that we made, and folders on the way to them, before they are taken
# back: by links and hard links, a folder, other files, a FIFO; and exchanges one in the very moment.
# What is not ours any more stays; nothing is followed.
scenes=(before within)
image_changes='the container has put its own there'

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
	[[ $SCENE != within ]] || supervised=()
}

skipped() {
	[[ $SCENE == before || $HARNESS == cell ]] || echo "the cells show it"
}

# As the container: its mounts on the stubs are taken away first.
inside() {
	local folder=$ROOTFS/$LIB/nvidia stub
	[[ $SCENE == before ]] || return 0
	[[ $HARNESS == cell || $HARNESS == user ]] || folder=/proc/$pid/root/$LIB/nvidia
	echo kept >"$ROOTFS/usr/mine"
	for stub in libcuda.so.1.1 libnvos.so libnvrm_gpu.so libnvrm_mem.so libnvscf.so libnvmm.so; do
		[[ -e $folder/$stub ]] || die "'$stub' is not there"
		nsenter_rm "$folder/$stub"
	done
	cd "$ROOTFS/$LIB/nvidia"
	ln -s "$CANARY/file" libcuda.so.1.1
	ln -s ../../../../../../../../../../../../../.."$CANARY/dir" libnvos.so
	mkdir libnvrm_gpu.so
	echo kept >libnvrm_gpu.so/file
	ln "$ROOTFS/usr/mine" libnvrm_mem.so
	echo other >libnvscf.so
	mkfifo libnvmm.so
	mv ../tegra-egl ../mine
	ln -s "../../../../../../../../../../../../..$CANARY/$LIB/nvidia" ../tegra-egl
}

# In a mount namespace of the container's, or outside of it: a mount on it goes with the file.
nsenter_rm() {
	case $HARNESS in
	cell | user) umount "$1" && rm "$1" ;;
	*) rm "$ROOTFS/$LIB/nvidia/${1##*/}" ;;
	esac
}

run_within() {
	local at deeds
	# poststop: `cell` runs the hook with that word; the first call that takes something away
	for at in unlinkat:1 unlinkat:20 unlinkat:300; do
		command=("$TOOLS/supervise" --stage poststop --report "$WORK/report" --at-call "$at" --keep
			--do "for name in libnvos.so libnvmm.so; do rm -f $ROOTFS/$LIB/nvidia/\$name; ln -s $CANARY/file $ROOTFS/$LIB/nvidia/\$name; done; mv $ROOTFS/$LIB/tegra-egl $ROOTFS/moved && ln -s ../../../../../../../../../..$CANARY/$LIB $ROOTFS/$LIB/tegra-egl"
			-- "$HOOK" --config "$CONFIG")
		[[ $PROFILE == now ]] || command=("$TOOLS/enosys" "$PROFILE" -- "${command[@]}")
		rc=0
		"$TOOLS/cell" --id "$ID" --status "$WORK/status" "$BUNDLE" -- "${command[@]}" 2>"$WORK/stderr" || true
		cat "$WORK/stderr" >&2
		read -r rc _ _ <"$WORK/status"
		((rc == 0)) || die "$at: not started"
		read -r _ _ deeds _ <"$WORK/report"
		((deeds == 1)) || die "$at: nothing was exchanged"
		diff "$WORK/outside-before" <(outside) >&2 || die "$at: the host has changed"
		rm -rf "$ROOTFS/moved" "${ROOTFS:?}/$LIB"
		find "$STATE/state" -type f ! -name lock -delete
	done
}

run() {
	case $SCENE:$HARNESS in
	within:*) run_within ;;
	*:cell | *:user) run_cell ;;
	*) run_low ;;
	esac
}

after() {
	[[ $SCENE == before ]] || return 0
	cd "$ROOTFS/$LIB/nvidia"
	[[ -L libcuda.so.1.1 && -L libnvos.so && -p libnvmm.so && $(cat libnvscf.so libnvrm_gpu.so/file) == $'other\nkept' ]] || die "the container's own were taken away"
	[[ $(cat "$ROOTFS/usr/mine") == kept && $ROOTFS/usr/mine -ef libnvrm_mem.so ]] || die "a hard link was followed"
	[[ ! -e libnvrm_graphics.so && ! -L libnvrm_graphics.so ]] || die "ours were left"
	cd /
}
