#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Read-only, full and odd file systems below a container: the GPU works and nothing of ours is left,
# or one line says why not and nothing was changed.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034 # scripts for another shell; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"
# shellcheck source=tests/support/filesystems.sh
. "$NVC_SOURCE_DIR/tests/support/filesystems.sh"

lib=usr/lib/aarch64-linux-gnu

setup_file() {
	gpu_init
	gpu_board R36 R36
	filled_image
}

teardown_file() {
	engines_done
}

setup() {
	prefix=() # a command in front of the hook
	config=$BATS_TEST_TMPDIR/config.toml log=$BATS_TEST_TMPDIR/log records=$BATS_TEST_TMPDIR/state
	export config log records
	dir=$BATS_TEST_TMPDIR/b fs=t$BATS_TEST_NUMBER
	: >"$log"
	mkdir -m 700 "$records"
	sed "s#^log-file = .*#log-file = \"$log\"#; s#^state-dir = .*#state-dir = \"$records\"#" "$(gpu_config R36)" >"$config"
	bundle_make "$dir" rootfs
	bundle_edit "$dir" '.process.env += ["NVIDIA_VISIBLE_DEVICES=all"]'
}

# $ENGINES_DIR/filled is the image with a place for everything: an empty file, a directory, a link.
filled_image() {
	local type path text
	cp -a "$GPU_IMAGE" "$ENGINES_DIR/filled"
	"$GPU_CLI" --config "$(gpu_config R36)" plan --json |
		jq -r '.operations[] | select(.target) | [(.flags[] | select(. == "dir")) // .op, .target, .link // ""] | @tsv' >"$ENGINES_DIR/places"
	while IFS=$'\t' read -r type path text; do
		path=$ENGINES_DIR/filled$path
		mkdir -p "$(dirname "$path")"
		case $type in
		link) [[ -d $path && ! -L $path ]] || ln -sfn "$text" "$path" ;;
		dir) mkdir -p "$path" ;;
		*) [[ -e $path ]] || : >"$path" ;;
		esac
	done <"$ENGINES_DIR/places"
}

needs() { # KIND
	local reason
	! reason=$(fs_lacks "$1") || skip "$reason"
}

# A root tree on a new file system of that kind: its folder is in root, the one with the blocks in disk.
tree() { # KIND overlay|plain [SIZE]
	fs_make "$fs" "$1" "${@:3}"
	disk=$(fs_dir "$fs") root=$(fs_dir "$fs")-overlay
	if [[ $2 == overlay ]]; then
		fs_overlay "$fs" "$GPU_IMAGE"
	else
		root=$disk/root
		cp -a "$GPU_IMAGE" "$root"
	fi
	before=$(fs_files "$root")
}

# ---- a bare container: a process with the mounts that an engine would have made ----

bare_start() { # ROOTFS
	unshare --mount --propagation private sh -c 'mount -t tmpfs -o mode=755 tmpfs "$1/dev" && exec sleep 1000' sh "$1" \
		</dev/null >/dev/null 2>&1 3>&- 4>&- &
	bare_pid=$!
	sweep_note_pid "$ENGINES_DIR/bare.pid" "$bare_pid"
	until [[ $(<"/proc/$bare_pid/comm") == sleep ]]; do sleep 0.01; done
	bare_mounts=$(<"/proc/$bare_pid/mountinfo")
}

bare_end() {
	kill -9 "$bare_pid"
	wait "$bare_pid" 2>/dev/null || true
	rm "$ENGINES_DIR/bare.pid"
}

hook() { # ROOTFS COMMAND
	printf '{"ociVersion":"1.0.2","id":"bare","pid":%s,"bundle":"%s","status":"creating"}' "$bare_pid" "$dir" |
		"${prefix[@]}" "$GPU_HOOK" --config "$config" --devices-granted --rootfs "$1" "$2"
}

unchanged() {
	diff <(echo "$before") <(fs_files "$root") || { cat "$log" && false; }
	[ -z "$(ls -A "$records")" ]
}

