# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2054 # for stage.sh; scripts for another shell
# The hook gets inheritable and ambient capabilities, or secure bits: it has none to pass on when it
# joins the container, and ldconfig has none at all. A copy that is set-user-ID, or has capabilities
# of its file, does nothing for an unprivileged user, and nobody of the same user can look into one.
scenes=(caps ldconfig bits lent)

host() {
	[[ $SCENE != ldconfig ]] || config_add 'ldconfig = "@/sbin/ldconfig"'
	[[ $SCENE != bits ]] || allowed='contained refused' label=held
	[[ $SCENE != lent ]] || allowed=refused
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

skipped() {
	case $SCENE:$VARIANT in
	caps:* | ldconfig:cell | ldconfig:cell-r32 | bits:cell | bits:user | lent:cell | lent:user) ;;
	*) echo "others show it" ;;
	esac
}

field() { # NAME
	sed -n "s/^$1:[[:blank:]]*//p" "$WORK/process"
}

zero() { # NAME...
	local name
	for name; do
		[[ $(field "$name") =~ ^0+$ ]] || die "$name is $(field "$name")"
	done
}

# Unprivileged, with a state of its own making and a configuration of its own.
as_nobody() { # PROGRAM...
	(cd / && setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all "$@")
}

lent() {
	local copy pid=$$ name rights
	cp -r "$BOARD/etc/nvidia-container-runtime" "$WORK/theirs"
	sed "s,^state-dir = .*,state-dir = \"$CANARY/state\",; s,^log-file = .*,log-file = \"$CANARY/log\"," "$CONFIG" >"$WORK/theirs/config.toml"
	printf '{"ociVersion":"1.0.2","id":"%s","status":"creating","pid":%s,"root":"%s","bundle":"%s"}' "$ID" "$pid" "$ROOTFS" "$BUNDLE" >"$WORK/their.state"
	chmod -R a+rX "$WORK/theirs" "$WORK/their.state"
	for rights in u+s g+s u+s,g+s caps; do
		copy=$WORK/copy-$rights
		cp "$HOOK" "$copy"
		chmod 755 "$copy"
		if [[ $rights == caps ]]; then setcap cap_sys_admin,cap_dac_override,cap_mknod+ep "$copy"; else chmod "$rights" "$copy"; fi
		for name in prestart poststop; do
			rc=0
			as_nobody "$copy" --config "$WORK/theirs/config.toml" "$name" <"$WORK/their.state" 2>"$WORK/stderr" || rc=$?
			((rc == 1)) || die "$rights: $name gave $rc"
			grep -q '^nvc-hook: run with the rights of another user' "$WORK/stderr" || { cat "$WORK/stderr" >&2 && die "$rights: another line"; }
		done
	done
	# an ordinary copy says something else: it was the rights
	cp "$HOOK" "$WORK/copy"
	as_nobody "$WORK/copy" --config "$WORK/theirs/config.toml" prestart <"$WORK/their.state" 2>"$WORK/line" || true
	! grep -q 'rights of another user' "$WORK/line" || die "an ordinary copy is refused as well"
	# one of its own user's cannot be looked into: its files in /proc belong to root
	cp "$TOOLS/supervise" "$WORK/supervise"
	as_nobody "$WORK/supervise" --at-call timer_create --do 'stat -c "%u %n" "/proc/$SUPERVISE_PID/environ"; cat "/proc/$SUPERVISE_PID/environ" && echo open' -- \
		"$WORK/copy" prestart </dev/null >"$WORK/owner" 2>&1 || true
	grep -q "^0 /proc/.*/environ" "$WORK/owner" || { cat "$WORK/owner" >&2 && die "the process may be traced"; }
	! grep -q '^open' "$WORK/owner" || die "the process may be read"
}

run() {
	local at=setns caps=+chown,+dac_override,+fowner,+setgid,+setuid,+setpcap,+mknod,+net_raw,+sys_admin,+sys_ptrace
	case $SCENE in
	lent) lent && return ;;
	ldconfig) at=execveat ;;&
	caps | ldconfig) hook_prefix=(/usr/bin/setpriv --inh-caps "$caps" --ambient-caps "$caps") ;;
	bits) hook_prefix=(/usr/bin/setpriv --inh-caps "$caps" --ambient-caps "$caps" --securebits +noroot,+noroot_locked,+no_setuid_fixup_locked) ;;
	esac
	hook_prefix+=("$NVC_SOURCE_DIR/tests/support/exempt")
	supervised=(--at-call "$at" --do "cat /proc/\$SUPERVISE_PID/status >$WORK/process")
	case $HARNESS in
	cell | user) run_cell ;;
	*) run_low ;;
	esac
	[[ $SCENE != bits || -e $WORK/process ]] || return 0 # refused before
	grep -E '^(Cap|NoNew|Seccomp)' "$WORK/process" >&2 || die "the hook was not looked at"
	zero CapInh CapAmb
	if [[ $SCENE == ldconfig ]]; then
		zero CapPrm CapEff CapBnd
		[[ $(field NoNewPrivs) == 1 ]] || die "ldconfig may gain rights"
	fi
}
