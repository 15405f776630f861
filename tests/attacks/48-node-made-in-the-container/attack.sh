# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# A container that may call mknod(2) makes nodes of the same driver that were not given to it: the device
# cgroup has rules for each minor, without m. Where the cgroup is left alone, the log says so.
scenes=(v1)
case $VARIANT in
runc) scenes+=(v2 driver-v2) ;; # R32 has no device programs
runc-r32 | crun) scenes+=(driver-v1) ;;
esac
[[ $HARNESS != cell && $HARNESS != user ]] || scenes=(hook-only)

# Two GPUs of NVIDIA's own driver, of which the container gets the first.
host() {
	[[ $SCENE == driver* ]] || return 0
	rm -rf "$BOARD"
	"$TOOLS/driver" --gpus 2 --no-compat32 --no-nvml "$BOARD" >&2
}

bundle() {
	case $SCENE in
	driver*) env_add NVIDIA_VISIBLE_DEVICES=0 && env_add NVIDIA_DRIVER_CAPABILITIES=utility ;;
	*) env_add NVIDIA_VISIBLE_DEVICES=all ;;
	esac
	bundle_edit "$BUNDLE" '(.process.capabilities[]) |= (. + ["CAP_MKNOD"] | unique)'
}

# A pure cgroup v2 for the runtime.
if [[ ${SCENE-} == *v2 ]]; then
	low() {
		timeout -s KILL 60 "$NVC_SOURCE_DIR/tests/support/enter" --v2 "$ENGINES_RUNC" --root "$ENGINES_DIR/runc" "$@" </dev/null
	}
fi

# What the container's own shell says of a node that it makes.
try_node() { # MAJOR MINOR
	low exec "$ID" /bin/sh -c "rm -f /tmp/node; mknod /tmp/node c $1 $2 && cat /tmp/node; rm -f /tmp/node" 2>&1 || true
}

# The second GPU, what only other capabilities open, and anything else of their drivers.
inside_driver() {
	local numbers said devices
	is_bound_at dev/nvidia0 dev/nvidia0
	[[ $(stat -c %t:%T dev/nvidia0) == c3:0 && ! -e dev/nvidia1 ]] || die 'not the first GPU alone'
	low start "$ID"
	for numbers in '195 1' '195 2' '195 254' '511 0' '511 1' '510 1' '509 0' '226 2'; do
		# shellcheck disable=SC2086 # two words
		said=$(try_node $numbers)
		[[ $said == *'not permitted'* ]] || die "$numbers: $said"
	done
	for numbers in nvidia0 nvidiactl dri/card1; do
		said=$(low exec "$ID" /bin/cat "/dev/$numbers" 2>&1 || true)
		[[ $said != *'not permitted'* ]] || die "$numbers, which was given: $said"
	done
	[[ $SCENE == driver-v1 ]] || return 0
	devices=$(sed -n 's/^[0-9]*:devices://p' "${MOUNTINFO%/mountinfo}/cgroup")
	said=$(grep -E '^. (195|511|226):' "/sys/fs/cgroup/devices$devices/devices.list" | LC_ALL=C sort)
	[[ $said == $'c 195:0 rw\nc 195:255 rw\nc 226:1 rw\nc 226:128 rw' ]] || die "rules: $said"
}

inside() {
	local minor said
	if [[ $SCENE == driver* ]]; then
		inside_driver
		return
	fi
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
