# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# Variables that other programs, shells and C libraries take files, folders and settings from, all
# below one folder of the image, to the hook and to the runtime. Nothing there is looked at.
scenes=(hook runtime)
trap=$ROOTFS/hostile
hostile=(
	"GLIBC_TUNABLES=glibc.malloc.mxfast=glibc.malloc.mxfast=A:glibc.malloc.check=3:glibc.rtld.nns=99999"
	"GCONV_PATH=$trap" "LOCPATH=$trap" "LC_ALL=../../../../../../$trap/xx_XX" LANGUAGE=xx LANG=xx_XX.evil
	"NLSPATH=$trap/%N" MALLOC_CHECK_=3 MALLOC_PERTURB_=165 "MALLOC_TRACE=$trap/trace" MALLOC_ARENA_MAX=0
	"TZ=:$trap/zone" "TZDIR=$trap" "HOSTALIASES=$trap/hosts" "RES_OPTIONS=debug" "LOCALDOMAIN=evil"
	"TMPDIR=$trap" "PATH=$trap/bin" 'IFS=/.-' "BASH_ENV=$trap/script" "ENV=$trap/script" "HOME=$trap" "PWD=$trap" "CDPATH=$trap"
	"NVIDIA_CTK_CONFIG_FILE_PATH=$trap/nvidia-container-runtime/config.toml" "XDG_CONFIG_HOME=$trap" "XDG_CONFIG_DIRS=$trap" "XDG_RUNTIME_DIR=$trap"
	"NVC_CONFIG=$trap/nvidia-container-runtime/config.toml" "NVIDIA_CTK_DEBUG=true" "NVC_DEBUG_FILE=$trap/log" "LIBNVC_DEBUG=$trap/log"
	"GETCONF_DIR=$trap" "LD_DEBUG=all" "LD_DEBUG_OUTPUT=$trap/debug" "LD_PROFILE=libc.so.6" "LD_PROFILE_OUTPUT=$trap" "ASAN_OPTIONS=log_path=$trap/asan"
)
hook_env=("${hostile[@]}" "GLIBC_TUNABLES=$(printf 'glibc.malloc.mxfast=%.0s' {1..500})")
hook_config=() # its own: in /etc

image() {
	local name
	mkdir -p hostile/bin hostile/nvidia-container-runtime
	printf '[nvc]\nstate-dir = "%s/evil"\nlog-file = "%s/evil.log"\n' "$CANARY" "$CANARY" >hostile/nvidia-container-runtime/config.toml
	printf 'echo >%s/evil\n' "$CANARY" >hostile/script
	for name in runc crun nvc-hook nvidia-container-runtime-hook ldconfig nvidia-modprobe; do
		printf '#!/bin/sh\necho >%s/evil-%s\n' "$CANARY" "$name" >"hostile/bin/$name"
		chmod 755 "hostile/bin/$name"
	done
}

host() {
	mkdir "$WORK/etc" "$WORK/etc-work"
	mount -t overlay -o "lowerdir=/etc,upperdir=$WORK/etc,workdir=$WORK/etc-work" overlay /etc
	mkdir -p /etc/nvidia-container-runtime
	cp "$CONFIG" /etc/nvidia-container-runtime/config.toml
}

bundle() {
	local word
	env_add NVIDIA_VISIBLE_DEVICES=all
	for word in "${hostile[@]}"; do env_add "$word"; done
}

skipped() {
	[[ $SCENE == hook || $VARIANT == cell || $VARIANT == cell-r32 ]] || echo "others show it"
}

# Whoever follows a variable names that folder in a system call: after our program has begun, and
# before it has become another one.
no_call_names_it() {
	awk '/ execve\("[^"]*\/low"/ { exit } own; / execve\("[^"]*\/nvc-(hook|runtime)"/ { own = 1 }' "$WORK/calls" >"$WORK/calls.own"
	grep -q config.toml "$WORK/calls.own" || die "no system call was seen"
	! grep -F "$trap" "$WORK/calls.own" >&2 || die "a variable was followed"
}

run_runtime() {
	local environment=("${hostile[@]/#NVIDIA_CTK_CONFIG_FILE_PATH=*/NVIDIA_CTK_CONFIG_FILE_PATH=}")
	printf '#!%s/usr/bin/busybox sh\nprintf "%%s\\n" "$@" >"%s/handed"\n' "$ROOTFS" "$WORK" >"$WORK/low"
	chmod 755 "$WORK/low"
	sed -i "s,^runtimes = .*,runtimes = [\"$WORK/low\"]," /etc/nvidia-container-runtime/config.toml
	strace -f -qq -o "$WORK/calls" -e trace=%file,%process /usr/bin/env -i "${environment[@]}" "$RUNTIME" create --bundle "$BUNDLE" "$ID" || die "the runtime gave $?"
	no_call_names_it
	[[ $(tail -n 1 "$WORK/handed") == "$ID" ]] || die "the runtime handed nothing over"
	run_cell
}

run() {
	case $SCENE:$HARNESS in
	runtime:*) run_runtime ;;
	*:cell)
		hook_prefix=(/usr/bin/strace -f -qq -A -o "$WORK/calls" -e "trace=%file,%process")
		run_cell
		no_call_names_it
		;;
	*:user) run_cell ;;
	*) run_low ;;
	esac
}

after() {
	grep -q 'done in' "$LOG" || die "the hook has used another log"
	umount /etc
}
