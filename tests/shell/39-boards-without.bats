#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Boards that lack what others have. Some are booted (support/boot): their tree is the root, every
# default path is theirs. docs/boards.md has the table.

# shellcheck disable=SC2016,SC2030,SC2031 # jq programs and scripts; bats runs each test in a subshell
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

arch=/usr/lib/aarch64-linux-gnu
passthrough=/usr/share/nvidia-container-passthrough
list_dir=/etc/nvidia-container-runtime/host-files-for-container.d

bats_require_minimum_version 1.5.0

setup_file() {
	umask 022
	gpu_init
	support=$NVC_SOURCE_DIR/tests/support
	"$support/image.sh" --split "$ENGINES_DIR/image-split" "$NVC_BUILD_DIR"
	"$support/image.sh" --oe "$ENGINES_DIR/image-oe" "$NVC_BUILD_DIR"
	"$support/image.sh" --oe --split "$ENGINES_DIR/image-oe-split" "$NVC_BUILD_DIR"
	# as small as OpenEmbedded makes it: the driver's files, and one line of a release file
	make_board bare --board R36 --layout usrmerge --without release-more,ld-conf
	"$support/userland.sh" "$(gpu_dir bare)" "$NVC_BUILD_DIR"
	make_board elsewhere --board R36 --layout split --lists-at /usr/share/lists
	"$support/userland.sh" "$(gpu_dir elsewhere)" "$NVC_BUILD_DIR"
	layouts_boards
	make_board oe --board R36 --layout oe
	make_board oe64 --board R35 --layout oe64,split
}

teardown_file() {
	engines_done
}

make_board() { # NAME OPTION...
	"$NVC_BUILD_DIR/tests/support/board" "${@:2}" "$(gpu_dir "$1")"
}

# With a list that names the same by both of its names, and links that leave /lib by "..".
layouts_boards() {
	local dir name layout root
	mkdir "$ENGINES_DIR/lists"
	cat >"$ENGINES_DIR/lists/l4t.csv" <<-END
		dev, /dev/nvmap
		lib, $arch/tegra/libcuda.so.1.1
		sym, $arch/tegra/libcuda.so.1
		sym, $arch/tegra/libcuda.so
		lib, /lib/firmware/tegra/fw.bin
		lib, /usr/lib/firmware/tegra/fw.bin
		dir, /lib/firmware/gp10b
		lib, /usr/sbin/nvidia-smi
		lib, /sbin/nvidia-tool
		lib, /usr/share/nvidia/data
	END
	echo 'sym, /lib/firmware/tegra/up' >"$ENGINES_DIR/lists/drivers.csv"
	for layout in usrmerge split; do
		name=$layout dir=$(gpu_dir "$layout")
		make_board "$name" --board R35 --layout "$layout" --lists "$ENGINES_DIR/lists"
		# from where the file is, as a package's maker counts
		root=../../..
		[[ $layout == usrmerge ]] || root+=/usr
		rm -f "$dir/lib/firmware/tegra/up"
		ln -s "$root/share/nvidia/data" "$dir/lib/firmware/tegra/up"
		board_config "$dir" "$(gpu_state "$name")" 'allowed-prefixes = ["/usr", "/lib", "/sbin", "/dev"]'
	done
}

setup() {
	dir=$BATS_TEST_TMPDIR/b
	mkdir -p "$dir"
	container "$GPU_IMAGE"
}

container() { # IMAGE: a bundle that asks for the GPU
	rm -rf "$dir/rootfs"
	cp -a "$1" "$dir/rootfs"
	bundle_make "$dir" rootfs
	bundle_edit "$dir" '.process.env += ["NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=all"]'
	census >"$BATS_TEST_TMPDIR/before"
}

script() { # SCRIPT: what the container runs
	bundle_edit "$dir" --arg script "$1" '.process.args = ["/bin/sh", "-c", $script]'
}

census() {
	(cd "$dir/rootfs" && find . \( -type d -printf '%p %y %m\n' \) -o -printf '%p %y %m %s %l %T@\n' | sort)
}

unchanged() {
	diff "$BATS_TEST_TMPDIR/before" <(census)
}

