# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the stages arm64 and armhf have in common. First arm_init ARCHITECTURE MACHINE TRIPLET; everything
# lies below a folder of its own, which goes away with the registrations for qemu at the end.
#
#   arm_sysroot        the libraries, of Debian's packages
#   arm_build          everything, with warnings as errors: $arm_build
#   arm_units          unit tests by qemu-user
#   arm_machine_units  those that qemu-user cannot run, in an emulated machine
#   arm_same_answers   info, list and plan are those of this machine's nvc-cli
#   arm_image ARCHITECTURE BUILD   $GPU_IMAGE: Debian's packages and cuda-probe of a build folder
#   arm_granted MACHINE COMMAND... that container of arm_runc or arm_docker has its GPU
#   arm_not_fitting MACHINE BOARD COMMAND...   it starts, and one line says that the libraries do not fit
#   arm_check WHAT COMMAND...      one case of arm_report's, which fails if one did
#   arm_report NAME    writes them for tests/run to count

# shellcheck source=tests/support/aptdir.sh
. "$NVC_SOURCE_DIR/tests/support/aptdir.sh"
# shellcheck source=tests/support/binfmt.sh
. "$NVC_SOURCE_DIR/tests/support/binfmt.sh"
# shellcheck source=tests/support/gpu.sh
. "$NVC_SOURCE_DIR/tests/support/gpu.sh"

arm_init() { # ARCHITECTURE MACHINE TRIPLET
	local rc=0
	arm_arch=$1 arm_machine=$2 arm_triplet=$3
	arm_dir=$(mktemp -d /tmp/nvc-cross.XXXXXX)
	trap arm_done EXIT
	trap 'exit 130' INT TERM HUP
	chmod 755 "$arm_dir"
	arm_sysroot=$arm_dir/sysroot arm_build=$arm_dir/build arm_cases=$arm_dir/cases arm_vm=$TMPDIR/cross-vm
	mkdir -p "$arm_vm"
	: >"$arm_cases"
	((EUID == 0)) || arm_unable "needs root"
	command -v "$arm_triplet-gcc" >/dev/null || arm_unable "no $arm_triplet-gcc"
	binfmt_register aarch64 arm || rc=$?
	((rc == 0)) || exit "$rc"
}

arm_done() {
	set +e # each part is cleaned up, whatever the others say
	cd /
	docker_stop cross >/dev/null 2>&1 || true
	engines_done
	binfmt_remove
	sweep "$arm_dir"
}

arm_unable() {
	echo "$arm_arch: $*"
	exit 77
}

arm_say() {
	printf '\n== %s: %s (%d s)\n' "$arm_arch" "$*" "$SECONDS"
}

arm_sysroot() {
	arm_say "sysroot"
	# in a subshell: apt's settings are for this alone
	(
		aptdir_open "$arm_dir/apt" "$(aptdir_release)" "$arm_arch" && aptdir_fetch_all "$arm_sysroot" libc6-dev linux-libc-dev \
			libjansson-dev libelf-dev libcap-dev libseccomp-dev libtirpc-dev libcmocka-dev
	) || arm_unable "its packages cannot be had"
	aptdir_merge_usr "$arm_sysroot"
}

arm_build() {
	arm_say "build"
	cmake -S "$NVC_SOURCE_DIR" -B "$arm_build" -G Ninja -DCMAKE_TOOLCHAIN_FILE="cmake/toolchains/$arm_triplet.cmake" \
		-DNVC_SYSROOT="$arm_sysroot" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_COMPILE_WARNING_AS_ERROR=ON \
		-DCMAKE_CROSSCOMPILING_EMULATOR="$(command -v "qemu-$arm_machine-static")"
	cmake --build "$arm_build" -j "$(nproc)" >"$arm_dir/build.log" 2>&1 || { tail -n 60 "$arm_dir/build.log" && return 1; }
	DESTDIR=$arm_dir/installed cmake --install "$arm_build" >/dev/null
	arm_check 'every installed program and library is of the machine' arm_installed
}

