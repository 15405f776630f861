#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nvc-cli runtime configure, on files of the tests' own. No privilege.

bats_require_minimum_version 1.5.0

setup() {
	cli=$NVC_BUILD_DIR/cli/nvc-cli
	root=$BATS_TEST_TMPDIR/root
	file=$root/etc/docker/daemon.json
	program=$(sed -n 's/^CMAKE_INSTALL_PREFIX:[A-Z]*=//p' "$NVC_BUILD_DIR/CMakeCache.txt")/bin/nvc-runtime
	mkdir -p "$root/etc/docker" "$root${program%/*}"
	touch "$root$program"
	umask 022
}

configure() {
	run --separate-stderr "$cli" runtime configure --image-root "$root" "$@"
}

# All that there is below the root: names, types, modes, content, times and inodes.
everything() {
	(cd "$root" && find . -printf '%p %y %m %i %T@ %l\n' | sort && find . -type f -exec sha256sum {} + | sort)
}

# shellcheck disable=SC2154 # run sets stderr_lines
one_line_error() {
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "nvc-cli: "* ]]
}

@test "a missing file is made, as the one that is installed, and a second run writes nothing" {
	rmdir "$root/etc/docker"
	configure
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[[ ${lines[0]} == "runtime 'nvidia' is '$program'" ]]
	[[ $output == *"written: $file"* ]]
	[[ $output != *systemctl* ]] # no daemon in an image
	[ "$(jq -r .runtimes.nvidia.path "$file")" = "$program" ]
	[ "$(stat -c %a "$file")" = 644 ]
	[ "$(ls -A "$root/etc/docker")" = daemon.json ]
	DESTDIR=$BATS_TEST_TMPDIR/dest cmake --install "$NVC_BUILD_DIR" --component runtime >/dev/null
	diff "$BATS_TEST_TMPDIR/dest${program%/bin/*}/share/nvc/docker/daemon.json" "$file"

	local before
	before=$(everything)
	configure
	[ "$status" -eq 0 ]
	[[ $output == 'nothing to do: '*"$file"* ]]
	[ "$before" = "$(everything)" ]
}

@test "on this machine it says what docker has to be told" {
	run --separate-stderr "$cli" runtime configure --config "$file" --nvidia-runtime-path /bin/sh
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = 'docker takes it with: systemctl reload docker' ]
	run --separate-stderr "$cli" runtime configure --config "$file" --nvidia-runtime-path /bin/sh --remove
	[ "${lines[-1]}" = 'docker keeps it until: systemctl restart docker' ]
	# a path of the caller's folder
	cd "$root/etc/docker"
	"$cli" runtime configure --config other.json --nvidia-runtime-path /bin/sh
	[ "$(jq -r .runtimes.nvidia.path "$root/etc/docker/other.json")" = /bin/sh ]
}

@test "order, numbers, spaces, mode and the other runtimes stay; the old file is kept" {
	cat >"$file" <<-'END'
		{
		  "z-last": 18446744073709551615,
		  "runtimes": {
		    "kata": { "path": "/opt/kata",   "runtimeArgs": [ "--x" ] }
		  },
		  "a" : 1.10
		}
	END
	chmod 600 "$file"
	cp -p "$file" "$BATS_TEST_TMPDIR/old"
	configure --set-as-default
	[ "$status" -eq 0 ]
	[[ $output == *"runtime 'nvidia' is the default"* ]]
	[[ $output == *"what it held before: $file.nvc-bak"* ]]
	diff - "$file" <<-END
		{
		  "z-last": 18446744073709551615,
		  "runtimes": {
		    "kata": { "path": "/opt/kata",   "runtimeArgs": [ "--x" ] },
		    "nvidia": {
		      "path": "$program"
		    }
		  },
		  "a" : 1.10,
		  "default-runtime" : "nvidia"
		}
	END
	cmp "$file.nvc-bak" "$BATS_TEST_TMPDIR/old"
	[ "$(stat -c %a "$file" "$file.nvc-bak")" = $'600\n600' ]

	configure --set-as-default
	[[ $output == 'nothing to do: '* ]]
	cmp "$file.nvc-bak" "$BATS_TEST_TMPDIR/old"

	configure --remove
	[ "$status" -eq 0 ]
	[[ $output == *'is removed'*'not the default any more'* ]]
	cmp "$file" "$BATS_TEST_TMPDIR/old"
	configure --remove
	[ "$status" -eq 0 ]
	[[ $output == 'nothing to do: '*'not there' ]]
}

