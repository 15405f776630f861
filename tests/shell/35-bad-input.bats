#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bad input: one clear line, a non-zero exit, nothing mounted, created or lost.

# shellcheck disable=SC2016,SC2030,SC2031 # jq programs; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

setup_file() {
	gpu_init
	gpu_board R36 R36
}

teardown_file() {
	engines_done
}

setup() {
	dir=$BATS_TEST_TMPDIR/b
	mkdir -p "$dir"
	cp -a "$GPU_IMAGE" "$dir/rootfs"
	bundle_make "$dir" rootfs
	bundle_edit "$dir" '.process.env += ["NVIDIA_VISIBLE_DEVICES=all"]'
	config=$(gpu_config R36)
	before=$(find "$dir/rootfs" -printf '%P %y %m %s %l\n' | sort)
	mounts=$(wc -l </proc/self/mountinfo)
}

teardown() {
	diff <(echo "$before") <(find "$dir/rootfs" -printf '%P %y %m %s %l\n' | sort)
	[ "$mounts" -eq "$(wc -l </proc/self/mountinfo)" ]
}

# One line on stderr with every word given; not success, not a crash.
refused() { # WORD...
	[ "$status" -ne 0 ]
	[ "$status" -lt 126 ]
	[ "${#lines[@]}" -eq 1 ]
	local word
	for word; do [[ $output == *"$word"* ]]; done
}

hook() {
	"$GPU_HOOK" --config "$config" "$@"
}

shim() {
	(cd "$dir" && "$NVC_SOURCE_DIR/tests/support/enter" --board "$(gpu_dir R36)" "$GPU_RUNTIME" "$@" </dev/null)
}

@test "state: closed standard input" {
	run sh -c '"$1" --config "$2" prestart <&-' sh "$GPU_HOOK" "$config"
	refused state
}

@test "state: empty" {
	run hook prestart </dev/null
	refused state
}

@test "state: a gigabyte" {
	run sh -c 'head -c 1073741824 /dev/zero | tr "\0" " " | "$1" --config "$2" prestart' sh "$GPU_HOOK" "$config"
	refused state
}

@test "state: not JSON, with line and column" {
	run sh -c 'printf "{\n \"id\": }" | "$1" --config "$2" prestart' sh "$GPU_HOOK" "$config"
	refused 2
}

@test "state: an id that is a path" {
	run sh -c 'printf "{\"id\":\"../../etc\",\"pid\":1,\"bundle\":\"/\"}" | "$1" --config "$2" prestart' sh "$GPU_HOOK" "$config"
	refused id
}

@test "state: a process that is not there" {
	run sh -c 'printf "{\"ociVersion\":\"1.0\",\"id\":\"a\",\"pid\":4194304,\"bundle\":\"%s\"}" "$3" | "$1" --config "$2" prestart' sh "$GPU_HOOK" "$config" "$dir"
	refused 4194304
}

@test "hook: a malformed config.json, with its place" {
	printf '{"process": {"env": [}' >"$dir/config.json"
	run sh -c 'printf "{\"ociVersion\":\"1.0\",\"id\":\"a\",\"pid\":$$,\"bundle\":\"%s\"}" "$3" | "$1" --config "$2" prestart' sh "$GPU_HOOK" "$config" "$dir"
	refused config.json
}

@test "shim: a malformed config.json is left as it is" {
	printf '{"process": {"env": [}' >"$dir/config.json"
	cp "$dir/config.json" "$dir/before.json"
	run shim create --bundle "$dir" x
	refused config.json
	cmp "$dir/before.json" "$dir/config.json"
}

@test "shim: a folder that is no bundle" {
	run shim create --bundle "$dir/nowhere" x
	refused nowhere
}

@test "shim: an unknown device, with the ones there are" {
	bundle_edit "$dir" '.process.env += ["NVIDIA_VISIBLE_DEVICES=GPU-abc"]'
	run shim create --bundle "$dir" x
	refused GPU-abc
	[ ! -e "$dir/config.json.tmp" ]
}