# Everything of a container's life on a board that is booted: the bundle is /data, and what is there
# afterwards lies in $dir. SCRIPT may use $STATE, the file of the container's record.
booted() { # BOARD [OPTION...] -- SCRIPT
	local board=$1 options=()
	shift
	while [[ $1 != -- ]]; do options+=("$1") && shift; done
	rm -f "$dir/hook.log"
	printf '%s\n' 'cd /data' "$2" >"$dir/script"
	"$NVC_SOURCE_DIR/tests/support/boot" --data "$dir" "${options[@]}" "$(gpu_dir "$board")" /bin/sh -euc '
		rc=0
		sh -eu /data/script </dev/null || rc=$?
		[ ! -e /run/nvc/hook.log ] || cp /run/nvc/hook.log /data/
		exit $rc'
}

# As an engine has it: create, start, kill, delete; between them the container's record is looked for.
life='nvc-runtime run -d --pid-file /data/pid c >/data/out 2>&1 </dev/null || { cat /data/out; exit 1; }
	found=$(ls -d /var/lib/nvc/*.state /run/nvc/state/*.state 2>/dev/null || true)
	echo "record: $found"
	i=0; while [ ! -e /data/rootfs/tmp/done ] && [ $i -lt 200 ]; do sleep 0.05; i=$((i + 1)); done
	cat /data/out
	nvc-runtime kill c KILL; i=0
	while ! nvc-runtime delete c 2>/dev/null && [ $i -lt 200 ]; do sleep 0.05; i=$((i + 1)); done
	rm -f /data/rootfs/tmp/done
	ls /var/lib/nvc /run/nvc/state 2>/dev/null | grep "state$" && exit 1
	true'

lived() { # BOARD [OPTION...]: and says where the record was
	script 'cuda-probe /dev/nvmap /dev/nvhost-ctrl-gpu; echo "probe $?"; touch /tmp/done; sleep 60'
	booted "$@" -- "$life" >"$BATS_TEST_TMPDIR/life" || { cat "$BATS_TEST_TMPDIR/life" && return 1; }
	cat "$BATS_TEST_TMPDIR/life"
	grep -q '^probe 0$' "$BATS_TEST_TMPDIR/life"
	unchanged
	sed -n 's/^record: //p' "$BATS_TEST_TMPDIR/life" >"$BATS_TEST_TMPDIR/record"
}

# ---- no ldconfig ----

@test "no ldconfig and no loader cache on the host: the container's own loader finds libcuda" {
	[ -z "$(find "$(gpu_dir bare)" -name 'ldconfig*' -o -name ld.so.cache)" ]
	script 'set -e; cuda-probe /dev/nvmap; ldconfig -p | grep "libcuda.so.1 .*=> /usr/lib"'
	booted bare -- 'nvc-runtime run c'
	unchanged
}

@test "a host's ldconfig that is not there: one warning, and the cache is written without it" {
	printf '[nvidia-container-cli]\nldconfig = "@/sbin/ldconfig"\n' >"$dir/config.toml"
	script 'cuda-probe /dev/nvmap'
	booted bare -- 'export NVIDIA_CTK_CONFIG_FILE_PATH=/data/config.toml; nvc-runtime run c'
	grep " warning .*the host has no '/sbin/ldconfig': the loader's cache is written without it" "$dir/hook.log"
	[ "$(grep -c ' warning ' "$dir/hook.log")" -eq 1 ]
	unchanged
}

# ---- what cannot be written ----

@test "a root file system that cannot be written, /run and /var in memory" {
	lived bare --read-only
	[[ $(cat "$BATS_TEST_TMPDIR/record") == /var/lib/nvc/*.state ]]
	grep -q ' hook: done in ' "$dir/hook.log"
	run ! grep ' warning \| error ' "$dir/hook.log"
}

@test "nor can /var be written: records are in /run" {
	lived bare --read-only --no-var
	[[ $(cat "$BATS_TEST_TMPDIR/record") == /run/nvc/state/*.state ]]
	grep -q ' hook: done in ' "$dir/hook.log"
	run ! grep ' warning \| error ' "$dir/hook.log"
}

@test "no /tmp" {
	"$NVC_SOURCE_DIR/tests/support/boot" --no-tmp "$(gpu_dir bare)" /bin/sh -c 'test ! -e /tmp'
	lived bare --no-tmp
	mkdir -m 1777 "$(gpu_dir bare)/tmp"
}

@test "the command line on such a board" {
	booted bare --read-only --no-var --no-tmp -- '
		nvc-cli info >info; nvc-cli list >list; nvc-cli csv check
		nvc-cli plan --bundle /data >plan'
	mkdir -p "$(gpu_dir bare)/tmp"
	grep -q '^SoC: *tegra234 ' "$dir/info"
	grep -q '^L4T: *36.4.3 ' "$dir/info"
	grep -q "libcuda.so.1.1" "$dir/list"
	grep -q "^bind .*libcuda.so.1.1" "$dir/plan"
}

@test "nothing at all can be written: the GPU is there, and a warning says what stays" {
	# a log in the bundle is not used
	printf '[nvidia-container-cli]\nno-cgroups = true\n[nvc]\nlog-file = "/data/hook.log"\n' >"$BATS_TEST_TMPDIR/config.toml"
	"$NVC_SOURCE_DIR/tests/support/boot" --data "$BATS_TEST_TMPDIR" --read-only --no-var --no-run "$(gpu_dir bare)" \
		cell --inspect "chroot . cuda-probe /dev/nvmap" /data/b -- nvc-hook --config /data/config.toml
	grep ' warning .*what is made in the image will not be taken back' "$BATS_TEST_TMPDIR/hook.log"
}

# ---- no /etc/nvidia-container-runtime ----

@test "no /etc/nvidia-container-runtime: lists are where the configuration says" {
	[ ! -e "$(gpu_dir elsewhere)/etc/nvidia-container-runtime" ]
	printf '[nvidia-container-runtime.modes.csv]\nmount-spec-path = "/usr/share/lists"\n' >"$dir/config.toml"
	script 'cuda-probe /dev/nvmap'
	booted elsewhere -- 'export NVIDIA_CTK_CONFIG_FILE_PATH=/data/config.toml; nvc-runtime run c'
	unchanged
}

@test "no lists and no driver: one clear line; what asks for no GPU starts" {
	script 'cuda-probe /dev/nvmap'
	run booted elsewhere -- 'nvc-runtime run c 2>&1'
	[ "$status" -ne 0 ]
	[ "$(grep -c "no GPU found: there is no folder of mount lists '$list_dir', and NVIDIA's driver is not loaded" <<<"$output")" -eq 1 ]
	[ "$(wc -l <<<"$output")" -eq 1 ]
	booted elsewhere -- 'nvc-cli info' >"$dir/info"
	grep -q "^Mount lists: *$list_dir  (not there)" "$dir/info"

	bundle_edit "$dir" '.process.env |= map(select(startswith("NVIDIA_") | not))'
	script 'echo started'
	[ "$(booted elsewhere -- 'nvc-runtime run c')" = started ]
	unchanged
}

@test "no lists, and a discrete GPU's driver: it works" {
	gpu_driver dgpu
	mv "$(gpu_config dgpu)" "$dir/config.toml"
	rmdir "$(gpu_dir dgpu)/etc/nvidia-container-runtime"
	echo 'no-cgroups = true' >"$dir/no-cgroups"
	sed -i "/^\[nvidia-container-cli\]/r $dir/no-cgroups" "$dir/config.toml"
	cell 'chroot . cuda-probe /dev/nvidia0 /dev/nvidiactl'
	grep -q '^nodes .*2 granted' "$dir/out"
	unchanged
}

cell() { # SCRIPT: in a container of that configuration, and its output in $dir/out
	"$NVC_BUILD_DIR/tests/support/cell" --inspect "$1" "$dir" -- "$GPU_HOOK" --config "$dir/config.toml" >"$dir/out" || { cat "$dir/out" && return 1; }
}

# ---- merged and split /usr ----

# All rows of the board are there and right, each path is mounted on once, and the image's own links
# /lib, /sbin and so on are what they were.
layouts() { # BOARD IMAGE [LINE]: LINE is all that verify may say is wrong
	local pid runtime=("$NVC_SOURCE_DIR/tests/support/enter" --v1 --board "$(gpu_dir "$1")" "$GPU_RUNTIME" --root "$ENGINES_DIR/shim")
	container "$2"
	script 'cuda-probe /dev/nvmap; cat /lib/firmware/tegra/fw.bin /usr/lib/firmware/tegra/fw.bin /lib/firmware/tegra/up >/dev/null || exit 1
		cat /lib/firmware/gp10b/first /usr/sbin/nvidia-smi /sbin/nvidia-tool >/dev/null || exit 1
		echo "all read"; touch /tmp/done; sleep 60'
	(cd "$dir" && "${runtime[@]}" run -d --pid-file pid "l$$" >out 2>&1 </dev/null) || { cat "$dir/out" && return 1; }
	wait_for_file "$dir/rootfs/tmp/done"
	pid=$(cat "$dir/pid")
	"$NVC_BUILD_DIR/tests/support/verify" "$pid" "$(gpu_dir "$1")" "$ENGINES_DIR/lists/l4t.csv" >"$BATS_TEST_TMPDIR/verified" || true
	awk '{ print $5 }' "/proc/$pid/mountinfo" >"$BATS_TEST_TMPDIR/points"
	nsenter --mount --root -t "$pid" /bin/sh -c 'ls -ld /bin /lib /lib64 /sbin /usr/lib | sed "s/.* \//\//"' >"$BATS_TEST_TMPDIR/dirs"
	"${runtime[@]}" kill "l$$" KILL
	until "${runtime[@]}" delete "l$$" 2>/dev/null; do sleep 0.05; done
	rm -f "$dir/rootfs/tmp/done"
	cat "$dir/out" "$BATS_TEST_TMPDIR/verified"
	grep -q '^all read$' "$dir/out"
	diff <(printf '%s' "${3:+$3$'\n'}") <(sed '$d' "$BATS_TEST_TMPDIR/verified")
	grep -q ' 0 missing, [01] wrong$' "$BATS_TEST_TMPDIR/verified"
	[ -z "$(sort "$BATS_TEST_TMPDIR/points" | uniq -d)" ]
	run ! grep -xE '/(bin|lib|lib64|sbin|usr/lib)' "$BATS_TEST_TMPDIR/points"
	diff <(layout_of "$2") "$BATS_TEST_TMPDIR/dirs"
	unchanged
}

layout_of() { # IMAGE
	chroot "$1" /bin/sh -c 'ls -ld /bin /lib /lib64 /sbin /usr/lib | sed "s/.* \//\//"'
}

wait_for_file() {
	local i
	for ((i = 0; i < 200; i++)); do
		[[ ! -e $1 ]] || return 0
		sleep 0.05
	done
	cat "$dir/out"
	return 1
}

@test "a board and an image with a merged /usr" {
	layouts usrmerge "$GPU_IMAGE"
}

@test "a board with a merged /usr, an image without" {
	layouts usrmerge "$ENGINES_DIR/image-split"
}

@test "a board with a split /usr, an image with a merged one" {
	layouts split "$GPU_IMAGE" "/usr/lib/firmware/tegra/fw.bin: not the host's object"
	grep " warning .*'/usr/lib/firmware/tegra/fw.bin' is left out: in this image it is '/lib/firmware/tegra/fw.bin'" "$(gpu_state split)/hook.log"
}

@test "a board and an image with a split /usr" {
	layouts split "$ENGINES_DIR/image-split"
}

# ---- libraries in other folders than Debian's ----

oe_config() { # BOARD LINE...
	board_config "$(gpu_dir "$1")" "$BATS_TEST_TMPDIR/state" "${@:2}"
	mv "$(gpu_config "$1")" "$dir/config.toml"
	sed -i 's/^\[nvidia-container-cli\]/&\nno-cgroups = true/' "$dir/config.toml"
}

# What each row of the lists gives, by the lists and trees alone: "HASH PATH", with paths in the
# container. In the board's tree the first of the alternate roots lies over the others.
oe_wanted() { # BOARD LIBDIR TO ALTERNATE-ROOT...
	local board=$1 libdir=$2 to=$3 view=$BATS_TEST_TMPDIR/view i
	board=$(gpu_dir "$board")
	rm -rf "$view"
	if [[ -L $board/lib ]]; then cp -a "$GPU_IMAGE" "$view"; else cp -a "$ENGINES_DIR/image-split" "$view"; fi
	cp -a --remove-destination "$board"/{etc,lib,usr} "$view/"
	for ((i = $#; i > 3; i--)); do cp -a --remove-destination "$board${!i}/." "$view/"; done
	sed -nE 's/^(lib|sym), *//p' "$board$list_dir"/*.csv |
		chroot "$view" /bin/sh -c 'while read -r row; do for path in $row; do [ ! -f $path ] || md5sum $path; done; done' |
		awk -v from="$libdir/" -v arch="$arch/" -v to="$to/" '
			index($2, from) == 1 && index($2, arch) != 1 { $2 = to substr($2, length(from) + 1) }
			{ print $1 "  " $2 }' | sort -u >"$dir/wanted"
	[ "$(wc -l <"$dir/wanted")" -gt 200 ]
}

