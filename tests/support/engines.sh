# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Container engines for tests: private ones, with their own folders, sockets and process ids.
#
#   engines_init [DIR]                 first; DIR (short: sockets live below it; removed at the end, so
#                                      never bats' own) or a new folder
#   engines_done                       last: stops and removes everything; for an EXIT trap
#   engines_missing COMMAND...         prints those that are not there; fails if any
#   engines_attach                     the call that attaches a mount under the profile $NVC_PROFILE
#                                      (CMakeLists.txt: enosys PROFILE -- bats ...)
#   engines_needs_bpf                  skips the test where that profile has no BPF for cgroups
#   engines_lacks_sys_resource         true where root has no CAP_SYS_RESOURCE
#
#   rootfs_busybox DIR                 fills a folder with a busybox root
#   board_config BOARD STATE [LINE...] BOARD/etc/nvidia-container-runtime/config.toml: roots = BOARD,
#                                      state and logs in STATE, then LINEs (whole tables or keys of [nvc])
#   layout_settings WORDS              the keys of [nvc] that support/board's --layout WORDS wants
#
#   docker_start NAME [--v1|--v2] [--board DIR] [--path DIR] [--trace COMMAND] [-- DOCKERD-ARGUMENT...]
#                                      --trace: words in front of the daemon's command, as exectrace's
#   dk NAME ARGUMENT...                Debian's docker client for that daemon
#   docker_pid NAME                    its process: nsenter --mount -t "$(docker_pid x)" sees its mounts
#   docker_stop NAME
#   containerd_start NAME [--v1|--v2] [--board DIR]; ctr_ NAME ARGUMENT...; containerd_stop NAME
#   pm NAME [--v1|--v2] [--board DIR] [--] ARGUMENT...     podman with its own storage
#
#   bundle_make DIR ROOTFS             DIR/config.json as `runc spec` gives it, without a terminal
#   bundle_edit DIR JQ-ARGUMENT...     changes it with jq
#   run_runc / run_crun [--v1|--v2] [--board DIR] VERB... ID   with a state folder of their own and
#                                      no input; in the bundle: `run_runc run --bundle DIR ID`
#
# Where root has no CAP_SYS_RESOURCE, `docker run --privileged` and --ulimit fail with plain runc.
# There $ENGINES_RUNC is a wrapper that takes this one capability out of the specs, else plain runc;
# config.toml's `runtimes` and docker's --add-runtime take it by that name.

engines_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/support/sweep.sh
. "$engines_here/sweep.sh"

engines_init() { # [DIR]
	ENGINES_DIR=${1:-$(mktemp -d "${TMPDIR:-/tmp}/eng.XXXXXX")}
	mkdir -p "$ENGINES_DIR/bin"
	ENGINES_RUNC=$(command -v runc) || ENGINES_RUNC=runc
	if engines_lacks_sys_resource; then
		engines_wrapper runc >"$ENGINES_DIR/bin/runc-nosysres"
		chmod 755 "$ENGINES_DIR/bin/runc-nosysres"
		ENGINES_RUNC=$ENGINES_DIR/bin/runc-nosysres
	fi
	export ENGINES_DIR ENGINES_RUNC
}

engines_done() {
	[[ ${ENGINES_DIR-} ]] || return 0
	sweep "$ENGINES_DIR"
	ENGINES_DIR=
}

