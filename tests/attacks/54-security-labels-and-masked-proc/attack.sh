# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# Labels for SELinux and AppArmor in the bundle, and a /proc that is masked, in part or as a whole: an
# error says what is missing, and nobody is told to switch a security module off.
scenes=(labels masked empty read-only)
[[ ${SCENE-} != empty ]] || allowed=refused
[[ ${SCENE-} != masked ]] || allowed='refused contained'

skipped() {
	[[ $HARNESS == cell || $HARNESS == user ]] || echo 'the runtime wants these itself'
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
	[[ $SCENE != labels ]] || bundle_edit "$BUNDLE" '.process.selinuxLabel = "system_u:system_r:container_t:s0:c1,c2"
		| .process.apparmorProfile = "docker-default" | .linux.mountLabel = "system_u:object_r:container_file_t:s0:c1,c2"
		| .mounts += [{type: "tmpfs", source: "tmpfs", destination: "/x", options: ["context=\"system_u:object_r:container_file_t:s0\""]}]'
}

# The hook with another /proc than the rest.
hook_in() { # SCRIPT
	hook_env+=("NVC_TEST_HOOK=$HOOK")
	cat >"$WORK/masked" <<END
#!/bin/bash
exec unshare --mount --propagation private /bin/bash -c '
	$1
	exec "\$0" "\$@"' "$HOOK" "\$@"
END
	chmod 755 "$WORK/masked"
	HOOK=$WORK/masked
}

host() {
	case $SCENE in
	masked) hook_in 'mount --bind /dev/null /proc/self/mountinfo; mount -t tmpfs -o ro none /proc/sys; mount --bind /dev/null /proc/devices' ;;
	empty) hook_in 'mount -t tmpfs none /proc' ;;
	read-only) hook_in 'mount --bind /proc /proc; mount -o remount,bind,ro,nosuid,nodev,noexec /proc' ;;
	esac
}

inside() {
	is_bound "$LIB/nvidia/libcuda.so.1.1"
}

after() {
	if grep -Eiq 'selinux|apparmor|setenforce|lsm|unconfined|privileged' "$LOG" "$WORK/stderr"; then die 'advice against the security module'; fi
	[[ $SCENE != empty ]] || grep -q '/proc' "$WORK/stderr" || die 'the line does not name /proc'
}
