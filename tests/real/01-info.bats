#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nvc-cli info, and by NVIDIA's name, tell what nvidia-smi tells. For a machine with a GPU and NVIDIA's
# driver: `tests/run --real-gpu`. support/real.sh says how to play it without one (NVC_REAL_ROOT).

# shellcheck source=tests/support/real.sh
. "$NVC_SOURCE_DIR/tests/support/real.sh"

bats_require_minimum_version 1.5.0

setup_file() {
	real_init
}

teardown_file() {
	engines_done
}

setup() {
	T=$BATS_TEST_TMPDIR
}

cli() { # WORD...
	"$REAL_CLI" --config "$REAL_CONFIG" "$@"
}

# One field of nvidia-smi's and one of ours, a line for each GPU.
agrees() { # SMI-FIELD JQ-FILTER: of a GPU, in a document $all
	real_field "$1" | sed 's/[[:space:]]*$//' >"$T/theirs" || {
		echo "# this nvidia-smi does not tell '$1'" >&3
		return 0
	}
	jq -r ". as \$all | .gpus[] | select(.kind == \"discrete\") | $2" <"$T/info.json" >"$T/ours"
	[ -s "$T/theirs" ]
	# case: of hexadecimal digits
	diff -i "$T/theirs" "$T/ours" || {
		echo "'$1' differs: nvidia-smi <, nvc-cli >"
		differ+=("$1")
	}
}

all_agree() {
	differ=()
	# beside a board's own GPU, which nvidia-smi does not count
	[[ $(jq -r '.gpus[0].kind' <"$T/info.json") == integrated ]] || agrees index .index
	agrees uuid .uuid
	agrees pci.bus_id .bus_id
	agrees name .model
	agrees compute_cap .compute_capability
	# shellcheck disable=SC2016 # jq's
	agrees driver_version '$all.driver.version.value'
	agrees mig.mode.current 'if .mig then "Enabled" elif .mig_capable then "Disabled" else "[N/A]" end'
	((${#differ[@]} == 0))
}

# What nvidia-smi writes above its table.
cuda_of_smi() {
	real_smi | grep -oE 'CUDA( UMD)? Version *: *[0-9.]+' | grep -oE '[0-9.]+$'
}

@test "info --json agrees with nvidia-smi --query-gpu, GPU by GPU, fresh and from the kept answer" {
	cli --no-cache info --json >"$T/info.json"
	all_agree
	cli info --json >"$T/info.json"
	all_agree
	# the answer was kept: nobody is left to ask
	sed 's,^driver-program = .*,driver-program = "/does/not/exist",' "$REAL_CONFIG" >"$ENGINES_DIR/nobody.toml"
	"$REAL_CLI" --config "$ENGINES_DIR/nobody.toml" info --json >"$T/info.json"
	all_agree
	[[ $(jq -r .driver.asked <"$T/info.json") == true ]]
}

@test "the CUDA version is that of nvidia-smi, and the library answered" {
	local cuda
	cuda=$(cuda_of_smi)
	[ -n "$cuda" ]
	cli --no-cache info --json >"$T/info.json"
	echo "# driver $(jq -r .driver.version.value <"$T/info.json"), CUDA $cuda" >&3
	jq .driver,.notes <"$T/info.json"
	[ "$(jq -r .driver.cuda.value <"$T/info.json")" = "$cuda" ]
	[ "$(jq -r .driver.asked <"$T/info.json")" = true ]
}

@test "MIG devices are those of nvidia-smi -L, in its order" {
	real_devices | awk -F'\t' '$1 ~ /:/' >"$T/theirs"
	cli --no-cache info --json | jq -r '.mig_devices[] | select(.uuid != null) | "\(.gpu):\(.index)\t\(.uuid)"' >"$T/ours"
	diff "$T/theirs" "$T/ours"
}

@test "nvidia-container-cli info is of the same form, with the same facts" {
	local line number
	ln -s "$REAL_CLI" "$T/nvidia-container-cli"
	"$T/nvidia-container-cli" --config "$REAL_CONFIG" info >"$T/info"
	cat "$T/info"
	[ "$(sed -n 1p "$T/info")" = "NVRM version:   $(real_field driver_version | head -n 1)" ]
	[ "$(sed -n 2p "$T/info")" = "CUDA version:   $(cuda_of_smi)" ]
	for line in index:'Device Index' name:Model uuid:'GPU UUID' pci.bus_id:'Bus Location' compute_cap:Architecture; do
		real_field "${line%%:*}" >"$T/theirs" || continue
		sed -n "s/^${line#*:}: *//p" "$T/info" >"$T/ours"
		diff -i "$T/theirs" "$T/ours" || {
			echo "'${line#*:}' differs"
			return 1
		}
	done
	# seven lines for each GPU, below an empty one, after the two
	number=$(real_field uuid | wc -l)
	[ "$(wc -l <"$T/info")" -eq $((2 + 8 * number)) ]
	[ "$(grep -cE '^Device Minor:   [0-9]+$' "$T/info")" -eq "$number" ]
	[ "$(grep -cE '^Brand:          .' "$T/info")" -eq "$number" ]
	"$T/nvidia-container-cli" --config "$REAL_CONFIG" info --csv >"$T/csv"
	[ "$(sed -n 2p "$T/csv")" = "$(real_field driver_version | head -n 1),$(cuda_of_smi)" ]
	diff <(tail -n +5 "$T/csv" | cut -d, -f 5) <(real_field uuid)
}

@test "each part of the driver that is found is there, and nothing essential is lacking" {
	local name
	cli list --json >"$T/list.json"
	jq -r '.lacks[] | "# lacks " + .name + ": " + .reason' <"$T/list.json" >&3
	cli list -l -b >"$T/list"
	for name in nvidia-smi libcuda.so. libnvidia-ml.so. libnvidia-ptxjitcompiler.so.; do
		grep -qF "/$name" <(sed 's/$/./' "$T/list") || {
			echo "'$name' was not found: if the driver lies in a place of its own, see NVC_REAL_SETTINGS"
			return 1
		}
	done
	cli list >"$T/list"
	for name in /dev/nvidiactl /dev/nvidia-uvm; do grep -qx "$name" "$T/list"; done
}
