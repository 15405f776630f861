#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What containers leave in their writable layers: nothing of ours, whoever ends them.

# shellcheck disable=SC2016,SC2030,SC2031 # scripts for other shells; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

bats_require_minimum_version 1.5.0

lib=/usr/lib/aarch64-linux-gnu

setup_file() {
	local wrapper
	gpu_init
	rm -rf "$GPU_IMAGE"
	"$NVC_SOURCE_DIR/tests/support/image.sh" --no-conf --apt "$GPU_IMAGE" "$NVC_BUILD_DIR"
	mkdir -p "$GPU_IMAGE$lib"
	wrapper=$ENGINES_DIR/bin/runc-inject
	inject_wrapper >"$wrapper"
	chmod 755 "$wrapper"
	ENGINES_RUNC=$wrapper gpu_board R36 R36
	daemon
	gpu_import d base
}

teardown_file() {
	docker_stop d
	engines_done
}

setup() {
	log=$(gpu_state R36)/hook.log
	: >"$log"
	rm -f "$ENGINES_DIR/inject"
}

teardown() {
	rm -f "$ENGINES_DIR/inject"
	dk d ps -aq | while read -r id; do dk d rm -f "$id" >/dev/null 2>&1 || true; done
}

# A low-level runtime that puts strace in front of the hook where `inject` said so.
inject_wrapper() {
	cat <<END
#!/bin/bash
bundle=. previous=
for word; do
	case \$previous in --bundle | -b) bundle=\$word ;; esac
	previous=\$word
done
if [[ " \$* " == *' create '* && -s $ENGINES_DIR/inject ]]; then
	read -r stage call n <$ENGINES_DIR/inject
	jq -c --arg stage "\$stage" --arg call "\$call" --arg n "\$n" '.hooks[\$stage] |= map(if .path | endswith("/nvc-hook") then
		. + {path: "/usr/bin/strace", args: (["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(\$call)",
		"-e", "inject=\(\$call):signal=KILL:when=\(\$n)", .path] + .args[1:])} else . end)' \\
		"\$bundle/config.json" >"\$bundle/config.json.inject" && mv "\$bundle/config.json.inject" "\$bundle/config.json"
fi
exec $ENGINES_RUNC "\$@"
END
}

inject() { # STAGE CALL N: from now on the hook of that stage is killed at its Nth CALL
	echo "$*" >"$ENGINES_DIR/inject"
}

start() { # NAME [ARGUMENT...]: a container that stays
	local name=$1
	shift
	dk d run -d --name "$name" --network none "$@" "${image-base:gpu}" sh -c 'while :; do sleep 1; done' >/dev/null
}

works() { # NAME: it finds the host's libcuda
	dk d exec "$1" cuda-probe --json | grep -q "$lib/nvidia/libcuda.so.1"
}

clean() { # NAME
	local left
	left=$(dk d diff "$1")
	[ -z "$left" ] || { echo "$left" && return 1; }
	left=$(cd "$(gpu_state R36)/state" && find . -name "$(dk d inspect --format '{{.Id}}' "$1")*" -o -name '.nvc*')
	[ -z "$left" ] || { echo "$left" && return 1; }
	left=$(grep -hF "$(gpu_dir R36)/usr/" "/proc/$(docker_pid d)/mountinfo" /proc/self/mountinfo) || true
	[ -z "$left" ] || { echo "still mounted: $left" && return 1; }
}

dirty() { # NAME
	[ "$(dk d diff "$1" | wc -l)" -gt 100 ]
}

pid_of() { # NAME
	dk d inspect --format '{{.State.Pid}}' "$1"
}

eventually() { # COMMAND...: within ten seconds
	local i
	for ((i = 0; i < 100; i++)); do
		"$@" && return
		sleep 0.1
	done
	"$@"
}

stopped() {
	[ "$(dk d inspect --format '{{.State.Running}}' "$1")" = false ]
}

# What a container of that image, stopped, would have in its layer: a folder.
layer() { # IMAGE DIR
	mkdir -p "$2"
	dk d save "$1" | tar -x -C "$2.save" 2>/dev/null || { mkdir -p "$2.save" && dk d save "$1" | tar -x -C "$2.save"; }
	tar -x -C "$2" -f "$2.save/$(jq -r '.[0].Layers[-1]' "$2.save/manifest.json")"
}