log_is_quiet() {
	[ "$(grep -c ' warning \| error ' "$log")" -eq 0 ] || { cat "$log" && false; }
}

# What a refusal has to be: status, one line, which the log has too; nothing changed.
refused() { # WORD
	[ "$status" -ne 0 ]
	[ "$status" -lt 126 ]
	[ "$(grep -c 'nvc-hook: ' <<<"$output")" -eq 1 ]
	[ "$(grep -o 'nvc-hook: ' <<<"$output" | wc -l)" -eq 1 ]
	[[ $output == *"$1"* ]]
	[ "$(grep -c ' error ' "$log")" -eq 1 ]
	grep -q " error .*$1" "$log"
	unchanged
}

# One life of the bare container: works, or is refused. Sets worked.
bare_life() { # WORD
	: >"$log"
	bare_start "$root"
	run hook "$root" prestart
	worked=''
	if ((status)); then
		[ "${#lines[@]}" -eq 1 ]
		[ "$bare_mounts" = "$(<"/proc/$bare_pid/mountinfo")" ]
		refused "$1"
		bare_end
		return
	fi
	worked=yes
	grep -q libcuda "/proc/$bare_pid/mountinfo"
	[ "$(grep -c 'not recorded' "$log")" -eq 0 ]
	bare_end
	hook "$root" poststop
	unchanged
	# the loader's cache is the only thing that can be missing
	[ "$(grep ' warning ' "$log" | grep -vc ' ldcache: ')" -eq 0 ]
}

# Frees a few more objects before each life, until it works without a warning. may_fit: a life may
# do without any.
sweep_room() { # STEP...
	local step refusals=0
	for step; do
		fs_free "$disk" "$step"
		bare_life 'No space left on device'
		[[ $worked ]] || refusals=$((refusals + 1))
		if [[ $worked ]] && ! grep -q ' warning ' "$log"; then
			((refusals > 2)) || [[ ${may_fit-} ]]
			fs_gone "$fs"
			return
		fi
	done
	echo "it never worked" && false
}

inode_steps=(0 1 1 1 2 4 7 13 17 23 29 100)
block_steps=(0 1 1 1 2 2 3 3 7 9 13 2 2 2 2 40 400)

@test "no inodes: overlay on ext4" {
	needs ext4
	tree ext4-few overlay
	fs_fill_inodes "$disk"
	sweep_room "${inode_steps[@]}"
}

@test "no inodes: a folder on ext4" {
	needs ext4
	tree ext4-few plain
	fs_fill_inodes "$disk"
	sweep_room "${inode_steps[@]}"
}

@test "no inodes: overlay on tmpfs, where each name counts" {
	local used more
	tree tmpfs overlay
	for more in 1 2 3 5 8 13 40 90 180 290 390 500; do
		used=$(stat -f -c '%c - %d' "$disk")
		mount -o "remount,nr_inodes=$((used + more))" "$disk"
		bare_life 'No space left on device'
		((more > 1)) || [ -z "$worked" ]
	done
	[ "$worked" ]
	fs_gone "$fs"
}

@test "no blocks: overlay on ext4" {
	needs ext4
	tree ext4 overlay
	fs_fill_bytes "$disk"
	sweep_room "${block_steps[@]}"
}

@test "no blocks: a folder on ext4" {
	needs ext4
	tree ext4 plain
	fs_fill_bytes "$disk"
	sweep_room "${block_steps[@]}"
}

@test "no blocks: overlay on xfs" {
	needs xfs
	tree xfs overlay
	fs_fill_bytes "$disk"
	sweep_room "${block_steps[@]}"
}

@test "no blocks: a folder on xfs" {
	needs xfs
	tree xfs plain
	fs_fill_bytes "$disk"
	sweep_room "${block_steps[@]}"
}

@test "no blocks: overlay and a folder on btrfs, which has room for names then" {
	needs btrfs
	local kind may_fit=yes
	for kind in overlay plain; do
		tree btrfs "$kind"
		fs_fill_bytes "$disk"
		sweep_room "${block_steps[@]}"
	done
}

