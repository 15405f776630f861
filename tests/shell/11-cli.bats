#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nvc-cli as its users call it, on boards that are folders. No privilege.

setup() {
	cli=$NVC_BUILD_DIR/cli/nvc-cli
	board=$BATS_TEST_TMPDIR/board
	lists=$board/etc/nvidia-container-runtime/host-files-for-container.d
	lib=/usr/lib/aarch64-linux-gnu/tegra
	umask 022
	mkdir -p "$lists" "$board$lib" "$board/proc/device-tree" "$board/sys" "$board/dev"
	printf 'nvidia,p3450-0000\0nvidia,jetson-nano\0nvidia,tegra210\0' >"$board/proc/device-tree/compatible"
	printf '# R32 (release), REVISION: 7.1, GCID: 1, BOARD: t210ref, EABI: aarch64, DATE: x\n' >"$board/etc/nv_tegra_release"
	echo content >"$board$lib/data.bin"
	ln -s data.bin "$board$lib/link"
	printf 'lib, %s/data.bin\nsym, %s/link\nlib, %s/gone\n' $lib $lib $lib >"$lists/l4t.csv"
	touch "$BATS_TEST_TMPDIR/config.toml"
}

# With an empty configuration: the machine's own does not count.
on_board() {
	run --separate-stderr "$cli" --config "$BATS_TEST_TMPDIR/config.toml" --root "$board" --host-root "$board" "$@"
}

# One line on standard error that begins with the program's name, nothing on standard output.
# shellcheck disable=SC2154 # run sets stderr_lines
one_line_error() {
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "nvc-cli: "* ]]
}

bats_require_minimum_version 1.5.0

@test "help, usage and version exit with 0, each command has its help" {
	for words in --help '-?' --usage --version -V 'info --help' 'list --help' 'plan -h' 'configure --help' 'csv --help' 'runtime --help'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr "$cli" $words
		[ "$status" -eq 0 ]
		[ -n "$output" ]
		[ -z "$stderr" ]
		[[ $output != *$'Options:\n\n'* ]]
	done
}

@test "a wrong command line exits with 1 and names what is wrong" {
	while IFS='|' read -r words named; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr "$cli" $words
		one_line_error
		[[ $stderr == *"$named"* ]]
	done <<-END
		|no command
		frobnicate|frobnicate
		--frobnicate info|--frobnicate
		info --pid=1|--pid=1
		info more|more
		--load-kmods=false info|--load-kmods=false
		--root|--root
		configure|ROOTFS
		configure --pid=1 relative|relative
		configure --pid=1 //|//
		configure --pid=0 /x|--pid
		configure --pid=1x /x|--pid
		configure --pid=99999999999999999999 /x|--pid
		configure --no-devbind /x|--no-cgroups
		--config=relative configure /x|relative
		csv frobnicate|frobnicate
		csv check /does/not/exist|/does/not/exist
		plan --bundle=/x --device=0|--bundle
	END
}

@test "the completion script is the one that the option table gives" {
	"$cli" --print-completion | diff "$NVC_SOURCE_DIR/cli/completions/nvc-cli.bash" -
}

@test "the manual page names every option" {
	for option in $("$cli" --print-options); do
		grep -qF -- "*$option*" "$NVC_SOURCE_DIR/cli/man/nvc-cli.1.scd" || {
			echo "missing: $option"
			return 1
		}
	done
}

@test "the manual of the configuration names every key that does something" {
	sed -nE 's/^\t\{[A-Z]* ?"([a-z.-]+)", TOML_[A-Z]+, [a-z].*/\1/p' "$NVC_SOURCE_DIR/lib/settings/settings_keys.c" >"$BATS_TEST_TMPDIR/keys"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/keys")" -gt 15 ]
	while read -r key; do
		key=${key#nvc.}
		key=${key#features.}
		key=${key#nvidia-container-runtime-hook.}
		grep -qE -- "\*([a-z]+\.)?${key//./\\.}\*" "$NVC_SOURCE_DIR/cli/man/nvc.toml.5.scd" || {
			echo "missing: $key"
			return 1
		}
	done <"$BATS_TEST_TMPDIR/keys"
}

@test "info on a machine without a GPU says so and what was looked at" {
	rm -r "${board:?}/etc" "$board/proc/device-tree/compatible"
	on_board info
	[ "$status" -eq 0 ]
	[[ $output == *"no GPU"* ]]
	[[ $output == *"/proc/device-tree/compatible"* ]]
	[[ $output == *"/proc/driver/nvidia/version: not there"* ]]
	on_board list
	one_line_error
	[[ $stderr == *host-files-for-container.d* ]]
}

@test "info names the board's facts and counts rows" {
	on_board info
	[ "$status" -eq 0 ]
	[[ $output == *"32.7.1"* ]]
	[[ $output =~ l4t.csv\ +3\ +2\ +0\ +1\ +0\ +0 ]]
	on_board info --json
	[ "$(jq -r .schema <<<"$output")" = nvc.info/1 ]
	[ "$(jq -r '.lists[0] | [.rows, .found, .missing] | join(" ")' <<<"$output")" = "3 2 1" ]
}

@test "list gives one path a line, and each row's verdict as JSON" {
	on_board list
	[ "$status" -eq 0 ]
	[ "${lines[*]}" = "$lib/data.bin /etc/nv_tegra_release $lib/link" ]
	on_board list --json
	[ "$(jq -r '.rows | map(.verdict) | join(" ")' <<<"$output")" = "used used missing" ]
}

@test "plan for a bundle follows its environment and changes nothing" {
	mkdir -p "$BATS_TEST_TMPDIR/bundle/rootfs"
	printf '{"ociVersion":"1.0.2","process":{"env":["NVIDIA_VISIBLE_DEVICES=all"],"cwd":"/"},"root":{"path":"rootfs"},"linux":{}}' \
		>"$BATS_TEST_TMPDIR/bundle/config.json"
	before=$(find "$board" "$BATS_TEST_TMPDIR/bundle" -printf '%p %s %T@\n' | sort)

	on_board plan --bundle "$BATS_TEST_TMPDIR/bundle"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == link*"$lib/link -> data.bin"*l4t.csv:2 ]]
	[[ ${lines[1]} == bind*"$lib/data.bin"*l4t.csv:1 ]]
	on_board plan --json --bundle "$BATS_TEST_TMPDIR/bundle"
	[ "$(jq -r .schema <<<"$output")" = nvc.plan/1 ]

	[ "$before" = "$(find "$board" "$BATS_TEST_TMPDIR/bundle" -printf '%p %s %T@\n' | sort)" ]
	sed -i s/=all/=void/ "$BATS_TEST_TMPDIR/bundle/config.json"
	on_board plan --bundle "$BATS_TEST_TMPDIR/bundle"
	[ "$status" -eq 0 ]
	[ "$output" = 'nothing: no GPU was asked for' ]

	sed -i s/=void/=all/ "$BATS_TEST_TMPDIR/bundle/config.json"
	echo 'accept-nvidia-visible-devices-envvar-when-unprivileged = false' >"$BATS_TEST_TMPDIR/config.toml"
	on_board plan --bundle "$BATS_TEST_TMPDIR/bundle"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == nothing:* ]]
	[[ ${lines[1]} == note*'NVIDIA_VISIBLE_DEVICES=all is not honoured'* ]]
}