not_ours() { # DIR: a layer without a placeholder, link, conf or cache of ours
	local left
	left=$(find "$1" \( -newermt '@1853252400' ! -newermt '@1853252402' \) -print -o -type f -empty -print -o \
		-lname '*libcuda*' -print -o -name '*nvc*' -print | grep -vE '/(etc/hosts|etc/hostname|run/.containerenv)$' || true)
	[ -z "$left" ] || { echo "$left" && return 1; }
	[ ! -e "$1/etc/ld.so.cache" ] || ! grep -aq libcuda "$1/etc/ld.so.cache"
}

@test "an end of its own, stop, kill, rm of the process, restart: docker diff is empty" {
	dk d run --name own --network none base:gpu cuda-probe
	clean own
	for how in 'stop -t 0' kill; do
		start one
		works one
		dirty one
		# shellcheck disable=SC2086 # two words
		dk d $how one
		clean one
		dk d rm one
	done
	start two
	dk d restart -t 0 two
	works two
	kill -9 "$(pid_of two)"
	eventually stopped two
	eventually clean two
}

@test "three cycles of start and stop" {
	local i
	start cycle
	for i in 1 2 3; do
		works cycle
		dk d stop -t 0 cycle
		clean cycle
		dk d start cycle
	done
	works cycle
	dk d stop -t 0 cycle
	clean cycle
}

running_anew() { # NAME PID
	[ "$(pid_of "$1")" -gt 0 ] && [ "$(pid_of "$1")" != "$2" ]
}

@test "restart policies" {
	local pid
	start always --restart always
	pid=$(pid_of always)
	kill -9 "$pid"
	eventually running_anew always "$pid"
	eventually works always
	dk d stop -t 0 always
	clean always
	dk d run -d --name failing --network none --restart on-failure:3 base:gpu sh -c 'cuda-probe && exit 7'
	eventually stopped failing
	[ "$(dk d inspect --format '{{.RestartCount}}' failing)" -eq 3 ]
	eventually clean failing
}

@test "containerd's shim is killed, alone: containerd ends the container, the next start puts it right" {
	local pid shim
	start lone
	pid=$(pid_of lone)
	shim=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")
	grep -q containerd-shim "/proc/$shim/cmdline"
	kill -9 "$shim"
	eventually stopped lone
	dk d start lone
	works lone
	dk d stop -t 0 lone
	clean lone
}

@test "containerd's shim and the container are killed: the next start puts it right" {
	local pid shim
	start orphan
	pid=$(pid_of orphan)
	shim=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")
	grep -q containerd-shim "/proc/$shim/cmdline"
	kill -9 "$shim" "$pid"
	eventually stopped orphan
	dk d start orphan
	works orphan
	dk d stop -t 0 orphan
	clean orphan
}

daemon() {
	docker_start d --v1 --board "$(gpu_dir R36)" --path "$(gpu_path)" -- --add-runtime "nvidia=$GPU_RUNTIME" --default-runtime nvidia
}

@test "daemon, containerd, shim and container are killed at once: the next start puts it right" {
	local pid shim containerd=$ENGINES_DIR/d/exec/containerd/containerd.pid
	start crashed
	pid=$(pid_of crashed)
	shim=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")
	kill -9 "$(docker_pid d)" "$(cat "$containerd")" "$shim" "$pid"
	rm "$containerd" # nobody may have reaped that one
	eventually daemon
	dirty crashed # the mount went with the daemon, before the end was run
	dk d start crashed
	works crashed
	dk d stop -t 0 crashed
	clean crashed
}

@test "the hook is killed anywhere before the start: the next start puts it right" {
	local at
	dk d create --name killed --network none base:gpu cuda-probe
	for at in 'write 1' 'symlinkat 3' 'linkat 1' 'linkat 40' "$(engines_attach) 60" 'renameat 1' 'renameat 2' 'unlinkat 1'; do
		# shellcheck disable=SC2086 # two words
		inject prestart $at
		dk d start -a killed && [ "$at" = 'unlinkat 1' ]
		rm -f "$ENGINES_DIR/inject"
		dk d start -a killed
		clean killed
	done
}