# In a container of that configuration: the loader finds libcuda.so.1 at that place, and all that is
# wanted is there and is the board's.
oe_given() { # PATH-OF-LIBCUDA
	sed 's/^[^ ]*  //' "$dir/wanted" >"$dir/paths"
	cell "chroot . cuda-probe /dev/nvmap; chroot . /usr/bin/busybox xargs md5sum <'$dir/paths' | sort -u >'$dir/given'
		chroot . /usr/sbin/ldconfig -p >'$dir/cache'; chroot . /bin/sh -c 'while read -r p; do readlink -f \$p; done' <'$dir/paths' >'$dir/ends'"
	diff "$dir/wanted" "$dir/given" | head -n 20
	cmp "$dir/wanted" "$dir/given"
	grep -q "^libcuda.so.1  $1: " "$dir/out"
	grep -qx ".*libcuda.so.1 .*=> $1" "$dir/cache"
	unchanged
}

alternates="alt-roots = [\"$passthrough\"]"

@test "OpenEmbedded's folder, mapped: files, links and link texts are where images expect them" {
	oe_config oe "$(layout_settings oe)"
	oe_wanted oe /usr/lib "$arch" "$passthrough"
	oe_given "$arch/libcuda.so.1"
	run ! grep -v "^$arch/\|^/usr/s\?bin/\|^/usr/share/\|^/\(usr/\)\?lib/firmware/\|^/etc/" "$dir/ends"
}

