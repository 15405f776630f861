# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The machine's own driver and GPUs, and containers on them, for tests/real. On top of engines.sh.
#
#   real_init [LINE...]      a folder, $ENGINES_DIR, with config.toml ($REAL_CONFIG); LINEs come below [nvc]
#   real_smi ARGUMENT...     the machine's nvidia-smi
#   real_field NAME          nvidia-smi's field NAME, a line for each GPU; fails if it does not know the field
#   real_devices             WISH<TAB>UUID of each device that can compute: of a GPU in MIG mode its MIG devices
#   real_image               $REAL_IMAGE: a small image with cuda-vector
#   real_harness             sets and exports REAL_HARNESS: `runc`, `runc --v1`, `runc --v2` (support/enter), the
#                            first that starts a container here, or `cell` (support/cell) where runc cannot
#   real_run HOW SCRIPT [NAME=VALUE...]
#                            runs the script with that environment in a container made by that harness; what is given
#                            to it is applied by HOW = hook, shim (runc's harnesses alone), or configure with the
#                            words of $REAL_WORDS. Under runc it has $REAL_CAPABILITY besides. The image must be as it was when the container has gone.
#
# NVC_REAL_ROOT=DIR, for work on the suites: another driver and machine root, as support/driver makes them;
# NVC_REAL_SMI=COMMAND: instead of nvidia-smi; NVC_REAL_HARNESS=HARNESS: not the first that works;
# NVC_REAL_SETTINGS=LINES: further lines for [nvc], as 'library-dirs = ["/opt/driver"]' for a driver in a
# place of its own; NVC_REAL_NOTE=FILE gets the harness's name.

# shellcheck source=tests/support/engines.sh
. "${NVC_SOURCE_DIR:?}/tests/support/engines.sh"

REAL_ROOT=${NVC_REAL_ROOT:-/}
REAL_HOOK=$NVC_BUILD_DIR/hook/nvc-hook REAL_SHIM=$NVC_BUILD_DIR/hook/nvc-runtime REAL_CLI=$NVC_BUILD_DIR/cli/nvc-cli

real_config() { # NO-CGROUPS [LINE...]
	local no_cgroups=$1
	shift
	REAL_CONFIG=$ENGINES_DIR/config.toml
	export REAL_CONFIG
	{
		cat <<END
[nvidia-container-cli]
root = "$REAL_ROOT"
no-cgroups = $no_cgroups

[nvidia-container-runtime]
debug = "$ENGINES_DIR/runtime.log"
runtimes = ["$ENGINES_RUNC"]

[nvidia-container-runtime-hook]
path = "$REAL_HOOK"

[nvc]
host-root = "$REAL_ROOT"
state-dir = "$ENGINES_DIR/state"
cache-dir = "$ENGINES_DIR/cache"
log-file = "$ENGINES_DIR/hook.log"
driver-program = "$NVC_BUILD_DIR/driver/nvc-driver"
END
		printf '%s\n' "${NVC_REAL_SETTINGS-}" "$@"
	} >"$REAL_CONFIG"
}

real_init() { # [LINE...]
	local dir
	[[ -e ${REAL_ROOT%/}/proc/driver/nvidia/version ]] || {
		echo "no NVIDIA driver is loaded: '${REAL_ROOT%/}/proc/driver/nvidia/version' is not there" >&2
		return 1
	}
	dir=$(mktemp -d /tmp/nvc-real.XXXXXX)
	chmod 755 "$dir"
	engines_init "$dir"
	real_config false "$@"
}

real_smi() {
	# shellcheck disable=SC2086 # words
	${NVC_REAL_SMI:-nvidia-smi} "$@"
}

real_field() { # NAME
	real_smi --query-gpu="$1" --format=csv,noheader
}

real_devices() {
	local modes
	modes=$(real_field mig.mode.current | paste -sd' ') || modes=
	real_smi -L | awk -v modes="$modes" -v OFS='\t' '
		function uuid() { match($0, /UUID: [^)]+/); return substr($0, RSTART + 6, RLENGTH - 6) }
		BEGIN { split(modes, mode, " ") }
		/^GPU [0-9]+:/ { gpu = $2 + 0; n = 0; if (mode[gpu + 1] != "Enabled") print gpu, uuid() }
		/^ +MIG / { print gpu ":" n++, uuid() }'
}