@test "the hook is killed at the end: the next start and end put it right" {
	local at
	for at in 'unlinkat 5' 'unlinkat 200' 'renameat 1'; do
		start half
		dk d stop -t 0 half # the plain way is clean, so what follows is the hook's
		clean half
		# shellcheck disable=SC2086 # two words
		inject poststop $at
		dk d start half
		works half
		dk d stop -t 0 half
		eventually stopped half
		rm -f "$ENGINES_DIR/inject"
		run ! clean half
		dk d start half
		works half
		dk d stop -t 0 half
		clean half
		dk d rm half
	done
}

@test "a committed layer of a stopped container is that of one without a GPU" {
	local name=etc/ld.so.cache runtime script='mkdir -p /data; echo own >/data/own; echo beside >'$lib'/beside.txt'
	for runtime in nvidia runc; do
		dk d run --name "$runtime" --runtime "$runtime" --network none base:gpu sh -c "$script"
		dk d commit "$runtime" "committed:$runtime" >/dev/null
		layer "committed:$runtime" "$BATS_TEST_TMPDIR/$runtime"
		(cd "$BATS_TEST_TMPDIR/$runtime" && find . ! -type d -printf '%p %y %m %U %G %s %l\n' | sort) >"$BATS_TEST_TMPDIR/$runtime.list"
	done
	# a file that was replaced and put back is one of the layer's, with the image's bytes and dates
	cmp "$BATS_TEST_TMPDIR/nvidia/$name" "$GPU_IMAGE/$name"
	[ "$(stat -c '%a %u %g %Y' "$BATS_TEST_TMPDIR/nvidia/$name")" = "$(stat -c '%a %u %g %Y' "$GPU_IMAGE/$name")" ]
	sed -i "\\,^\./$name ,d" "$BATS_TEST_TMPDIR/nvidia.list"
	diff "$BATS_TEST_TMPDIR/runc.list" "$BATS_TEST_TMPDIR/nvidia.list"
	not_ours "$BATS_TEST_TMPDIR/nvidia"
	[ -e "$BATS_TEST_TMPDIR/nvidia/data/own" ]
}

@test "--gpus without our runtime: healed at that container's next start" {
	local list row=libnvsample_cudaprocess.so
	list=$(gpu_dir R36)/etc/nvidia-container-runtime/host-files-for-container.d/drivers.csv
	start bare --runtime runc --gpus all
	works bare
	dk d exec bare sh -c 'echo own >/own'
	dk d stop -t 0 bare
	dirty bare # nobody called us at its end
	[ -n "$(ls -A "$(gpu_state R36)/state")" ]
	dk d diff bare | grep -q "/$row\$"
	# what the board no longer has is not made again: that it goes shows that the start took it back
	cp -p "$list" "$BATS_TEST_TMPDIR/list"
	sed -i "/$row/d" "$list"
	dk d start bare
	cp -p "$BATS_TEST_TMPDIR/list" "$list"
	works bare
	[ "$(dk d exec bare cat /own)" = own ]
	dk d stop -t 0 bare
	dirty bare
	run ! grep -q "/$row\$" <(dk d diff bare)
	grep -q 'info' "$log"
	dk d rm bare
	# the record of one that is gone goes with the next start of any other
	dk d run --rm --network none base:gpu true
	[ -z "$(ls -A "$(gpu_state R36)/state")" ]
}

@test "an image committed from a running container: its leftovers are mounted over and reported" {
	start running
	dk d commit running leftover:ours >/dev/null
	dk d rm -f running
	: >"$log"
	image=leftover:ours start again
	works again
	dk d stop -t 0 again
	clean again
	[ "$(grep -c 'leftovers' "$log")" -ge 1 ]
}