@test "no blocks, and the host's ldconfig writes the cache: its unfinished file goes too" {
	needs ext4
	sed -i 's#^\[nvidia-container-cli\]#&\nldconfig = "@/sbin/ldconfig"#' "$config"
	prefix=("$NVC_SOURCE_DIR/tests/support/exempt") # it is executed on purpose
	tree ext4 plain
	fs_fill_bytes "$disk"
	sweep_room "${block_steps[@]}"
}

@test "a plain folder as root, the calls of Linux 4.9, the host's ldconfig writes the cache" {
	needs ext4
	sed -i 's#^\[nvidia-container-cli\]#&\nldconfig = "@/sbin/ldconfig"#' "$config"
	prefix=("$NVC_SOURCE_DIR/tests/support/exempt" "$NVC_BUILD_DIR/tests/support/enosys" r32 --)
	tree ext4 plain
	bare_life nothing
	[[ $worked ]]
	log_is_quiet
}

@test "a container that fills its file system: the image's cache comes back" {
	local kind life
	for kind in ext4 xfs btrfs tmpfs; do
		fs_lacks "$kind" >/dev/null || for life in overlay plain; do
			tree "$kind" "$life" "$([[ $kind != tmpfs ]] || echo 16M)"
			bare_start "$root"
			hook "$root" prestart
			fs_fill_bytes "$disk"
			bare_end
			hook "$root" poststop
			unchanged
			fs_gone "$fs"
		done
	done
	log_is_quiet
}

# ---- the record ----

# The hook with a /run of its own, so that nothing of the machine's changes.
in_own_run() { # SCRIPT
	export -f bare_start bare_end hook run refused unchanged fs_files sweep_note_pid sweep_start_time
	export root before dir config log records
	unshare --mount --propagation private bash -euo pipefail -c 'mount -t tmpfs tmpfs /run'"
		$1"
}

