# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The product in front of real engines, on top of engines.sh. For bats suites, which get
# NVC_BUILD_DIR and NVC_SOURCE_DIR; everything lies below $ENGINES_DIR.
#
#   gpu_init                         engines_init, and the image as $GPU_IMAGE (a folder)
#   gpu_board NAME BOARD [OPTION...] board of `support/board --board BOARD` with its config.toml
#   gpu_driver NAME [OPTION...]      a machine with NVIDIA's driver, of `support/driver`, with its config.toml
#   gpu_dir NAME                     its folder
#   gpu_import DAEMON NAME           GPU_IMAGE as image NAME:plain (asks for nothing) and NAME:gpu
#                                    (NVIDIA_VISIBLE_DEVICES=all)
#   gpu_tree DIR PACKAGE...          root tree of an image of Debian packages, of this machine's kind; what
#                                    could not be had is noted, and fails
#   gpu_prepared STATUS              notes how setup_file went; what it said is in $ENGINES_DIR/log
#   gpu_ready                        for setup: skips, or fails, where that was not well
#   gpu_path                         folder with nvidia-container-runtime-hook, for docker --gpus
#   gpu_verify PID NAME              every row that the board has is in that container, and right
#   gpu_nodes NAME                   paths of the nodes that the board's lists name and it has
#   gpu_state NAME                   folder of the board's records and logs

# shellcheck source=tests/support/engines.sh
. "${NVC_SOURCE_DIR:?}/tests/support/engines.sh"

gpu_init() {
	local dir
	dir=$(mktemp -d /tmp/nvc.XXXXXX)
	chmod 755 "$dir" # a remapped root passes through
	engines_init "$dir"
	export GPU_RUNTIME=$NVC_BUILD_DIR/hook/nvc-runtime GPU_HOOK=$NVC_BUILD_DIR/hook/nvc-hook
	export GPU_CLI=$NVC_BUILD_DIR/cli/nvc-cli GPU_IMAGE=$ENGINES_DIR/image
	"$NVC_SOURCE_DIR/tests/support/image.sh" "$GPU_IMAGE" "$NVC_BUILD_DIR"
}

gpu_dir() {
	printf '%s\n' "$ENGINES_DIR/board-$1"
}

gpu_state() {
	printf '%s\n' "$ENGINES_DIR/state-$1"
}

gpu_board() { # NAME BOARD [OPTION...]
	local name=$1 board=$2
	shift 2
	"$NVC_BUILD_DIR/tests/support/board" --board "$board" "$@" "$(gpu_dir "$name")"
	board_config "$(gpu_dir "$name")" "$(gpu_state "$name")"
}

gpu_config() {
	printf '%s\n' "$(gpu_dir "$1")/etc/nvidia-container-runtime/config.toml"
}

gpu_import() { # DAEMON NAME
	tar -C "$GPU_IMAGE" -c . | dk "$1" import - "$2:plain" >/dev/null
	tar -C "$GPU_IMAGE" -c . | dk "$1" import --change 'ENV NVIDIA_VISIBLE_DEVICES=all' - "$2:gpu" >/dev/null
}

gpu_path() {
	mkdir -p "$ENGINES_DIR/gpubin"
	ln -sf "$GPU_HOOK" "$ENGINES_DIR/gpubin/nvidia-container-runtime-hook"
	printf '%s\n' "$ENGINES_DIR/gpubin"
}

gpu_lists() { # NAME: the lists that count on that board
	local dir
	dir=$(gpu_dir "$1")/etc/nvidia-container-runtime/host-files-for-container.d
	if grep -q '^# R3[012] ' "$(gpu_dir "$1")/etc/nv_tegra_release"; then
		printf '%s\n' "$dir"/*.csv
	else
		find "$dir" -name l4t.csv -o -name devices.csv -o -name drivers.csv
	fi
}

gpu_verify() { # PID NAME
	local lists
	mapfile -t lists < <(gpu_lists "$2")
	"$NVC_BUILD_DIR/tests/support/verify" "$1" "$(gpu_dir "$2")" "${lists[@]}"
}

gpu_nodes() { # NAME
	local dir lists node found
	dir=$(gpu_dir "$1")
	mapfile -t lists < <(gpu_lists "$1")
	sed -nE 's/^[[:space:]]*dev[[:space:]]*,[[:space:]]*//p' "${lists[@]}" | tr -d '\r' | sed 's/[[:space:]]*$//' |
		while read -r node; do
			# shellcheck disable=SC2086 # the pattern of the row
			for found in "$dir"$node; do
				[[ ! -c $found ]] || printf '%s\n' "${found#"$dir"}"
			done
		done | sort -u
}

gpu_driver() { # NAME [OPTION...]
	local name=$1
	shift
	"$NVC_BUILD_DIR/tests/support/driver" --nvml "$NVC_BUILD_DIR/tests/support/nvml/libnvidia-ml.so.1" "$@" "$(gpu_dir "$name")"
	# not this machine's folder of answers
	board_config "$(gpu_dir "$name")" "$(gpu_state "$name")" "cache-dir = \"$(gpu_state "$name")/cache\"" \
		"driver-program = \"$NVC_BUILD_DIR/driver/nvc-driver\""
}

gpu_prepared() { # STATUS
	echo "$1" >"$ENGINES_DIR/rc"
}

gpu_tree() { # DIR PACKAGE...
	local dir=$1 rc=0
	shift
	"$NVC_SOURCE_DIR/tests/support/debimage.sh" "$dir" - "$(dpkg --print-architecture)" "$@" >"$ENGINES_DIR/log" 2>&1 || rc=$?
	gpu_prepared "$rc"
	return "$rc"
}

gpu_ready() {
	local rc
	rc=$(cat "$ENGINES_DIR/rc")
	((rc != 77)) || skip "$(tail -n 1 "$ENGINES_DIR/log")"
	((rc == 0)) || { cat "$ENGINES_DIR/log" && return 1; }
}