@test "OpenEmbedded's folder, mapped, in images of its own kind, merged /usr and split" {
	oe_config oe "$(layout_settings oe)"
	oe_wanted oe /usr/lib "$arch" "$passthrough"
	container "$ENGINES_DIR/image-oe"
	oe_given "$arch/libcuda.so.1"
	container "$ENGINES_DIR/image-oe-split"
	oe_given "$arch/libcuda.so.1"
}

@test "OpenEmbedded's folder without path-map: found through the loader's cache where it is" {
	oe_config oe "$alternates"
	oe_wanted oe /usr/lib /usr/lib "$passthrough"
	oe_given /usr/lib/libcuda.so.1
	container "$ENGINES_DIR/image-oe"
	oe_given /usr/lib/libcuda.so.1
}

@test "/usr/lib64 and a split /usr, mapped and not" {
	oe_config oe64 "$(layout_settings oe64,split)"
	oe_wanted oe64 /usr/lib64 "$arch" "$passthrough"
	oe_given "$arch/libcuda.so.1"
	oe_config oe64 "$alternates"
	oe_wanted oe64 /usr/lib64 /usr/lib64 "$passthrough"
	container "$ENGINES_DIR/image-oe-split"
	oe_given /usr/lib64/libcuda.so.1
}

# ---- alternate roots ----

