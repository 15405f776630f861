# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # rc and scenes are stage.sh's
# For cases that try many values in the same way, each in a container of its own but all on one stage.
# The case defines
#   plant NAME        plants that value in $BUNDLE/config.json (env_file) or elsewhere
#   try_shim=yes      where the runtime shim and nvc-cli must say the same of the bundle as the hook
# and calls `each_value NAME...` in its `run`; all have to end alike.

try_shim=

env_file() { # NAME FILE: of any size
	# shellcheck disable=SC2016 # jq's
	bundle_edit "$BUNDLE" --arg name "$1" --rawfile value "$2" '.process.env += [$name + "=" + $value]'
}

# At most 256 MiB of memory and ten seconds.
bounded() { # COMMAND...
	timeout -s KILL 10 prlimit --as=268435456 "$@"
}

# The shim in front of a low-level runtime that does nothing; sets shim_rc.
run_shim() {
	shim_rc=0
	mkdir -p "$WORK/shim/rootfs"
	cp "$BUNDLE/config.json" "$WORK/shim/config.json"
	sed 's,^runtimes = .*,runtimes = ["/bin/true"],' "$CONFIG" >"$WORK/shim.toml"
	NVIDIA_CTK_CONFIG_FILE_PATH=$WORK/shim.toml bounded "$RUNTIME" create --bundle "$WORK/shim" "$ID" >"$WORK/shim.out" 2>"$WORK/shim.err" </dev/null || shim_rc=$?
}

# What the shim writes into the bundle are words of ours, whatever the value was.
check_edited() {
	jq -e --arg hook "$HOOK" --arg id "$ID" --arg bundle "$WORK/shim" --arg config "$WORK/shim.toml" '
		[.hooks // {} | .[] | .[] | select(.path == $hook) | .args[1:][]] - [$id, $bundle, $bundle + "/rootfs", $config]
		| all(test("^(prestart|poststop|--(devices-granted|(config|id|bundle|rootfs|request)(=.*)?)|nvc1;[-A-Za-z0-9_.:/,=<>!*%;]*)$"))' \
		"$WORK/shim/config.json" >/dev/null || die "arguments of another's making: $(jq -c .hooks "$WORK/shim/config.json")"
}

check_shim() { # NAME RC-OF-THE-HOOK
	local rc_cli=0
	run_shim
	bounded "$CLI" --config "$CONFIG" plan --bundle "$BUNDLE" >"$WORK/cli.out" 2>"$WORK/cli.err" || rc_cli=$?
	if (($2 == 0)); then
		((shim_rc == 0 && rc_cli == 0)) || { cat "$WORK/shim.err" "$WORK/cli.err" >&2 && die "$1: the shim gave $shim_rc, the command line $rc_cli"; }
		check_edited
		return
	fi
	((shim_rc == 1)) || die "$1: the shim gave $shim_rc"
	((rc_cli == 1)) || die "$1: the command line gave $rc_cli"
	cmp "$BUNDLE/config.json" "$WORK/shim/config.json" || die "$1: the shim changed the bundle that it refused"
	(($(wc -l <"$WORK/shim.err") == 1 && $(wc -l <"$WORK/cli.err") == 1)) || { cat "$WORK/shim.err" "$WORK/cli.err" >&2 && die "$1: not one line"; }
	run_plain "$WORK/shim.err" && run_plain "$WORK/cli.err"
}

# No control characters, and no line as long as what was put in.
run_plain() { # FILE
	if LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$1"; then die "control characters in $(basename "$1")"; fi
	awk 'length > 2300 { exit 1 }' "$1" || die "a line of $(wc -c <"$1") bytes in $(basename "$1")"
}

run_one() {
	case $HARNESS in
	cell | user) run_cell ;;
	*) run_low ;;
	esac
}

# Every value in a plain cell; each other variant has a quarter of them. Sets names.
share() { # NAME...
	local i=0 step=4
	case $VARIANT in
	cell) step=1 ;;
	cell-r35 | user-r32 | runc-r32) i=1 ;;
	cell-r32 | crun) i=2 ;;
	crun-r35) i=3 ;;
	esac
	names=()
	for ((i %= $#; i < $#; i += step)); do names+=("${@:i+1:1}"); done
}

each_value() { # NAME...
	local name all=0 names=()
	share "$@"
	cp "$BUNDLE/config.json" "$WORK/plain.json"
	for name in "${names[@]}"; do
		echo "value: $name" >&2
		cp "$WORK/plain.json" "$BUNDLE/config.json"
		: >"$LOG"
		plant "$name"
		cp "$BUNDLE/config.json" "$WORK/planted.json"
		run_one
		run_plain "$LOG"
		((rc == 0)) || check_refusal
		[[ $name == "${names[0]}" ]] || (((rc == 0) == (all == 0))) || die "$name gave $rc, others $all"
		all=$rc
		if [[ $try_shim && $VARIANT != *-r35 ]]; then
			cp "$WORK/planted.json" "$BUNDLE/config.json"
			check_shim "$name" "$rc"
		fi
	done
	cp "$WORK/plain.json" "$BUNDLE/config.json"
}