@test "docker build: what a RUN step writes beside driver files is in the image, nothing of ours is" {
	mkdir "$BATS_TEST_TMPDIR/context"
	cp "$GPU_IMAGE"/usr/lib/x86_64-linux-gnu/libc.so.6 "$BATS_TEST_TMPDIR/context/libown.so.1" 2>/dev/null ||
		cp -L "$(ldd /bin/true | awk '$1 == "libc.so.6" { print $3 }')" "$BATS_TEST_TMPDIR/context/libown.so.1"
	cat >"$BATS_TEST_TMPDIR/context/Dockerfile" <<-END
		FROM base:gpu
		RUN cuda-probe --nodes-only && echo beside >$lib/nvidia/beside.txt && mkdir -p $lib/tegra/own && echo own >$lib/tegra/own/file && echo share >/usr/share/own
		COPY libown.so.1 $lib/
		RUN echo $lib >/etc/ld.so.conf.d/own.conf && ldconfig && cuda-probe
	END
	DOCKER_BUILDKIT=0 dk d build --network none -t built "$BATS_TEST_TMPDIR/context"
	dk d save built | tar -x -C "$BATS_TEST_TMPDIR/context"
	local tar i=0
	for tar in $(jq -r '.[0].Layers[1:][]' "$BATS_TEST_TMPDIR/context/manifest.json"); do
		mkdir "$BATS_TEST_TMPDIR/layer$((++i))"
		tar -x -C "$BATS_TEST_TMPDIR/layer$i" -f "$BATS_TEST_TMPDIR/context/$tar"
		not_ours "$BATS_TEST_TMPDIR/layer$i"
	done
	diff <(printf '%s\n' beside own share) <(cat "$BATS_TEST_TMPDIR/layer1$lib/nvidia/beside.txt" "$BATS_TEST_TMPDIR/layer1$lib/nvidia/own/file" "$BATS_TEST_TMPDIR/layer1/usr/share/own")
	grep -aq libc.so.6 "$BATS_TEST_TMPDIR/layer$i/etc/ld.so.cache"
	[ "$(dk d run --rm --runtime runc --network none built ldconfig -p | grep -c libcuda)" -eq 0 ]
	dk d run --rm --network none built sh -c "cuda-probe && cat $lib/nvidia/beside.txt"
}

@test "leftovers of NVIDIA's hook in an image: it starts, works, and one line says so" {
	local tree=$BATS_TEST_TMPDIR/tree name
	cp -a "$GPU_IMAGE" "$tree"
	mkdir -p "$tree$lib/nvidia" "$tree/usr/lib/x86_64-linux-gnu"
	echo "$lib/nvidia" >"$tree/etc/ld.so.conf.d/nvidia.conf"
	# as ldconfig saw them in the running container
	for name in libcuda.so.1.1 libnvrm_gpu.so; do cp "$(gpu_dir R36)$lib/nvidia/$name" "$tree$lib/nvidia/"; done
	cp "$(gpu_dir R36)$lib/nvidia/libcuda.so.1.1" "$tree$lib/nvidia/libcuda.so.418.56"
	ln -s libcuda.so.418.56 "$tree$lib/nvidia/libcuda.so.1"
	ldconfig -r "$tree" 2>/dev/null
	rm -rf "$tree/var/cache/ldconfig"
	[ "$(ldconfig -r "$tree" -p | grep -c "$lib/nvidia/libcuda.so.1")" -ge 1 ]
	# and as they are once it has been committed
	for name in libcuda.so.1.1 libcuda.so.418.56 libnvrm_gpu.so libnvidia-ml.so.1; do : >"$tree$lib/nvidia/$name"; done
	ln -s libgone.so.1.2 "$tree$lib/nvidia/libnvos.so"
	tar -C "$tree" -c . | dk d import --change 'ENV NVIDIA_VISIBLE_DEVICES=all' - leftover:nvidia >/dev/null
	image=leftover:nvidia start old
	works old
	dk d exec old sh -c 'ldconfig -p | grep -c "libcuda.so.1 "' | grep -qx 1
	dk d exec old sh -c "test -s $lib/nvidia/libcuda.so.1 && test -s $lib/nvidia/libnvos.so"
	dk d stop -t 0 old
	clean old
	[ "$(grep -c 'leftovers of an earlier' "$log")" -eq 1 ]
	# by the hook alone as well
	image=leftover:nvidia start older --runtime runc --gpus all
	works older
}

