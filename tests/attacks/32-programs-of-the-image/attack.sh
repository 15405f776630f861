# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# The image brings its own ldconfig, ldconfig.real, nvidia-smi and loader: whoever executes one writes to
# the canary, or beside the cache. The cache made in the process, by the host's ldconfig in a jail,
# and a configuration that asks for the image's.
scenes=(native jail image)
programs=(usr/sbin/ldconfig usr/sbin/ldconfig.real usr/bin/nvidia-smi usr/bin/nvidia-modprobe usr/lib64/ld-linux-x86-64.so.2 usr/lib/ld-linux-aarch64.so.1 usr/lib/ld-linux.so.2)

image() {
	local program
	printf '#include <fcntl.h>\nint main(void) { open("%s/evil", O_CREAT | O_WRONLY, 0644); open("/etc/evil", O_CREAT | O_WRONLY, 0644); return 0; }\n' "$CANARY" >"$WORK/evil.c"
	"${NVC_CC:-cc}" -static -o "$WORK/evil" "$WORK/evil.c"
	for program in "${programs[@]}"; do
		mkdir -p "$(dirname "$program")"
		rm -f "$program"
		cp "$WORK/evil" "$program"
	done
}

host() {
	chroot "$IMAGE" /sbin/ldconfig
	rm "$IMAGE/etc/evil" || die "the program does nothing"
	case $SCENE in
	native) ;;
	jail)
		config_add 'ldconfig = "@/sbin/ldconfig"'
		# what is executed then on purpose does not count where that is recorded
		hook_prefix=("$NVC_SOURCE_DIR/tests/support/exempt")
		;;
	image)
		config_add 'ldconfig = "/sbin/ldconfig"'
		allowed=refused needle='ldconfig'
		;;
	esac
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
	env_add NVIDIA_DRIVER_CAPABILITIES=all
}

skipped() {
	[[ $SCENE != image || $HARNESS == cell ]] || echo "the cells show it"
}

run() {
	local execs
	case $HARNESS in
	cell)
		hook_prefix=(/usr/bin/strace -f -qq -A -o "$WORK/calls" -e "trace=execve,execveat" "${hook_prefix[@]}")
		run_cell
		# `env` and `exempt`, which become the hook, and ldconfig's copy are executed
		execs=$(grep -c ' execveat(' "$WORK/calls") || true
		[[ $SCENE:$execs == jail:1 || $SCENE != jail && $execs == 0 ]] || { cat "$WORK/calls" >&2 && die "$execs programs executed"; }
		! grep ' exec[a-z]*(' "$WORK/calls" | grep -Ev ' execve\("(/[^"]*/(enosys|exempt|env|nvc-hook)|/bin/sh)"| execveat\([0-9]+, "",' >&2 || die "another program was executed"
		;;
	user) run_cell ;;
	*) run_low ;;
	esac
}

inside() {
	[[ ! -e etc/evil && ! -L etc/evil ]] || die "a program of the image was executed"
}