engines_missing() {
	local name missing=()
	for name; do
		command -v "$name" >/dev/null || missing+=("$name")
	done
	((${#missing[@]} == 0)) || { echo "${missing[*]}" && return 1; }
}

engines_attach() {
	if [[ ${NVC_PROFILE-} == r32 ]]; then echo mount; else echo move_mount; fi
}

engines_needs_bpf() {
	[[ ${NVC_PROFILE-} != r32 ]] || skip "Linux 4.9 has no BPF programs for devices: the runtimes refuse pure cgroup v2 themselves"
}

engines_lacks_sys_resource() {
	local bounding
	bounding=$(awk '/^CapBnd:/ { print $2 }' /proc/self/status)
	((!((16#$bounding >> 24) & 1)))
}

# A runtime that removes CAP_SYS_RESOURCE from config.json and from exec's process.json, then execs
# the real one.
engines_wrapper() { # RUNTIME
	cat <<EOF
#!/bin/bash
bundle=. process= previous=
for word; do
	case \$previous in
	--bundle | -b) bundle=\$word ;;
	--process | -p) process=\$word ;;
	esac
	previous=\$word
done
strip='walk(if type == "array" then map(select(. != "CAP_SYS_RESOURCE")) else . end)'
for file in "\$bundle/config.json" "\$process"; do
	[[ -f \$file ]] || continue
	grep -q '"CAP_SYS_RESOURCE"' "\$file" || continue
	jq -c "\$strip" "\$file" >"\$file.nosysres" && mv "\$file.nosysres" "\$file"
done
exec $(command -v "$1") "\$@"
EOF
}

engines_norl() {
	local lib=$ENGINES_DIR/bin/norl.so
	[[ -e $lib ]] || "${CC:-cc}" -shared -fPIC -o "$lib" "$engines_here/norl.c"
	printf '%s\n' "$lib"
}

# Splits the options of `enter` from the rest: sets enter_options and rest.
engines_split() {
	enter_options=() rest=()
	while (($#)); do
		case $1 in
		--v1 | --v2 | --etc) enter_options+=("$1") ;;
		--board) enter_options+=("$1" "$2") && shift ;;
		--) shift && break ;;
		*) break ;;
		esac
		shift
	done
	rest=("$@")
}

rootfs_busybox() { # DIR
	local busybox
	busybox=$(command -v busybox)
	mkdir -p "$1"/{bin,etc,proc,dev,sys,tmp,root,opt,usr/lib,lib,var}
	chmod 1777 "$1/tmp"
	cp "$busybox" "$1/bin/busybox"
	chroot "$1" /bin/busybox --install -s /bin
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\n' >"$1/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\nvideo:x:44:\n' >"$1/etc/group"
}

board_config() { # BOARD STATE [LINE...]
	local board=$1 state=$2
	shift 2
	mkdir -p "$board/etc/nvidia-container-runtime" "$state"
	{
		cat <<EOF
[nvidia-container-cli]
root = "$board"

[nvidia-container-runtime]
debug = "$state/runtime.log"
runtimes = ["$ENGINES_RUNC", "runc", "crun"]

[nvc]
host-root = "$board"
state-dir = "$state/state"
log-file = "$state/hook.log"
EOF
		(($# == 0)) || printf '%s\n' "$@"
	} >"$board/etc/nvidia-container-runtime/config.toml"
}

layout_settings() { # WORDS
	case ,$1, in
	*,oe,*) echo 'path-map = ["/usr/lib:/usr/lib/aarch64-linux-gnu"]' ;;
	*,oe64,*) echo 'path-map = ["/usr/lib64:/usr/lib/aarch64-linux-gnu"]' ;;
	*) return 0 ;;
	esac
	echo 'alt-roots = ["/usr/share/nvidia-container-passthrough"]'
}

engines_daemon() { # NAME COMMAND...: in the background, its pid noted, everything of ours closed
	local dir=$ENGINES_DIR/$1
	shift
	setsid env -i HOME=/root TMPDIR="$dir/tmp" PATH="${ENGINES_PATH:+$ENGINES_PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
		"$@" >"$dir/log" 2>&1 </dev/null 3>&- 4>&- 5>&- &
	sweep_note_pid "$dir/daemon.pid" $!
}

engines_wait() { # NAME SECONDS COMMAND...
	local name=$1 i limit=$(($2 * 10))
	shift 2
	for ((i = 0; i < limit; i++)); do
		if "$@" >/dev/null 2>&1; then return 0; fi
		if ! sweep_is_ours "$ENGINES_DIR/$name/daemon.pid"; then break; fi
		sleep 0.1
	done
	echo "$name did not start; its log ends:" >&2
	tail -n 15 "$ENGINES_DIR/$name/log" >&2
	return 1
}

docker_start() { # NAME [--v1|--v2] [--board DIR] [--path DIR] [--trace COMMAND] [-- DOCKERD-ARGUMENT...]
	local name=$1 path='' options=() extra=() trace=() dir
	shift
	while (($#)); do
		case $1 in
		--path) path=$2 && shift ;;
		--trace) read -ra trace <<<"$2" && shift ;;
		--board) options+=("$1" "$2") && shift ;;
		--v1 | --v2) options+=("$1") ;;
		--) shift && break ;;
		*) echo "docker_start: unknown option '$1'" >&2 && return 2 ;;
		esac
		shift
	done
	dir=$ENGINES_DIR/$name
	mkdir -p "$dir/tmp"
	echo '{}' >"$dir/daemon.json"
	if engines_lacks_sys_resource; then extra+=(--add-runtime "runc-nosysres=$ENGINES_RUNC"); fi
	ENGINES_PATH=$path engines_daemon "$name" "${trace[@]}" "$engines_here/enter" --etc "${options[@]}" /usr/sbin/dockerd \
		--config-file "$dir/daemon.json" --iptables=false --ip6tables=false --bridge=none --data-root "$dir/data" --exec-root "$dir/exec" \
		-H "unix://$dir/sock" --pidfile "$dir/docker.pid" "${extra[@]}" "$@"
	engines_wait "$name" 30 dk "$name" version
}

