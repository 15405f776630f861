# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# waits: two GPUs, of which one is granted
# A container that may call mknod(2) makes nodes of the same driver that were not given to it: the device
# cgroup has rules for each minor, without m. Where the cgroup is left alone, the log says so.
scenes=(v1)
[[ $VARIANT != runc ]] || scenes+=(v2) # R32 has no device programs
[[ $HARNESS != cell && $HARNESS != user ]] || scenes=(hook-only)

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
	bundle_edit "$BUNDLE" '(.process.capabilities[]) |= (. + ["CAP_MKNOD"] | unique)'
}

# A pure cgroup v2 for the runtime.
if [[ ${SCENE-} == v2 ]]; then
	low() {
		timeout -s KILL 60 "$NVC_SOURCE_DIR/tests/support/enter" --v2 "$ENGINES_RUNC" --root "$ENGINES_DIR/runc" "$@" </dev/null
	}
fi

# What the container's own shell says of a node that it makes.
try_node() { # MAJOR MINOR
	low exec "$ID" /bin/sh -c "rm -f /tmp/node; mknod /tmp/node c $1 $2 && cat /tmp/node; rm -f /tmp/node" 2>&1 || true
}

inside() {
	local minor said
	is_bound "$LIB/nvidia/libcuda.so.1.1"
	[[ $SCENE != hook-only ]] || return 0
	low start "$ID"
	for minor in 250 0 1048575; do
		if find "$BOARD/dev" -type c -exec stat -c %T {} + | grep -ix "$(printf %x "$minor")" >/dev/null; then continue; fi
		said=$(try_node 240 "$minor")
		[[ $said == *'not permitted'* ]] || die "240:$minor: $said"
	done
	# of the same driver, and granted: no driver is behind it, but the cgroup lets it pass
	minor=$((16#$(stat -c %T dev/nvidia0)))
	said=$(low exec "$ID" /bin/sh -c 'cat /dev/nvidia0' 2>&1 || true)
	[[ $said != *'not permitted'* ]] || die "the node that was given: $said"
	# without m a node that is granted is not made either; with runc's own rules anybody makes any
	if [[ $SCENE == v1 ]]; then
		said=$(cat "/sys/fs/cgroup/devices$(sed -n 's/^[0-9]*:devices://p' "${MOUNTINFO%/mountinfo}/cgroup")/devices.list")
		grep -q "^c 240:$minor rw$" <<<"$said" || { echo "$said" >&2 && die 'the rule for nvidia0 is not what it must be'; }
		if grep -q '^. 240:\*\|^c 240:.* .*m' <<<"$said"; then echo "$said" >&2 && die 'a rule for more than reading and writing one minor'; fi
	fi
}

after() {
	[[ $SCENE != hook-only ]] || log_has 'not granted in the container.s spec, and the cgroup is left alone'
}