arm_installed() {
	local file n=0 machine
	while IFS= read -r -d '' file; do
		machine=$(LC_ALL=C readelf -h "$file" 2>/dev/null | sed -n 's/^ *Machine: *//p')
		[[ $machine ]] || continue
		n=$((n + 1))
		[[ $arm_arch:$machine == arm64:AArch64 || $arm_arch:$machine == armhf:ARM ]] ||
			{ echo "$file: $machine" && return 1; }
	done < <(find "$arm_dir/installed" -type f -print0)
	echo "$n files"
	((n >= 5))
}

arm_units() {
	arm_say "unit tests by qemu-user"
	# shellcheck disable=SC2016 # the inner shell's
	"$NVC_SOURCE_DIR/tests/support/multiarch" "$arm_sysroot" bash -c \
		'cd "$1" && exec ctest -j "$(nproc)" -L "^unit$" --output-on-failure --test-output-size-passed 4000000 --output-junit "$2"' \
		bash "$arm_build" "$NVC_RESULTS/$arm_arch-units.xml" >"$arm_dir/units.log" 2>&1 || { tail -n 200 "$arm_dir/units.log" && return 1; }
	tail -n 30 "$arm_dir/units.log"
}

arm_excluded() {
	local processor=aarch64
	[[ $arm_arch == arm64 ]] || processor=armv7l
	awk -F'\t' -v processor="$processor" '!/^#/ && NF == 2 { n = split($1, name, ":"); if (n == 1 || name[2] == processor) print name[1] }' \
		"$NVC_SOURCE_DIR/tests/unit/no-qemu.txt"
}

# A kernel and a root for arm64, whose kernel runs programs of 32 bits as well, with the tests, and the
# libraries that they want.
arm_machine() {
	local vm=$NVC_SOURCE_DIR/tests/support/vm more=$arm_dir/more name rc=0
	"$vm/kernel.sh" "$arm_vm" "$(aptdir_release)" arm64 || rc=$?
	((rc != 0)) || "$vm/root.sh" "$arm_vm" arm64 "$arm_build" "$arm_triplet" || rc=$?
	((rc == 0)) || return "$rc"

	mkdir -p "$more$arm_build"/{tests/support,driver} "$more/usr/lib/$arm_triplet"
	arm_excluded | while read -r name; do cp "$arm_build/tests/$name" "$more$arm_build/tests/"; done
	cp "$arm_build/driver/nvc-driver" "$more$arm_build/driver/"
	# where the tests look: links to that, to what root.sh has, and to the sources
	cp -a "$arm_build"/tests/{programs,data} "$more$arm_build/tests/"
	cp -a "$arm_build/tests/support/nvml" "$more$arm_build/tests/support/"
	find "$more$arm_build" -type f -exec "$arm_triplet-strip" --strip-debug {} + 2>/dev/null || true
	for name in libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 libgcc_s.so.1 libcmocka.so.0 libjansson.so.4 libelf.so.1 libz.so.1 libcap.so.2 \
		libseccomp.so.2; do
		cp -L "$arm_sysroot/usr/lib/$arm_triplet/$name" "$more/usr/lib/$arm_triplet/"
	done
	cp -aL "$arm_sysroot"/usr/lib/ld-linux-*.so.* "$more/usr/lib/"
	# it writes caches for the tests, and is run under filters for programs of the machine
	if [[ -e $GPU_IMAGE/sbin/ldconfig && $arm_arch == armhf ]]; then install -D "$GPU_IMAGE/sbin/ldconfig" "$more/usr/sbin/ldconfig"; fi
	(cd "$more" && find . | busybox cpio -o -H newc 2>/dev/null) >>"$arm_vm/ours-arm64.cpio"
	rm -rf "$more"
}