dk() { # NAME ARGUMENT...
	local name=$1
	shift
	DOCKER_CONFIG=$ENGINES_DIR/$name/client /usr/bin/docker -H "unix://$ENGINES_DIR/$name/sock" "$@"
}

docker_pid() { # NAME
	cat "$ENGINES_DIR/$1/daemon.pid"
}

docker_stop() { # NAME
	local ids
	ids=$(timeout 20 /usr/bin/docker -H "unix://$ENGINES_DIR/$1/sock" ps -aq 2>/dev/null) || ids=
	# shellcheck disable=SC2086 # words
	[[ ! $ids ]] || dk "$1" rm -f $ids >/dev/null 2>&1 || true
	sweep_stop "$ENGINES_DIR/$1/daemon.pid" 20
}

containerd_start() { # NAME [--v1|--v2] [--board DIR]
	local name=$1 dir=$ENGINES_DIR/$1
	shift
	mkdir -p "$dir/tmp"
	cat >"$dir/config.toml" <<EOF
version = 2
root = "$dir/root"
state = "$dir/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
address = "$dir/sock"
[ttrpc]
address = "$dir/sock.ttrpc"
EOF
	engines_daemon "$name" "$engines_here/enter" "$@" containerd --config "$dir/config.toml"
	engines_wait "$name" 30 ctr_ "$name" version
}

ctr_() { # NAME ARGUMENT...
	local name=$1
	shift
	ctr -a "$ENGINES_DIR/$name/sock" "$@"
}

containerd_stop() { # NAME
	sweep_stop "$ENGINES_DIR/$1/daemon.pid"
}

pm() { # NAME [--v1|--v2] [--board DIR] [--] ARGUMENT...
	local dir=$ENGINES_DIR/$1 enter_options rest
	shift
	engines_split "$@"
	mkdir -p "$dir/tmp"
	if [[ ! -e $dir/containers.conf ]]; then
		printf '[containers]\ndefault_ulimits = []\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n' >"$dir/containers.conf"
		printf '[storage]\ndriver = "overlay"\nrunroot = "%s"\ngraphroot = "%s"\n' "$dir/run" "$dir/data" >"$dir/storage.conf"
	fi
	env CONTAINERS_CONF="$dir/containers.conf" CONTAINERS_STORAGE_CONF="$dir/storage.conf" TMPDIR="$dir/tmp" \
		"$engines_here/enter" "${enter_options[@]}" podman --tmpdir "$dir/tmp" "${rest[@]}"
}

bundle_make() { # DIR ROOTFS
	mkdir -p "$1"
	rm -f "$1/config.json"
	runc spec --bundle "$1"
	# shellcheck disable=SC2016 # $root is jq's
	bundle_edit "$1" --arg root "$2" '.root = {path: $root, readonly: false} | .process.terminal = false
		| .process.args = ["/bin/sh", "-c", "true"] | del(.linux.namespaces[] | select(.type == "network"))'
}

bundle_edit() { # DIR JQ-ARGUMENT...
	local dir=$1
	shift
	jq "$@" <"$dir/config.json" >"$dir/config.json.new"
	mv "$dir/config.json.new" "$dir/config.json"
}

run_runc() {
	local enter_options rest
	engines_split "$@"
	"$engines_here/enter" "${enter_options[@]}" "$ENGINES_RUNC" --root "$ENGINES_DIR/runc" "${rest[@]}" </dev/null
}

run_crun() {
	local enter_options rest preload=()
	engines_split "$@"
	if [[ " ${enter_options[*]} " == *' --v2 '* ]]; then
		if engines_lacks_sys_resource; then preload=(env "LD_PRELOAD=$(engines_norl)"); fi
	else
		enter_options+=(--v1)
	fi
	"$engines_here/enter" "${enter_options[@]}" "${preload[@]}" crun --root "$ENGINES_DIR/crun" "${rest[@]}" </dev/null
}
