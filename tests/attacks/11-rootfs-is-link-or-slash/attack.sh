# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# root.path is a link, relative, climbing, or ends up at the host's own "/" - in config.json, and in the
# state that crun gives. The folder is found; "/" is refused, by the runtime too where it is plain to see.
scenes=(link link-in-state dots climbing slash slash-in-state link-to-slash climbing-to-slash)
case $HARNESS in
runc) scenes=(dots climbing) ;; # which refuses a link itself
crun) scenes=(link climbing) ;;
esac
needle="'/'|host's own root|rootfs"
root=rootfs
case $SCENE in
link*) root="link" ;;
dots) root=./rootfs/../rootfs/. ;;
climbing) root=../bundle/rootfs ;;
slash*) root=/ ;;
climbing-to-slash) root=../../../../../../.. ;;
esac
case $SCENE in
*slash*) allowed=refused ;;
esac
case $SCENE in
link-in-state | slash-in-state) cell_options=(--state-root "$root") ;;
*) cell_options=(--state-root '') ;;
esac

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
	case $SCENE in
	link-to-slash) ln -s / link ;;
	link*) ln -s rootfs link ;;
	esac
	bundle_edit "$BUNDLE" --arg root "$root" '.root.path = $root'
}

inside() {
	is_bound "$LIB/nvidia/libcuda.so.1.1"
}

after() {
	[[ $SCENE == slash ]] || return 0
	sed -i 's,^runtimes = .*,runtimes = ["/bin/true"],' "$CONFIG"
	cp "$BUNDLE/config.json" "$WORK/config.before"
	if NVIDIA_CTK_CONFIG_FILE_PATH=$CONFIG "$RUNTIME" create --bundle "$BUNDLE" x 2>"$WORK/stderr"; then
		die "the runtime takes '/' for a root tree"
	fi
	grep -q "root.path is the host's own root" "$WORK/stderr" || die "the runtime does not say why: $(cat "$WORK/stderr")"
	cmp "$BUNDLE/config.json" "$WORK/config.before"
}
