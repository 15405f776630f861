# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# Root of a container that shares its process ids opens /proc/PID/exe of the hook and of the ldconfig
# that runs in its jail, for writing, again and again, and through what it keeps open when they have
# ended. The hook's is not to be had; ldconfig's is a sealed copy.

image() {
	mkfifo etc/ld.so.conf.d/wait.conf # ldconfig waits for a writer, and the hook for ldconfig
}

host() {
	cp "$HOOK" "$CANARY/nvc-hook"
	cp -L /sbin/ldconfig "$CANARY/ldconfig"
	HOOK=$CANARY/nvc-hook
	config_add "ldconfig = \"@$CANARY/ldconfig\""
	hook_prefix=("$NVC_SOURCE_DIR/tests/support/exempt")
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

skipped() {
	# without open_tree a folder in a user namespace is no jail: no ldconfig is run there
	[[ $VARIANT == cell* || $VARIANT == user ]] || echo "the cells show it"
}

# In a process namespace: whatever is opened is of this stage. The capabilities are an engine's
# usual ones.
in_namespace() {
	local caps=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap
	local writer end i attacker=(setpriv --bounding-set "$caps" --inh-caps -all)
	# who has made a user namespace may do everything to those in it: root there is another user
	[[ $HARNESS == cell ]] || attacker=(setpriv --reuid 100000 --regid 100000 --clear-groups)
	mount -o remount,bind,ro / # the machine's own programs are out of the game
	mkfifo "$WORK/end"
	mkdir -m 777 "$WORK/writer"
	"${attacker[@]}" "$TOOLS/exewriter" "$WORK/writer/report" "$WORK/writer/held" <"$WORK/end" &
	writer=$!
	exec {end}>"$WORK/end"
	(
		exec {end}>&-
		for ((i = 0; i < 100; i++)); do
			[[ -e $WORK/writer/held ]] && break
			sleep 0.05
		done
		sleep 0.05
		timeout 5 sh -c ': >"$ROOTFS/etc/ld.so.conf.d/wait.conf"'
	) &
	run_cell
	exec {end}>&-
	wait "$writer"
}

run() {
	{
		declare -f
		declare -p hook_env hook_options hook_config hook_prefix supervised cell_options canary_mounts image_mounts volumes
		echo 'set -euo pipefail; in_namespace'
	} >"$WORK/namespace.sh"
	HOOK=$HOOK unshare --pid --fork --kill-child --mount-proc bash "$WORK/namespace.sh"
	read -r rc _ <"$WORK/status"
}

after() {
	local seen opened read written
	cat "$WORK/writer/report" >&2
	read -r seen opened read written <"$WORK/writer/report"
	((seen > 0 && opened > 0)) || die "nothing was attacked"
	((read > 0)) || die "the jailed program was not met"
	((written == 0)) || die "$written programs were written to"
	! sed 1d "$WORK/writer/report" | grep -Ev '^(EACCES|EPERM|ETXTBSY|EROFS|ENOENT|ESRCH) ' || die "an error that is not understood"
	[[ $HARNESS == user ]] || grep -Eq '^(ETXTBSY|EPERM) ' "$WORK/writer/report" || die "no program was opened for writing"
}
