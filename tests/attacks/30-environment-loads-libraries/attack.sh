# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2153,SC2164 # for stage.sh; scripts for another shell
# The image's environment loads a library of its own into whatever starts: into the hook, by an entry
# with and without an environment, in the kind of hook that runc up to 1.2 starts with the image's
# environment in the root tree, and into the runtime.
scenes=(entry none createContainer runtime)
loading=("LD_PRELOAD=/proc/self/cwd/evil.so" "LD_AUDIT=/proc/self/cwd/evil.so" "LD_LIBRARY_PATH=$ROOTFS:/proc/self/cwd:.")

case $SCENE in
entry)
	loading=("LD_PRELOAD=/proc/self/cwd/evil.so:$ROOTFS/evil.so" "LD_AUDIT=$ROOTFS/evil.so" "LD_LIBRARY_PATH=$ROOTFS:.")
	hook_env=("${loading[@]}")
	;;
none)
	hook_env=()
	;;
createContainer)
	hook_env=()
	KIND=createContainer
	allowed=refused
	;;
runtime)
	loading=("LD_PRELOAD=/proc/self/cwd/evil.so:$ROOTFS/evil.so" "LD_AUDIT=$ROOTFS/evil.so" "LD_LIBRARY_PATH=$ROOTFS:.")
	;;
esac

# Whoever loads it writes to the canary; as libc.so.6 it would be loaded without being asked for.
image() {
	printf '#include <fcntl.h>\n__attribute__((constructor)) static void f(void) { open("%s/evil", O_CREAT | O_WRONLY, 0644); }\n' "$CANARY" >"$WORK/evil.c"
	"${NVC_CC:-cc}" -shared -fPIC -o evil.so "$WORK/evil.c"
	ln evil.so libc.so.6
}

# It does load into a program that can be had by it.
host() {
	(cd "$IMAGE" && LD_PRELOAD=/proc/self/cwd/evil.so /bin/true)
	rm "$CANARY/evil" || die "the library does nothing"
	! readelf -lW "$HOOK" "$RUNTIME" | grep -E 'INTERP|NEEDED' || die "the programs are not static"
}

bundle() {
	local word
	env_add NVIDIA_VISIBLE_DEVICES=all
	for word in "${loading[@]}"; do env_add "$word"; done
	bundle_edit "$BUNDLE" '.process.cwd = "/"'
}

skipped() {
	case $SCENE:$VARIANT in
	entry:*) ;;
	none:runc* | none:crun* | runtime:cell | runtime:cell-r32) ;;
	# the wrapper of old system calls would be had by it
	createContainer:runc | createContainer:crun) ;;
	*) echo "others show it" ;;
	esac
}

# The runtime by itself, with the environment that a caller has taken from somewhere; what it hands
# over to is static too. Then the hook that it has put into the bundle.
run_runtime() {
	local config=$WORK/runtime.toml
	printf '#!%s/usr/bin/busybox sh\nprintf "%%s\\n" "$@" >"%s/handed"\n' "$ROOTFS" "$WORK" >"$WORK/low"
	chmod 755 "$WORK/low"
	sed "s,^runtimes = .*,runtimes = [\"$WORK/low\"]," "$CONFIG" >"$config"
	cd "$ROOTFS"
	/usr/bin/env -i "${loading[@]}" "NVIDIA_CTK_CONFIG_FILE_PATH=$config" "$RUNTIME" create --bundle "$BUNDLE" "$ID" || die "the runtime gave $?"
	cd /
	[[ $(tail -n 1 "$WORK/handed") == "$ID" ]] || die "the runtime handed nothing over"
	jq -e '.hooks.prestart + .hooks.createRuntime | length == 1' "$BUNDLE/config.json" >/dev/null || die "no hook in the bundle"
	run_cell
}

run() {
	cd "$ROOTFS"
	case $SCENE:$HARNESS in
	runtime:*) run_runtime ;;
	*:cell | *:user) run_cell ;;
	*) run_low ;;
	esac
	cd /
}