@test "--dry-run writes a diff and nothing else" {
	printf '{\n    "a": 1,\n    "b": 2,\n    "c": 3,\n    "d": 4,\n    "e": 5,\n    "f": 6\n}\n' >"$file"
	cp "$file" "$BATS_TEST_TMPDIR/old"
	local before
	before=$(everything)
	configure --set-as-default --dry-run
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$before" = "$(everything)" ]
	printf '%s\n' "$output" | tail -n +3 >"$BATS_TEST_TMPDIR/diff"
	[ "${lines[0]}" = "--- $file" ]
	[ "${lines[1]}" = "+++ $file" ]

	configure --set-as-default
	run diff -u "$BATS_TEST_TMPDIR/old" "$file"
	diff <(printf '%s\n' "$output" | tail -n +3) "$BATS_TEST_TMPDIR/diff"
	configure --set-as-default --dry-run
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
}

@test "nothing in an image moves the cursor of who looks at the change" {
	local escape=$'\e' csi=$'\302\233' name=$'x\n+++ y\e[2J'
	ln -s "$name" "$file"
	configure --dry-run
	[ "$status" -eq 0 ]
	[[ ${lines[1]} == "+++ ${file%/*}/"'x\n+++ y\x1b[2J' ]]
	[[ $output != *"$escape"* ]]

	rm "$file"
	printf '{\n\t"a":\r"\\\\ %s2J \177 ä"\r\n}\n' "$csi" >"$file"
	SHELL=$BASH run script -qec "$(printf '%q ' "$cli" runtime configure --image-root "$root" --dry-run)" /dev/null </dev/null
	[ "$status" -eq 0 ]
	[[ $output == *$'-\t"a":\\x0d"\\\\ '*'\xc2\x9b2J \x7f ä"'$'\r'* ]]
	[[ $output != *"$csi"* ]]
	# what goes to a file is for patch: the bytes themselves
	configure --dry-run
	[[ $output == *"$csi"* ]]
}

@test "--dry-run of a missing file makes not even its folder" {
	rmdir "$root/etc/docker"
	configure --dry-run
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = '--- /dev/null' ]
	[ "$(ls -A "$root/etc")" = '' ]
}