@test "an unknown device and an unmet requirement are named" {
	on_board plan --device 1
	one_line_error
	[[ $stderr == *"'1'"* ]]
	on_board plan --require 'cuda>=99'
	one_line_error
	[[ $stderr == *"cuda>=99"*"10.2"*NVIDIA_DISABLE_REQUIRE* ]]
}

@test "csv check names a bad row with file, line and column and fails" {
	mkdir "$BATS_TEST_TMPDIR/mine"
	printf '# mine\nlib, /usr/lib/x\n\nlibs, /usr/lib/y\nlib, /srv/z\n' >"$BATS_TEST_TMPDIR/mine/l4t.csv"
	mkdir -p "$board/srv"
	touch "$board/srv/z"
	run --separate-stderr "$cli" csv check "$BATS_TEST_TMPDIR/mine"
	[ "$status" -eq 1 ]
	[[ ${lines[0]} == */mine/l4t.csv:4:*libs* ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
	run --separate-stderr "$cli" csv list "$BATS_TEST_TMPDIR/mine"
	[[ ${lines[1]} == l4t.csv:4:*malformed* ]]
	printf 'lib, /usr/lib/x\n' >"$BATS_TEST_TMPDIR/mine/l4t.csv"
	run --separate-stderr "$cli" csv check "$BATS_TEST_TMPDIR/mine"
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
}

@test "an error in config.toml has its line and column" {
	printf 'disable-require = "yes"\n' >"$BATS_TEST_TMPDIR/config.toml"
	on_board info
	one_line_error
	[[ $stderr =~ config.toml.*[:\[]1:[0-9]+ ]]
}

@test "as nvidia-container-cli it takes the command lines of ctr and of NVIDIA's hook" {
	ln -s "$cli" "$BATS_TEST_TMPDIR/nvidia-container-cli"
	common="--compute --compat32 --graphics --utility --video --display --pid=99999999 /no/rootfs"
	for words in \
		"--load-kmods configure --device=0 $common" \
		"--root=$board --load-kmods --no-create-imex-channels --no-pivot --debug=$BATS_TEST_TMPDIR/log --ldcache=/etc/ld.so.cache --user=0:0 configure --cuda-compat-mode=disabled --ldconfig=@/sbin/ldconfig --no-cgroups --device=all --mig-config=all --mig-monitor=all --imex-channel=0 --ngx --require=cuda>=1 $common" \
		"-k -u -d $BATS_TEST_TMPDIR/log -r $board configure -cuvgDn -d 0 -p 99999999 /no/rootfs"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr "$BATS_TEST_TMPDIR/nvidia-container-cli" $words
		[ "$status" -eq 1 ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == "nvidia-container-cli: "* ]]
		[[ $stderr != *option* ]]
	done
	for words in 'list -l -b -i -f -d all --compat32' 'info --csv' 'list --device=all --no-persistenced'; do
		# shellcheck disable=SC2086 # words
		on_board $words
		[ "$status" -eq 0 ]
	done
}

@test "a result that cannot be written is an error" {
	"$cli" --help >/dev/full 2>"$BATS_TEST_TMPDIR/err" && return 1
	grep -q 'write the result' "$BATS_TEST_TMPDIR/err"
}

@test "--debug appends to a log, and one that cannot be written is a warning" {
	on_board --debug "$BATS_TEST_TMPDIR/log" list
	[ "$status" -eq 0 ]
	[ -f "$BATS_TEST_TMPDIR/log" ]
	on_board --debug /does/not/exist/log list
	[ "$status" -eq 0 ]
	[[ $stderr == *warning*"/does/not/exist/log"* ]]
}