arm_boot() { # SECONDS COMMAND
	"$NVC_SOURCE_DIR/tests/support/vm/boot.sh" "$arm_vm" "$(aptdir_release)" arm64 "$1" \
		"export NVC_SOURCE_DIR='$NVC_SOURCE_DIR' NVC_BUILD_DIR='$arm_build'; cd '$NVC_SOURCE_DIR'; $2"
}

arm_machine_units() {
	local log=$arm_dir/machine.log rc=0 name names
	arm_say "the other unit tests in an emulated machine"
	arm_machine || rc=$?
	((rc != 77)) || arm_unable "no emulated machine"
	((rc == 0)) || return 1
	names=$(arm_excluded | tr '\n' ' ')
	# shellcheck disable=SC2016 # the machine's
	arm_boot 2400 'mkdir -p /mnt; for t in '"$names"'; do timeout 600 $NVC_BUILD_DIR/tests/$t >/tmp/log 2>&1; rc=$?
		((rc == 0 || rc == 77)) || { echo "== $t"; grep -v "  OK \|RUN  " /tmp/log | tail -n 40; }
		grep "SKIPPED \] [a-z]" /tmp/log | sort -u | sed "s,^,$t: ,"
		echo "unit: $t $rc $SECONDS s"; done' >"$log" 2>&1 || rc=$?
	cat "$log"
	((rc == 0)) || return 1
	for name in $names; do
		arm_check "unit/$name" grep -qE "^unit: $name (0|77) " "$log"
	done
	arm_report machine
}

# The same folder gives the same text, whatever the machine of the program.
arm_same_answers() {
	local board name what
	arm_say "info, list and plan"
	for board in nano:R32 xavier:R35 orin:R36 thor:R38; do
		name=${board%:*}
		gpu_board "$name" "$name" --machine aarch64
		for what in info 'info --json' list 'list --json' 'plan' 'plan --json'; do
			# shellcheck disable=SC2086 # words
			arm_check "$name: $what" arm_same "$name" $what
		done
	done
}

arm_same() { # BOARD COMMAND...
	local board=$1 options=()
	shift
	[[ $1 != plan ]] || options=(--rootfs "$GPU_IMAGE")
	options=(--config "$(gpu_config "$board")" "$@" "${options[@]}")
	"$GPU_CLI" "${options[@]}" >"$arm_dir/here" 2>&1 || { cat "$arm_dir/here" && return 1; }
	"$arm_build/cli/nvc-cli" "${options[@]}" >"$arm_dir/there" 2>&1 || { cat "$arm_dir/there" && return 1; }
	diff "$arm_dir/here" "$arm_dir/there" && (($(wc -l <"$arm_dir/here") >= 3))
}

# The root tree of an image of ARCHITECTURE with that build's cuda-probe; the image is $GPU_IMAGE.
arm_image() { # ARCHITECTURE BUILD
	local rc=0
	arm_say "image of $1"
	GPU_IMAGE=$ENGINES_DIR/image-$1
	"$NVC_SOURCE_DIR/tests/support/debimage.sh" "$GPU_IMAGE" - "$1" || rc=$?
	((rc != 77)) || arm_unable "no image"
	((rc == 0)) || return 1
	install -m 755 "$2/tests/support/cuda-probe" "$GPU_IMAGE/usr/bin/cuda-probe"
}

# What is run in a container: whose program it is, and what its own loader and the driver answer.
arm_probe='uname -m; cuda-probe --json; echo "probe $?"'