@test "alternate roots: the first that has it wins, the driver root last; a missing one and one that others write" {
	local board name=$arch/libv4l2.so.0.0.999999
	board=$(gpu_dir oe)
	mkdir -p "$board/usr/share/mine$arch" "$board/usr/share/open$arch" "$board$arch/gstreamer-1.0"
	chmod 1777 "$board/usr/share/open"
	for tree in "$board/usr/share/open" "$board/usr/share/mine"; do echo "$tree" >"$tree$arch/libgstnvivameta.so"; done
	echo "the host's" >"$board$arch/libgstnvivameta.so"
	echo "the host's" >"$board$arch/libgstnvexifmeta.so"
	# a link in one tree, its target in another one
	ln -s gstreamer-1.0/libgstnvjpeg.so "$board/usr/share/mine$arch/libgstnvegl-1.0.so.0"
	oe_config oe "$(layout_settings oe | grep path-map)" "alt-roots = [\"/nowhere\", \"/usr/share/open\", \"/usr/share/mine\", \"$passthrough\"]"
	oe_wanted oe /usr/lib "$arch" /usr/share/mine "$passthrough"
	oe_given "$arch/libcuda.so.1"
	rm -rf "$board/usr/share/open" "$board$arch"
	mv "$board/usr/share/mine$arch/libgstnvivameta.so" "$dir/mine"
	rm -rf "$board/usr/share/mine"

	grep -q "$(md5sum <"$dir/mine" | cut -d' ' -f1)  $arch/libgstnvivameta.so" "$dir/given"
	run ! grep -q "$(echo "the host's" | md5sum | cut -d' ' -f1)" "$dir/given"
	run ! grep "^/usr/share/\(mine\|nvidia-container-passthrough\)" "$dir/ends"
	grep -q "^$arch/gstreamer-1.0/libgstnvjpeg.so" "$dir/ends"
	grep -q " warning .*alternate root '.*/usr/share/open' is not used: it can be written by everybody" "$BATS_TEST_TMPDIR/state/hook.log"
	grep -q "alternate root '.*/nowhere' is not used" "$BATS_TEST_TMPDIR/state/hook.log"
}