@test "a full or read-only state directory: the record is kept in /run meanwhile" {
	local options
	tree tmpfs overlay
	for options in size=16k nr_inodes=4 ro; do
		in_own_run "mount -t tmpfs -o mode=700,$options tmpfs \"\$records\"
			bare_start \"\$root\"
			hook \"\$root\" prestart
			[ -s /run/nvc/state/bare.state ]
			bare_end
			hook \"\$root\" poststop
			[ -z \"\$(ls -A /run/nvc/state)\" ]
			unchanged"
	done
	log_is_quiet
}

@test "no room for a record anywhere: the container starts, and the log says what that means" {
	tree tmpfs overlay
	in_own_run 'mount -t tmpfs -o mode=700,nr_inodes=1 tmpfs "$records"
		mount -t tmpfs -o nr_inodes=3 tmpfs /run
		bare_start "$root"
		hook "$root" prestart
		grep -q libcuda "/proc/$bare_pid/mountinfo"
		bare_end
		hook "$root" poststop
		[ -z "$(find "$records" /run -type f)" ]'
	grep -q ' warning .*what is made in the image will not be taken back' "$log"
}

# ---- root trees that cannot be written ----

low() { # run_runc|run_crun
	run "$1" --v1 run --bundle "$dir" "f$BATS_TEST_NUMBER-$1"
}

hooks() {
	bundle_edit "$dir" --arg hook "$GPU_HOOK" --arg config "$config" '
		def entry($stage): {path: $hook, args: ["nvc-hook", "--config", $config, $stage]};
		.hooks = {prestart: [entry("prestart")], poststop: [entry("poststop")]}'
}

# The bundle's container in that root tree runs the probe on all nodes.
probe_in() { # ROOTFS
	local nodes
	mapfile -t nodes < <(gpu_nodes R36)
	hooks
	bundle_edit "$dir" --arg root "$1" --argjson args "$(jq -nc '$ARGS.positional' --args -- cuda-probe "${nodes[@]}")" \
		'.root.path = $root | .process.args = $args'
}

@test "a root that the runtime makes read-only: runc and crun" {
	local runtime
	tree tmpfs overlay
	probe_in "$root"
	bundle_edit "$dir" '.root.readonly = true'
	for runtime in run_runc run_crun; do
		low "$runtime"
		[ "$status" -eq 0 ]
		unchanged
	done
	log_is_quiet
}

# The image and the one with places for everything, in a tree that cannot be written. What makes one is
# told the folder.
cannot_be_written() { # MAKER
	local runtime
	root=$(fs_dir "$fs")
	mkdir "$root"
	"$1" "$GPU_IMAGE" "$root"
	before=$(fs_files "$root")
	probe_in "$root"
	low run_runc
	refused 'Read-only file system'
	[[ $output == *"'/usr/lib/aarch64-linux-gnu"*"empty file"* ]]
	umount "$root"

	"$1" "$ENGINES_DIR/filled" "$root"
	before=$(fs_files "$root")
	for runtime in run_runc run_crun; do
		: >"$log"
		low "$runtime"
		[ "$status" -eq 0 ] || { echo "$output" && false; }
		log_is_quiet
		unchanged
	done
	umount "$root"
}

bound_read_only() { # FROM TO
	mount --bind "$1" "$2"
	mount -o remount,bind,ro "$2"
}

lowers_only() { # FROM TO
	mkdir -p "$BATS_TEST_TMPDIR/empty"
	mount -t overlay -o "lowerdir=$1:$BATS_TEST_TMPDIR/empty" overlay "$2"
}

read_only_disk() { # FROM TO
	rm -f "$BATS_TEST_TMPDIR/disk" # a new one: the old one may still be in use
	truncate -s 64M "$BATS_TEST_TMPDIR/disk"
	mkfs.ext4 -q -F -d "$1" "$BATS_TEST_TMPDIR/disk"
	mount -o ro,loop "$BATS_TEST_TMPDIR/disk" "$2"
}

@test "a read-only bind mount as root" {
	cannot_be_written bound_read_only
}

@test "an overlay without an upper directory as root" {
	cannot_be_written lowers_only
}

@test "a disk that is mounted read-only as root" {
	needs ext4
	cannot_be_written read_only_disk
}

@test "a root that cannot be written and has no cache to cover: one line, the GPU works" {
	root=$(fs_dir "$fs")
	cp -a "$ENGINES_DIR/filled" "$BATS_TEST_TMPDIR/nocache"
	rm "$BATS_TEST_TMPDIR/nocache/etc/ld.so.cache"
	mkdir "$root"
	bound_read_only "$BATS_TEST_TMPDIR/nocache" "$root"
	before=$(fs_files "$root")
	probe_in "$root"
	bundle_edit "$dir" --arg path "/$lib/nvidia" '.process.env += ["LD_LIBRARY_PATH=\($path)"]'
	low run_runc
	[ "$status" -eq 0 ] || { echo "$output" && false; }
	[ "$(grep -c ' warning ' "$log")" -eq 1 ]
	grep -q " warning .* ldcache: .*'/etc/ld.so.cache'.*Read-only file system" "$log"
	unchanged
	umount "$root"
}

# ---- the runtimes on other file systems ----

runtimes_on() { # KIND overlay|plain
	local runtime
	tree "$1" "$2"
	probe_in "$root"
	for runtime in run_runc run_crun; do
		low "$runtime"
		[ "$status" -eq 0 ] || { echo "$output" && false; }
		unchanged
	done
	log_is_quiet
	fs_gone "$fs"
}

@test "ext4, xfs, btrfs, tmpfs: a folder and an overlay" {
	local kind
	for kind in ext4 xfs btrfs tmpfs; do
		fs_lacks "$kind" >/dev/null || { runtimes_on "$kind" overlay && runtimes_on "$kind" plain; }
	done
}

@test "fuse-overlayfs" {
	local runtime
	needs fuse-overlayfs
	fs_make "$fs" tmpfs
	fs_fuse "$fs" "$GPU_IMAGE"
	root=$(fs_dir "$fs")-overlay
	before=$(fs_files "$root")
	probe_in "$root"
	for runtime in run_runc run_crun; do
		low "$runtime"
		[ "$status" -eq 0 ] || { echo "$output" && false; }
		unchanged
	done
	log_is_quiet
	fs_gone "$fs"
}

# ---- docker ----

# A daemon with its data on a new file system, and the image in it: d is its name. Each test has one.
daemon() { # KIND DRIVER
	d=d$BATS_TEST_NUMBER
	fs_make "$d" "$1" "$([[ $1 != ext4 ]] || echo 256M)"
	docker_start "$d" --v1 --board "$(gpu_dir R36)" --path "$(gpu_path)" -- --add-runtime "nvidia=$GPU_RUNTIME" \
		--default-runtime nvidia --storage-driver "$2" --data-root "$(fs_dir "$d")"
	gpu_import "$d" demo
	log=$(gpu_state R36)/hook.log records=$(gpu_state R36)/state
	: >"$log"
}

daemon_gone() {
	docker_stop "$d"
	[ -z "$(ls -A "$records")" ]
	sweep_mounts "$(fs_dir "$d")"
}

driver() { # KIND DRIVER
	local nodes
	needs "$1"
	mapfile -t nodes < <(gpu_nodes R36)
	daemon "$1" "$2"
	[ "$(dk "$d" info --format '{{.Driver}}')" = "$2" ]
	dk "$d" run --name one --network none demo:gpu cuda-probe "${nodes[@]}"
	run dk "$d" diff one
	[ -z "$output" ]
	dk "$d" start -a one
	run dk "$d" diff one
	[ -z "$output" ]
	dk "$d" run --rm --network none --read-only demo:gpu cuda-probe "${nodes[@]}"
	log_is_quiet
	dk "$d" rm one
	daemon_gone
}

@test "docker: overlay2 on ext4" {
	driver ext4 overlay2
}

@test "docker: overlay2 on xfs" {
	driver xfs overlay2
}

@test "docker: overlay2 on btrfs" {
	driver btrfs overlay2
}

@test "docker: btrfs" {
	driver btrfs btrfs
}

@test "docker: vfs" {
	driver ext4 vfs
}

@test "docker: fuse-overlayfs" {
	needs fuse-overlayfs
	driver ext4 fuse-overlayfs
}

# ---- volumes over what the lists name ----

volumes_start() {
	[[ ! -e $ENGINES_DIR/dv ]] || return 0
	docker_start dv --v1 --board "$(gpu_dir R36)" -- --add-runtime "nvidia=$GPU_RUNTIME"
	gpu_import dv demo
	tar -C "$ENGINES_DIR/filled" -c . | dk dv import --change 'ENV NVIDIA_VISIBLE_DEVICES=all' - demo:filled >/dev/null
}

# What a container with these options changes in its layer without us: places that docker and runc
# make for the mounts themselves.
layer_without_us() { # IMAGE DOCKER-ARGUMENT...
	local image=$1
	shift
	dk dv run --name plain --network none --runtime runc "$@" "demo:$image" true
	dk dv diff plain | sort
	dk dv rm -v plain >/dev/null
}

# The container runs, or does not; before and after, volume and layer have the same.
with_volume() { # VOLUME-FOLDER IMAGE DOCKER-ARGUMENT...
	local folder=$1 image=$2 nodes
	shift 2
	d=dv log=$(gpu_state R36)/hook.log records=$(gpu_state R36)/state
	volumes_start
	mapfile -t nodes < <(gpu_nodes R36)
	layer_without_us "$image" "$@" >"$BATS_TEST_TMPDIR/layer"
	root=$folder before=$(fs_files "$folder")
	: >"$log"
	run dk dv run --name gpu --network none --runtime nvidia "$@" "demo:$image" cuda-probe "${nodes[@]}"
	dk dv diff gpu | sort | diff "$BATS_TEST_TMPDIR/layer" -
	dk dv rm -v gpu >/dev/null
	unchanged
}

works() {
	[ "$status" -eq 0 ] || { echo "$output" && false; }
	[ "$(grep -c ' error ' "$log")" -eq 0 ]
}

volume_of() { # NAME
	volumes_start
	dk dv volume create "$1" >/dev/null
	dk dv volume inspect --format '{{.Mountpoint}}' "$1"
}

@test "a named volume over a folder of libraries that the image lacks is refused and stays empty" {
	with_volume "$(volume_of empty)" gpu -v "empty:/$lib"
	refused 'in a volume'
}

@test "a named volume over a folder of libraries, filled from an image that has the places" {
	local folder
	folder=$(volume_of filled)
	dk dv run --rm --network none --runtime runc -v "filled:/$lib" demo:filled true
	[ -n "$(ls -A "$folder")" ]
	with_volume "$folder" filled -v "filled:/$lib"
	works
}

@test "a folder of the host over a folder of libraries: refused, and nothing is written to it" {
	local folder=$BATS_TEST_TMPDIR/host
	mkdir -p "$folder/nvidia"
	echo keep >"$folder/nvidia/libcuda.so.1.1"
	with_volume "$folder" gpu -v "$folder:/$lib"
	refused 'in a volume'
	with_volume "$folder" gpu -v "$folder:/$lib:ro"
	refused 'in a volume'
}

@test "a tmpfs over a folder of libraries carries what is needed" {
	with_volume "$(volume_of none)" gpu --tmpfs "/$lib"
	works
}

@test "a tmpfs over a folder of libraries that is too small" {
	with_volume "$(volume_of none)" gpu --tmpfs "/$lib:nr_inodes=9"
	refused 'No space left on device'
}

@test "a volume on a single file of the lists: covered in the container, never written" {
	local folder=$BATS_TEST_TMPDIR/host
	mkdir "$folder"
	echo mine >"$folder/file"
	with_volume "$folder" gpu -v "$folder/file:/$lib/nvidia/libcuda.so.1.1"
	works
	with_volume "$folder" gpu --read-only -v "$folder/file:/$lib/nvidia/libcuda.so.1.1:ro"
	works
}

@test "volumes on the loader's cache and on /etc: never written" {
	local folder=$BATS_TEST_TMPDIR/host
	mkdir "$folder"
	cp -a "$GPU_IMAGE/etc" "$folder/etc"
	with_volume "$folder" gpu -e "LD_LIBRARY_PATH=/$lib/nvidia" -v "$folder/etc/ld.so.cache:/etc/ld.so.cache"
	works
	[ "$(grep -c ' warning ' "$log")" -eq 1 ]
	with_volume "$folder" gpu -v "$folder/etc:/etc"
	refused 'in a volume'
}

# ---- podman ----

@test "podman: overlay by fuse-overlayfs, and vfs" {
	local driver place
	needs fuse-overlayfs
	for driver in overlay vfs; do
		place=$ENGINES_DIR/p$driver
		mkdir -p "$place"
		printf '[containers]\ndefault_ulimits = []\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n' >"$place/containers.conf"
		printf '[storage]\ndriver = "%s"\nrunroot = "%s"\ngraphroot = "%s"\n' "$driver" "$place/run" "$place/data" >"$place/storage.conf"
		[[ $driver == vfs ]] || printf '[storage.options.overlay]\nmount_program = "%s"\n' "$(command -v fuse-overlayfs)" >>"$place/storage.conf"
		tar -C "$GPU_IMAGE" -c . | pm "p$driver" --v1 import - localhost/demo:gpu >/dev/null
		pm "p$driver" --v1 --board "$(gpu_dir R36)" --runtime "$GPU_RUNTIME" run --name one --network none \
			-e NVIDIA_VISIBLE_DEVICES=all localhost/demo:gpu cuda-probe
		# a cache that was put back is named, since it was copied up
		run pm "p$driver" --v1 diff one
		[ "$status" -eq 0 ]
		[ "$(grep -c '^[^C]\|nvc\|nvidia\|cuda' <<<"$output")" -eq 0 ] || { echo "$output" && false; }
		pm "p$driver" --v1 rm one >/dev/null
	done
}