# By runc, with the shim of this machine or the hook alone; the image is as before in the end.
arm_runc() { # BOARD shim|hook
	local board=$1 bundle=$ENGINES_DIR/bundle-$1-$2 entry
	rm -rf "$bundle"
	mkdir -p "$bundle"
	cp -a "$GPU_IMAGE" "$bundle/rootfs"
	arm_tree "$bundle/rootfs" >"$bundle/before"
	bundle_make "$bundle" rootfs
	# shellcheck disable=SC2016 # jq's
	bundle_edit "$bundle" --arg probe "$arm_probe" '.process.env += ["NVIDIA_VISIBLE_DEVICES=all"] | .process.args = ["/bin/sh", "-c", $probe]'
	case $2 in
	shim)
		"$NVC_SOURCE_DIR/tests/support/enter" --board "$(gpu_dir "$board")" "$GPU_RUNTIME" --root "$ENGINES_DIR/shim" run \
			--bundle "$bundle" "$board-shim" </dev/null || return 1
		;;
	hook)
		# shellcheck disable=SC2016 # jq's
		entry='def entry($stage): {path: $hook, args: ["nvc-hook", "--config", $config, $stage], env: ["PATH=/usr/sbin:/usr/bin"]};
			.hooks.prestart += [entry("prestart")] | .hooks.poststop += [entry("poststop")]'
		bundle_edit "$bundle" --arg hook "$GPU_HOOK" --arg config "$(gpu_config "$board")" "$entry"
		run_runc --v1 run --bundle "$bundle" "$board-hook" || return 1
		;;
	esac
	arm_tree "$bundle/rootfs" | diff "$bundle/before" - >&2
}

arm_tree() { # DIR
	(cd "$1" && find . -printf '%p %y %m %U %G %l\n' | grep -v '^\./\(dev\|proc\|sys\)/' | sort && cat etc/ld.so.cache | sha256sum)
}

arm_docker() { # BOARD OPTION...
	shift
	dk cross run --rm --network none -e NVIDIA_VISIBLE_DEVICES=all "$@" cross:plain /bin/sh -c "$arm_probe"
}

# The container's own loader found the board's libcuda, which answers, and all nodes are granted.
arm_granted() { # MACHINE COMMAND...
	local machine=$1
	shift
	"$@" | tee "$arm_dir/answer" || return 1
	grep -qx "$machine" "$arm_dir/answer" && grep -qx 'probe 0' "$arm_dir/answer" && grep -q '/usr/lib/aarch64-linux-gnu/.*libcuda.so.1' "$arm_dir/answer"
}

# It starts, without driver files that do not fit, and one line says so.
arm_not_fitting() { # MACHINE BOARD COMMAND...
	local machine=$1 log
	log=$(gpu_state "$2")/hook.log
	shift 2
	: >"$log"
	"$@" >"$arm_dir/answer" 2>&1 || { cat "$arm_dir/answer" && return 1; }
	cat "$arm_dir/answer" "$log"
	grep -qx "$machine" "$arm_dir/answer" && grep -q 'libcuda.so.1: cannot open shared object file' "$arm_dir/answer" &&
		(($(grep -c "the image's programs are for another machine\|none of the .* for the machine of the image's own programs" "$log") == 1))
}

arm_docker_start() { # BOARD
	docker_start cross --board "$(gpu_dir "$1")" -- --add-runtime "nvidia=$GPU_RUNTIME"
	tar -C "$GPU_IMAGE" -c . | dk cross import - cross:plain >/dev/null
}

arm_check() { # WHAT COMMAND...
	local what=$1 verdict=run
	shift
	"$@" >"$arm_dir/check" 2>&1 || verdict=fail
	printf '%s\t%s\n' "$verdict" "$what" >>"$arm_cases"
	if [[ $verdict == run ]]; then
		echo "ok: $what"
	else
		echo "FAILED: $what"
		tail -n 30 "$arm_dir/check"
	fi
}

arm_report() { # NAME
	{
		echo '<testsuite>'
		sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g' "$arm_cases" |
			awk -F'\t' -v prefix="$arm_arch" '{ printf "<testcase name=\"%s\" status=\"%s\">\n</testcase>\n", $2 ~ /^unit\// ? $2 : "cross/" prefix ": " $2, $1 }'
		echo '</testsuite>'
	} >"$NVC_RESULTS/$arm_arch-$1.xml"
	# for the stage's end
	! grep -q '^fail' "$arm_cases" || export arm_failed=yes
	: >"$arm_cases"
}
