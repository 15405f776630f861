# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# Who starts the hook leaves folders and files of the host open. The hook has none of them when it joins
# the container, and nothing but its standard streams goes on to ldconfig in its jail; the runtime
# hands over what it got, and no more.
scenes=(hook ldconfig runtime)

host() {
	[[ $SCENE != ldconfig ]] || config_add 'ldconfig = "@/sbin/ldconfig"'
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

skipped() {
	case $SCENE:$VARIANT in
	hook:* | ldconfig:cell | ldconfig:cell-r32 | ldconfig:user | ldconfig:runc | runtime:cell | runtime:cell-r32) ;;
	*) echo "others show it" ;;
	esac
}

# NUMBER FLAGS WHAT of each descriptor of a process that is stopped at a call, in $WORK/fds
watch() { # CALL
	cat >"$WORK/look" <<-'END'
		for fd in "/proc/$SUPERVISE_PID/fd/"*; do
			echo "${fd##*/} $(sed -n "s/^flags:[[:blank:]]*//p" "/proc/$SUPERVISE_PID/fdinfo/${fd##*/}") $(readlink "$fd")"
		done
	END
	hook_prefix=(/bin/bash -c 'exec 7<"$1" 8>>"$1/file" 9</ 200<"$1"; shift; exec "$@"' opens "$CANARY" "$NVC_SOURCE_DIR/tests/support/exempt")
	supervised=(--at-call "$1" --do ". $WORK/look >$WORK/fds")
}

# The runtime becomes what prints its descriptors, as when the caller starts that itself.
run_runtime() {
	# by way of a file: a pipe would be among them, or not
	printf '#!%s/usr/bin/busybox sh\nfor fd in /proc/$$/fd/[0-9]*; do echo "$fd $(%s/usr/bin/busybox readlink "$fd")"; done >%s\n%s/usr/bin/busybox sed "s,^/proc/[0-9]*/fd/,,; s/pipe:.*/pipe/; / \$/d" %s >"$FDS"\n' \
		"$ROOTFS" "$ROOTFS" "$WORK/raw" "$ROOTFS" "$WORK/raw" >"$WORK/low"
	chmod 755 "$WORK/low"
	sed "s,^runtimes = .*,runtimes = [\"$WORK/low\"]," "$CONFIG" >"$WORK/runtime.toml"
	(
		exec 7<"$CANARY" 8>>"$CANARY/file" 200<"$CANARY"
		FDS=$WORK/direct "$WORK/low"
		FDS=$WORK/handed NVIDIA_CTK_CONFIG_FILE_PATH=$WORK/runtime.toml "$RUNTIME" create --bundle "$BUNDLE" "$ID"
	) || die "the runtime gave $?"
	grep -q "^200 $CANARY\$" "$WORK/direct" || die "nothing was left open"
	diff "$WORK/direct" "$WORK/handed" >&2 || die "the runtime has changed the descriptors"
	run_cell
}

run() {
	case $SCENE in
	runtime) run_runtime && return ;;
	hook) watch setns ;;
	ldconfig) watch execveat ;;
	esac
	case $HARNESS in
	cell | user) run_cell ;;
	*) run_low ;;
	esac
	[[ -s $WORK/fds ]] || die "the hook was not looked at"
	! grep -F " $CANARY" "$WORK/fds" || die "the hook has what was left open"
	# 02000000 is O_CLOEXEC
	! awk '$1 > 2 && $2 !~ /[2367][0-7][0-7][0-7][0-7][0-7][0-7]$/' "$WORK/fds" | grep . >&2 || die "descriptors go on"
}