@test "config.toml: a syntax error has line and column" {
	sed 's/^root = .*/root = /' "$config" >"$dir/bad.toml"
	config=$dir/bad.toml
	# where the log is cannot be known then: it is the machine's, and in a /run of its own here
	run unshare --mount sh -c 'mount -t tmpfs tmpfs /run && "$1" --config "$2" prestart </dev/null
		rc=$?; cp /run/nvc/hook.log "$3"; exit $rc' sh "$GPU_HOOK" "$config" "$dir/hook.log"
	refused bad.toml ":$(grep -n '^root' "$dir/bad.toml" | cut -d: -f1)"
	grep -q 'error hook: .*bad\.toml' "$dir/hook.log"
	run "$GPU_CLI" --config "$config" info
	refused bad.toml
}

@test "config.toml: a wrong type has line and column" {
	printf 'disable-require = "yes"\n' >"$dir/bad.toml"
	run "$GPU_CLI" --config "$dir/bad.toml" info
	refused bad.toml:1 disable-require
}

@test "config.toml: one that others may write is refused" {
	cp "$config" "$dir/open.toml"
	chmod 666 "$dir/open.toml"
	run "$GPU_CLI" --config "$dir/open.toml" info
	refused open.toml
}

@test "config.toml: a named file that is missing" {
	run "$GPU_CLI" --config "$dir/none.toml" info
	refused none.toml
}

@test "a list folder that is missing" {
	sed 's#^\[nvc\]#[nvidia-container-runtime.modes.csv]\nmount-spec-path = "/nowhere"\n[nvc]#' "$config" >"$dir/nolists.toml"
	run "$GPU_CLI" --config "$dir/nolists.toml" plan --bundle "$dir"
	refused /nowhere
}

@test "an unreadable list is named, and the others count" {
	local lists
	lists=$(gpu_dir R36)/etc/nvidia-container-runtime/host-files-for-container.d
	chmod 666 "$lists/devices.csv"
	run "$GPU_CLI" --config "$config" plan --bundle "$dir"
	chmod 644 "$lists/devices.csv"
	[ "$status" -eq 0 ]
	[[ $output == *libcuda.so.1.1* ]]
	[[ $output == *devices.csv* ]]
}

@test "rows: each bad one has a verdict with file, line and column" {
	local lists
	lists=$(gpu_dir R36)/etc/nvidia-container-runtime/host-files-for-container.d
	mkdir "$dir/lists"
	cp "$lists"/*.csv "$dir/lists"
	printf 'lib, /etc/shadow\nnonsense\nlib, /usr/lib/none.so\ndev, /dev/sda1x\n' >>"$dir/lists/drivers.csv"
	sed "s#^\[nvc\]#[nvidia-container-runtime.modes.csv]\nmount-spec-path = \"/lists\"\n[nvc]#" "$config" >"$dir/bad.toml"
	cp -r "$dir/lists" "$(gpu_dir R36)/lists"
	local first
	first=$(($(wc -l <"$dir/lists/drivers.csv") - 3))
	local json
	json=$("$GPU_CLI" --config "$dir/bad.toml" list --json 2>"$dir/log")
	rm -r "$(gpu_dir R36)/lists"
	grep -q "drivers.csv:$first:" "$dir/log"
	verdict() {
		jq -r --argjson line "$1" '.rows[] | select(.line == $line and .list == "drivers.csv") | .verdict' <<<"$json"
	}
	[ "$(verdict $first)" = refused ]
	[ "$(verdict $((first + 1)))" = malformed ]
	[ "$(verdict $((first + 2)))" = missing ]
	[ "$(verdict $((first + 3)))" = missing ]
}

@test "nvc-cli: an unknown option or command" {
	run "$GPU_CLI" --nonsense
	refused nonsense
	run "$GPU_CLI" nonsense
	refused nonsense
}

@test "nvc-cli configure: no such process, no rootfs, the host's root" {
	run "$GPU_CLI" --config "$config" configure --pid 4194304 "$dir/rootfs"
	refused 4194304
	run "$GPU_CLI" --config "$config" configure --pid $$
	[ "$status" -ne 0 ]
	run "$GPU_CLI" --config "$config" configure --pid $$ /
	refused /
}