# What the driver's own programs and libraries need of a C library, besides each other.
real_needed() {
	local file
	"$REAL_CLI" --config "$REAL_CONFIG" list --json -l -b | jq -r '.items[].source // empty' | while read -r file; do
		ldd "${REAL_ROOT%/}$file" 2>/dev/null || true
	done | grep -oE '=> /[^ ]+' | cut -c 4- | grep -vE '/lib(nvidia|cuda)[^/]*$' | sort -u
}

real_image() {
	local file
	REAL_IMAGE=$ENGINES_DIR/image
	export REAL_IMAGE
	"$NVC_SOURCE_DIR/tests/support/image.sh" --no-conf --no-cache "$REAL_IMAGE" "$NVC_BUILD_DIR"
	install -m 755 "$NVC_BUILD_DIR/tests/support/cuda-vector" "$REAL_IMAGE/usr/bin/"
	real_needed | while read -r file; do
		[[ -e $REAL_IMAGE$file ]] || install -D -m 755 "$file" "$REAL_IMAGE$file"
	done
	# the stand-ins look there
	[[ ! -e ${REAL_ROOT%/}/etc/stand-in-nvml ]] || cp "${REAL_ROOT%/}/etc/stand-in-nvml" "$REAL_IMAGE/etc/"
	chroot "$REAL_IMAGE" /sbin/ldconfig
	rm -rf "$REAL_IMAGE/var/cache/ldconfig"
	mkdir -p "$REAL_IMAGE/var/tmp" # where runc mounts something
}

# A bundle of the image; SCRIPT is what its process does.
real_bundle() { # DIR SCRIPT [NAME=VALUE...]
	local dir=$1 script=$2
	shift 2
	mkdir -p "$dir"
	cp -a "$REAL_IMAGE" "$dir/rootfs"
	[[ $REAL_HARNESS != cell ]] || { # which asks for no more
		jq -nc --arg script "$script" '{ociVersion: "1.0.2", root: {path: "rootfs"}, mounts: [], linux: {},
			process: {args: ["/bin/sh", "-c", $script], cwd: "/", user: {uid: 0, gid: 0}, env: [$ARGS.positional[]],
			capabilities: {bounding: [], effective: [], permitted: []}}}' --args -- "$@" >"$dir/config.json"
		return
	}
	bundle_make "$dir" rootfs
	# what a library leaves there is not ours
	# shellcheck disable=SC2016 # jq's
	bundle_edit "$dir" --arg script "$script" '.process.args = ["/bin/sh", "-c", $script] | .process.env += $ARGS.positional
		| .mounts += ["/tmp", "/root", "/var/tmp" | {destination: ., type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=1777"]}]
		| if $cap != "" then .process.capabilities[] += [$cap] else . end' --arg cap "${REAL_CAPABILITY-}" --args -- "$@"
}

# A hook that calls nvc-cli as NVIDIA's own hook calls nvidia-container-cli.
real_configure_hook() { # FILE ROOTFS
	local no_cgroups='' ldconfig=/sbin/ldconfig
	[[ $REAL_HARNESS != cell ]] || no_cgroups=--no-cgroups
	[[ ! -e /sbin/ldconfig.real ]] || ldconfig=/sbin/ldconfig.real
	cat >"$1" <<END
#!/bin/bash
for stage; do :; done
[[ \$stage != poststop ]] || exit 0
exec "$REAL_CLI" --config "$REAL_CONFIG" configure --ldconfig=@$ldconfig $no_cgroups $REAL_WORDS --pid="\$(jq -r .pid)" "$2"
END
	chmod 755 "$1"
}

# Sets hook, the words of the hook.
real_hook() { # HOW DIR
	case $1 in
	hook) hook=("$REAL_HOOK" --config "$REAL_CONFIG") ;;
	configure)
		real_configure_hook "$2/configure" "$2/rootfs"
		hook=("$2/configure")
		;;
	esac
}