# ---- what tells the board's kind ----

@test "no device tree, no soc0, no release file, no more than its first line: the same files" {
	local words name
	for words in release-more device-tree device-tree,chip-id release device-tree,soc0,chip-id device-tree,soc0,chip-id,release; do
		name=kind-${words//,/-}
		make_board "$name" --board R35 --without "$words"
		board_config "$(gpu_dir "$name")" "$(gpu_state "$name")"
		"$GPU_CLI" --config "$(gpu_config "$name")" plan |
			sed -nE 's/^(bind|link|device) +//p' | grep -v nv_tegra_release | sort >"$BATS_TEST_TMPDIR/$name"
		[ "$(wc -l <"$BATS_TEST_TMPDIR/$name")" -gt 200 ]
		diff "$BATS_TEST_TMPDIR/kind-release-more" "$BATS_TEST_TMPDIR/$name" | head -n 5
		cmp "$BATS_TEST_TMPDIR/kind-release-more" "$BATS_TEST_TMPDIR/$name"
	done
	soc() { "$GPU_CLI" --config "$(gpu_config "$1")" info --json | jq -r '.facts.soc | "\(.value) \(.source)"'; }
	[ "$(soc kind-release-more)" = "tegra194 /proc/device-tree/compatible" ]
	[ "$(soc kind-device-tree)" = "tegra194 /sys/devices/soc0/soc_id" ]
	[ "$(soc kind-device-tree-chip-id)" = "tegra194 /sys/devices/soc0/soc_id" ]
	[ "$(soc kind-device-tree-soc0-chip-id)" = "null null" ]
}

# ---- cgroups, privileges, programs ----

@test "no hierarchy of cgroups with devices: the hook alone says so, and what to set" {
	local option
	for option in --no-cgroups --only-pids; do
		run booted bare "$option" -- 'cell --inspect "chroot . cuda-probe /dev/nvmap" /data -- nvc-hook 2>&1'
		[ "$status" -ne 0 ]
		[[ $output == *"no cgroup hierarchy with devices is mounted (set no-cgroups = true in config.toml to leave it alone)"* ]]
		[ "$(wc -l <<<"$output")" -eq 1 ]
		printf '[nvidia-container-cli]\nno-cgroups = true\n' >"$dir/config.toml"
		booted bare "$option" -- 'cell --inspect "chroot . cuda-probe /dev/nvmap" /data -- nvc-hook --config /data/config.toml'
		unchanged
	done
}

@test "an engine under no_new_privs" {
	script 'cuda-probe /dev/nvmap; grep NoNewPrivs /proc/self/status'
	bundle_edit "$dir" '.process.noNewPrivileges = false'
	setpriv --no-new-privs "$BASH" -c '"$@"' "$BASH" \
		"$NVC_SOURCE_DIR/tests/support/boot" --data "$dir" "$(gpu_dir bare)" /bin/sh -euc 'cd /data; nvc-runtime run c </dev/null' >"$dir/out"
	grep -q '^NoNewPrivs:.1$' "$dir/out"
	unchanged
}

executed() { # by the runtime and what it starts; runc executes a copy of itself, by descriptor or /proc
	"$NVC_SOURCE_DIR/tests/support/exempt" strace -f -qq -e trace=execve,execveat -o "$dir/trace" \
		"$NVC_SOURCE_DIR/tests/support/boot" --data "$dir" "$(gpu_dir bare)" /bin/sh -euc 'cd /data; exec nvc-runtime run c </dev/null' >"$dir/out"
	sed -n '/execve("\/usr\/bin\/nvc-runtime"/,$p' "$dir/trace" | grep -v ' = -1 ' |
		sed -nE -e 's/^[0-9]+ +execve\("([^"]*)".*/\1/p' -e 's/^[0-9]+ +execveat\([0-9]+, "", \["([^"]*)".*AT_EMPTY_PATH.*/\1/p' \
			-e '/execveat\([A-Z]|execveat\([0-9]+, "[^"]/p' | grep -vx /proc/self/exe | sort -u
}

@test "nothing of the host is executed but the low-level runtime" {
	bundle_edit "$dir" '.process.args = ["/usr/bin/cuda-probe", "/dev/nvmap"]'
	diff <(printf '%s\n' /usr/bin/{cuda-probe,nvc-hook,nvc-runtime,runc}) <(executed)
}