@test "a broken file is refused with its place, and nothing is written" {
	while IFS='|' read -r text place; do
		# shellcheck disable=SC2059 # the text has escapes
		printf "$text" >"$file"
		local before
		before=$(everything)
		configure --set-as-default
		one_line_error
		[[ $stderr == *"$file:$place:"* ]]
		configure --set-as-default --dry-run
		one_line_error
		[ "$before" = "$(everything)" ]
	done <<-'END'
		{\n  // mine\n}|2:3
		{"a": 1,}|1:9
		\357\273\277{}|1:1
		[]|1:1
		{"runtimes": {},\n "runtimes": {}}|2:2
		{"runtimes": 7}|1:14
		{"runtimes": {"nvidia": {"path": null}}, "default-runtime": 1}|1:61
	END
}

@test "a file that is too large, or none, is refused" {
	head -c 1048577 /dev/zero | tr '\0' ' ' >"$file"
	configure
	one_line_error
	[[ $stderr == *'larger than 1048576 bytes'* ]]
	rm "$file"
	mkdir "$file"
	configure
	one_line_error
	[[ $stderr == *'not a regular file'* ]]
}

@test "links are followed inside of the image, and stay" {
	mkdir -p "$root/data/docker"
	echo '{"a": 1}' >"$root/data/docker/real.json"
	rmdir "$root/etc/docker"
	ln -s /data/docker "$root/etc/docker"
	ln -s real.json "$root/data/docker/daemon.json"
	configure
	[ "$status" -eq 0 ]
	[ -L "$root/etc/docker" ]
	[ -L "$root/data/docker/daemon.json" ]
	[ "$(jq -r .runtimes.nvidia.path "$root/data/docker/real.json")" = "$program" ]
	[ "$(cat "$root/data/docker/real.json.nvc-bak")" = '{"a": 1}' ]

	# none leads out of it
	local outside=$BATS_TEST_TMPDIR/outside
	mkdir "$outside"
	rm "$root/etc/docker"
	ln -s "../../outside" "$root/etc/docker"
	configure
	one_line_error
	ln -sfn "$outside" "$root/etc/docker"
	configure
	one_line_error
	rm "$root/etc/docker"
	mkdir "$root/etc/docker"
	ln -s "$outside/daemon.json" "$root/etc/docker/daemon.json"
	configure # to be made inside of the root
	[ "$status" -eq 0 ]
	[ -f "$root$outside/daemon.json" ]
	[ -z "$(ls -A "$outside")" ]
}

@test "an entry of another program is turned and told, and not removed" {
	echo '{"runtimes": {"nvidia": {"path": "nvidia-container-runtime", "runtimeArgs": ["--y"]}}}' >"$file"
	configure --remove
	one_line_error
	[[ $stderr == *"'nvidia-container-runtime'"*--nvidia-runtime-path* ]]
	configure
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == "runtime 'nvidia' is '$program', it was 'nvidia-container-runtime'" ]]
	[ "$(jq -c .runtimes.nvidia "$file")" = "{\"path\":\"$program\",\"runtimeArgs\":[\"--y\"]}" ]
}

@test "what was there without us stays kept: to remove is not to lose it" {
	echo '{"runtimes": {"nvidia": {"path": "nvidia-container-runtime"}}, "default-runtime": "runc"}' >"$file"
	cp "$file" "$BATS_TEST_TMPDIR/jetpack"
	configure
	configure --set-as-default
	[[ $output == *"what it held before an earlier change: $file.nvc-bak"* ]]
	cmp "$file.nvc-bak" "$BATS_TEST_TMPDIR/jetpack"
	configure --remove
	[ "$status" -eq 0 ]
	[[ $output == *"what it held before an earlier change: $file.nvc-bak"* ]]
	cmp "$file.nvc-bak" "$BATS_TEST_TMPDIR/jetpack"
	# without an entry of ours the file is somebody else's again
	echo '{"debug": true}' >"$file"
	configure
	[[ $output == *"what it held before: $file.nvc-bak"* ]]
	[ "$(cat "$file.nvc-bak")" = '{"debug": true}' ]
	# the file of an image, which had an entry from the beginning
	rm "$file.nvc-bak"
	configure --remove
	[[ $output == *"what it held before: $file.nvc-bak"* ]]
	[ "$(jq -r .runtimes.nvidia.path "$file.nvc-bak")" = "$program" ]
}

@test "name and path, by NVIDIA's words too; a program that is not there is a warning" {
	configure --nvidia-runtime-name gpu --runtime-path /opt/gpu --nvidia-set-as-default
	[ "$status" -eq 0 ]
	[[ $stderr == *"warning: "*"'/opt/gpu'"* ]]
	[ "$(jq -r '.runtimes.gpu.path, ."default-runtime"' "$file")" = $'/opt/gpu\ngpu' ]
	for name in runc 'a b' ''; do
		configure --nvidia-runtime-name "$name"
		one_line_error
	done
	configure --nvidia-runtime-path relative/path
	one_line_error
}