@test "apt-get install in a running container runs its ldconfig, and libcuda is still found" {
	local repository=$BATS_TEST_TMPDIR/repository deb=$BATS_TEST_TMPDIR/deb multiarch
	multiarch=$(cd "$GPU_IMAGE/etc/ld.so.conf.d" && cat multiarch.conf)
	mkdir -p "$repository" "$deb/DEBIAN" "$deb$multiarch"
	printf 'int own(void) { return 0; }\n' | "${CC:-cc}" -shared -fPIC -nostdlib -Wl,-soname,libown.so.1 -x c -o "$deb$multiarch/libown.so.1" -
	printf 'Package: libown1\nVersion: 1.0\nArchitecture: %s\nMaintainer: nobody <nobody@example.org>\nDescription: a library\n' "$(dpkg --print-architecture)" >"$deb/DEBIAN/control"
	echo 'activate-noawait ldconfig' >"$deb/DEBIAN/triggers"
	dpkg-deb -b "$deb" "$repository/libown1.deb" >/dev/null
	(cd "$repository" && {
		dpkg-deb -f libown1.deb
		printf 'Filename: ./libown1.deb\nSize: %s\nSHA256: %s\n' "$(stat -c %s libown1.deb)" "$(sha256sum libown1.deb | cut -d' ' -f1)"
	} >Packages)
	start apt -v "$repository:/repository:ro"
	dk d exec apt sh -c 'apt-get update && apt-get install -y libown1'
	dk d exec apt sh -c 'ldconfig -p | grep "libown.so.1 " && ldconfig -p | grep "libcuda.so.1 "'
	works apt
	dk d stop -t 0 apt
	run ! grep -E 'nvidia|tegra|000-nvc|firmware|cuda' <(dk d diff apt)
	dk d cp apt:/etc/ld.so.cache "$BATS_TEST_TMPDIR/cache"
	ldconfig -p -C "$BATS_TEST_TMPDIR/cache" >"$BATS_TEST_TMPDIR/list"
	grep -q 'libown.so.1 ' "$BATS_TEST_TMPDIR/list"
	run ! grep -E 'libcuda|/nvidia/' "$BATS_TEST_TMPDIR/list"
	dk d start apt
	works apt
	dk d exec apt sh -c 'ldconfig -p | grep "libown.so.1 "'
}

@test "what the container writes into a directory of ours stays, with the directory" {
	start writer
	dk d exec writer sh -c "echo own >$lib/nvidia/own && ln -s own $lib/nvidia/link"
	dk d cp "$log" "writer:$lib/nvidia/copied"
	dk d stop -t 0 writer
	diff <(dk d diff writer | sort) - <<-END
		A $lib/nvidia
		A $lib/nvidia/copied
		A $lib/nvidia/link
		A $lib/nvidia/own
		C /usr
		C /usr/lib
		C $lib
	END
}

@test "podman: the diff and the committed layer name directories and the image's own cache" {
	local store before name
	gpu_board podman R36
	before=$(sha256sum <"$GPU_IMAGE/etc/ld.so.cache")
	tar -C "$GPU_IMAGE" -c . | pm p --v1 --board "$(gpu_dir podman)" -- import --change 'ENV NVIDIA_VISIBLE_DEVICES=all' - base:gpu >/dev/null
	pm p --v1 --board "$(gpu_dir podman)" -- --runtime "$GPU_RUNTIME" run --name one --network none base:gpu cuda-probe
	pm p --v1 --board "$(gpu_dir podman)" -- diff --format json one | jq -r '(.added // [])[], (.changed // [])[]' >"$BATS_TEST_TMPDIR/diff"
	while read -r name; do
		[ -d "$GPU_IMAGE$name" ] || [ "$name" = /etc/ld.so.cache ] || [[ $name == /run* || $name == /etc/mtab ]]
	done <"$BATS_TEST_TMPDIR/diff"
	pm p --v1 --board "$(gpu_dir podman)" -- commit -q one committed >/dev/null
	pm p --v1 --board "$(gpu_dir podman)" -- save -o "$BATS_TEST_TMPDIR/save.tar" committed
	mkdir "$BATS_TEST_TMPDIR/save" "$BATS_TEST_TMPDIR/layer"
	tar -x -C "$BATS_TEST_TMPDIR/save" -f "$BATS_TEST_TMPDIR/save.tar"
	tar -x -C "$BATS_TEST_TMPDIR/layer" -f "$BATS_TEST_TMPDIR/save/$(jq -r '.[0].Layers[-1]' "$BATS_TEST_TMPDIR/save/manifest.json")"
	not_ours "$BATS_TEST_TMPDIR/layer"
	store=$BATS_TEST_TMPDIR/layer/etc/ld.so.cache
	[ ! -e "$store" ] || [ "$(sha256sum <"$store")" = "$before" ]
}