real_run_cell() { # HOW DIR
	local hook=()
	real_hook "$1" "$2"
	# shellcheck disable=SC2016 # for the shell that inspects
	printf '%s\n' 'for node in null zero urandom; do : >dev/$node && mount --bind /dev/$node dev/$node || exit; done' \
		"exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root chroot . /bin/sh -c $(jq -r '.process.args[2] | @sh' <"$2/config.json")" \
		>"$2/inspect"
	"$NVC_BUILD_DIR/tests/support/cell" --id "real-$$" --tmpfs /dev --tmpfs /tmp --tmpfs /root --volume /proc:/proc --volume /sys:/sys \
		--inspect "exec sh $2/inspect" "$2" -- "${hook[@]}"
}

real_run_runc() { # HOW DIR
	local hook=() option=()
	[[ $REAL_HARNESS == runc ]] || option=("${REAL_HARNESS#runc }")
	if [[ $1 == shim ]]; then
		(cd "$2" && NVIDIA_CTK_CONFIG_FILE_PATH=$REAL_CONFIG "$NVC_SOURCE_DIR/tests/support/enter" "${option[@]}" \
			"$REAL_SHIM" --root "$ENGINES_DIR/shim" run "real-$$" </dev/null)
		return
	fi
	real_hook "$1" "$2"
	# shellcheck disable=SC2016 # jq's
	bundle_edit "$2" '.hooks = {prestart: [{path: $ARGS.positional[0], args: ($ARGS.positional + ["prestart"]), env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}],
		poststop: [{path: $ARGS.positional[0], args: ($ARGS.positional + ["poststop"]), env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]}' --args -- "${hook[@]}"
	run_runc "${option[@]}" run --bundle "$2" "real-$$"
}

real_tree() { # DIR
	(cd "$1" && find . \( -type d -printf '%p %y %m %U %G\n' \) -o -printf '%p %y %m %U %G %s %l %T@\n' | sort)
}

real_run() { # HOW SCRIPT [NAME=VALUE...]
	local how=$1 dir rc=0
	shift
	dir=$(mktemp -d "$ENGINES_DIR/b.XXXXXX")
	chmod 755 "$dir"
	real_bundle "$dir" "$@"
	real_tree "$dir/rootfs" >"$dir/before"
	case $REAL_HARNESS in
	cell) real_run_cell "$how" "$dir" || rc=$? ;;
	*) real_run_runc "$how" "$dir" || rc=$? ;;
	esac
	# NVIDIA's way has no poststop
	if [[ $how != configure ]]; then
		diff "$dir/before" <(real_tree "$dir/rootfs") >&2 || { echo "something is left in the image" >&2 && return 99; }
		[[ ! $(find "$ENGINES_DIR/state" -name '*.state' 2>/dev/null) ]] || { echo "a record is left" >&2 && return 98; }
	fi
	return "$rc"
}

# Does a container of runc's start at all?
real_try_runc() { # [--v1|--v2]
	local dir=$ENGINES_DIR/try
	command -v runc >/dev/null || { echo "runc is not installed" >&2 && return 1; }
	[[ -d $dir/rootfs ]] || { mkdir -p "$dir/rootfs" && rootfs_busybox "$dir/rootfs"; }
	bundle_make "$dir" rootfs
	[[ $(run_runc "$@" run --bundle "$dir" "try-$$" 2>>"$ENGINES_DIR/try.log" && echo started) == *started ]]
}

real_harness() {
	local try
	REAL_HARNESS=${NVC_REAL_HARNESS-}
	for try in '' --v1 --v2; do
		[[ ! $REAL_HARNESS ]] || break
		# shellcheck disable=SC2086 # no word, or one
		if real_try_runc $try; then REAL_HARNESS=runc${try:+ $try}; fi
	done
	REAL_HARNESS=${REAL_HARNESS:-cell}
	export REAL_HARNESS
	# a cell is in our own cgroup
	[[ $REAL_HARNESS != cell ]] || sed -i 's/^no-cgroups = .*/no-cgroups = true/' "$REAL_CONFIG"
	[[ ! ${NVC_REAL_NOTE-} ]] || echo "$REAL_HARNESS" >"$NVC_REAL_NOTE"
}