@test "other engines, and what does not go together, say what to do" {
	while IFS='|' read -r words named; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr "$cli" $words
		one_line_error
		[[ $stderr == *"$named"* ]]
	done <<-END
		runtime configure --runtime podman|hooks.d
		runtime configure --runtime crio|hooks.d
		runtime configure --runtime containerd|BinaryName
		runtime configure --runtime=rkt|rkt
		runtime|configure
		runtime list|list
		runtime configure --remove --set-as-default|--set-as-default
		--host-root=/x runtime configure|--image-root
		--config=/x runtime configure|--config
		runtime configure --image-root /does/not/exist|/does/not/exist
	END
}

@test "the configuration of the machine is not read" {
	# a broken one would be an error of every other command
	"$NVC_BUILD_DIR/tests/support/supervise" --list "$BATS_TEST_TMPDIR/list" -- "$cli" runtime configure --image-root "$root"
	grep -q '"/etc/docker/"' "$BATS_TEST_TMPDIR/list"
	run grep -c config.toml "$BATS_TEST_TMPDIR/list"
	[ "$output" = 0 ]
}

@test "what cannot be written is an error in one line, and the file is as it was" {
	local fault supervise=("$NVC_BUILD_DIR/tests/support/supervise" --begin openat2)
	export ASAN_OPTIONS=detect_leaks=0
	echo '{}' >"$file"
	"${supervise[@]}" --list "$BATS_TEST_TMPDIR/list" -- "$cli" runtime configure --image-root "$root" --dry-run >/dev/null
	for fault in EROFS:unlinkat ENOSPC:write EIO:fsync EROFS:renameat; do
		# what a dry run does not do fails
		run --separate-stderr "${supervise[@]}" --fail "$(($(wc -l <"$BATS_TEST_TMPDIR/list") - 3)):$fault" \
			-- "$cli" runtime configure --image-root "$root"
		one_line_error
		[[ $stderr == *"write '$file'"* ]]
		[ "$(cat "$file")" = '{}' ]
		[ "$(ls -A "$root/etc/docker")" = daemon.json ]
	done
}

@test "killed in front of each system call it leaves the old file or the new one, whole" {
	local supervise=("$NVC_BUILD_DIR/tests/support/supervise" --deadline 20 --begin openat2) n calls
	export ASAN_OPTIONS=detect_leaks=0 # the search for leaks does not survive the death of its caller
	printf '{\n    "a": 1\n}\n' >"$BATS_TEST_TMPDIR/old"
	cp "$BATS_TEST_TMPDIR/old" "$file"
	"${supervise[@]}" --report "$BATS_TEST_TMPDIR/report" -- "$cli" runtime configure --image-root "$root"
	cp "$file" "$BATS_TEST_TMPDIR/new"
	read -r calls _ <"$BATS_TEST_TMPDIR/report"
	[ "$calls" -gt 15 ]
	local old=0 new=0
	for ((n = 1; n <= calls; n++)); do
		cp "$BATS_TEST_TMPDIR/old" "$file"
		run "${supervise[@]}" --kill "$n" -- "$cli" runtime configure --image-root "$root"
		[ "$status" -eq 137 ]
		if cmp -s "$file" "$BATS_TEST_TMPDIR/old"; then
			old=$((old + 1))
		else
			cmp "$file" "$BATS_TEST_TMPDIR/new"
			cmp "$file.nvc-bak" "$BATS_TEST_TMPDIR/old"
			new=$((new + 1))
		fi
	done
	((old > 5 && new > 0))
	echo "# killed at each of $calls calls: $old times the old file, $new times the new one" >&3
	# and the next run is not stopped by what was left
	cp "$BATS_TEST_TMPDIR/old" "$file"
	configure
	cmp "$file" "$BATS_TEST_TMPDIR/new"
	[ "$(ls -A "$root/etc/docker")" = $'daemon.json\ndaemon.json.nvc-bak' ]
}
