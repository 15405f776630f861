#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# stage.sh CASE-FOLDER WORK VARIANT HARNESS TREE PROFILE KIND: one attack in one variant; `run` calls
# it in a mount namespace that plays the host. WORK.outcome gets the outcome, WORK.lacks a line for each
# scene that the machine cannot play; anything that is not as it
# must be ends with an error. README.md says what a case may define and use.
set -euo pipefail

CASE=$1 TOP=$2 VARIANT=$3 HARNESS=$4 TREE=$5 PROFILE=$6 KIND=$7
# shellcheck source=tests/support/gpu.sh
. "${NVC_SOURCE_DIR:?}/tests/support/gpu.sh"
# shellcheck source=tests/support/mounts.sh
. "$NVC_SOURCE_DIR/tests/support/mounts.sh"

HOOK=$NVC_BUILD_DIR/hook/nvc-hook RUNTIME=$NVC_BUILD_DIR/hook/nvc-runtime CLI=$NVC_BUILD_DIR/cli/nvc-cli
TOOLS=$NVC_BUILD_DIR/tests/support LIB=usr/lib/aarch64-linux-gnu
export CASE VARIANT HARNESS TREE PROFILE KIND HOOK RUNTIME CLI TOOLS LIB

# Each scene of a case has a stage of its own.
set_scene() { # SCENE
	SCENE=$1 WORK=$TOP/${1:-scene} ID=attack-$VARIANT-$$${1:+-$1}
	CANARY=$WORK/canary BUNDLE=$WORK/bundle ROOTFS=$WORK/bundle/rootfs IMAGE=$WORK/image
	BOARD=$WORK/board CONFIG=$WORK/config.toml STATE=$WORK/state LOG=$WORK/hook.log
	export SCENE WORK ID CANARY BUNDLE ROOTFS IMAGE BOARD CONFIG STATE LOG
}

# ---- what a case sets or defines ----
set_defaults() {
	scenes=()                        # names: the case is played once for each, in one that $SCENE names
	allowed=contained                # outcomes, words
	needle=                          # a refusal's line has this (regular expression)
	hook_env=(PATH=/usr/sbin:/usr/bin) # environment of the hook; empty: the runtime's own
	hook_options=()                  # of nvc-hook
	hook_config=(--config "$CONFIG")
	hook_prefix=()                   # words in front of the hook: what limits it
	supervised=()                    # options of tests/support/supervise, for the hook's prestart
	cell_options=()
	label=                           # stands for the outcome in the table where time decides between those allowed
	image_changes=                   # not empty: why the image need not be as before
	image_noise=                     # lines of `tree` that do not count (extended regular expression)
	canary_mounts=0                  # mounts of the canary that the container has by its volumes
	image_mounts=0                   # mounts of the image's own files in the container
	volumes=$'\n'                     # their sources
	image() { :; }  # in $IMAGE: plant it
	host() { :; }   # host side: lists, configuration, state; before the host is looked at
	bundle() { :; } # in $BUNDLE: env_add, volume, bundle_edit
	inside() { :; } # in the container's root tree, after prestart; $MOUNTINFO is its mountinfo
	after() { :; }  # when all is over
	skipped() { :; } # prints why this variant is not for this case, or scene
	lacks() { :; }   # prints what this machine lacks for it: the run says so
}

# ---- what a case may use ----
die() {
	echo "attack:${SCENE:+ $SCENE:} $*" >&2
	exit 1
}

# Many scenes: all of them in the cells, every other one in a user namespace, every fourth under a
# runtime. Each has its turn in all harnesses.
spread() { # sets scenes
	local all=("${scenes[@]}") first=0 step=1 i
	case $VARIANT in
	user) step=2 ;;
	user-r32) step=2 first=1 ;;
	runc) step=4 ;;
	runc-r32) step=4 first=1 ;;
	crun) step=4 first=2 ;;
	crun-r35) step=4 first=3 ;;
	esac
	scenes=()
	for ((i = first % ${#all[@]}; i < ${#all[@]}; i += step)); do scenes+=("${all[i]}"); done
}

# In `inside`: this is the board's very file.
is_bound_at() { # PLACE-BELOW-THE-ROOT PATH-ON-THE-BOARD
	[[ $(stat -c %d:%i "$1") == "$(stat -c %d:%i "$BOARD/$2")" ]] || die "'$1' is not the board's"
}

is_bound() { # PATH-BELOW-THE-ROOT...
	local path
	for path; do is_bound_at "$path" "$path"; done
}

# In `bundle`: the container's /dev is the image's. What a runtime makes there stays in the image.
image_dev() {
	[[ $HARNESS == runc || $HARNESS == crun ]] || return 0
	bundle_edit "$BUNDLE" 'del(.mounts[] | select(.destination | test("^/dev"))) | del(.linux.maskedPaths)'
}

log_has() { # REGULAR-EXPRESSION
	grep -Eq -- "$1" "$LOG" || { cat "$LOG" >&2 && die "the log has no '$1'"; }
}

env_add() { # NAME=VALUE
	# shellcheck disable=SC2016 # jq's
	bundle_edit "$BUNDLE" --arg value "$1" '.process.env += [$value]'
}

volume() { # SOURCE DESTINATION [OPTION,...]
	volumes+=$1$'\n'
	if [[ $HARNESS == cell || $HARNESS == user ]]; then
		local kind=${3-}
		case $kind in *rshared*) kind=:rshared ;; *ro*) kind=:ro ;; *) kind='' ;; esac
		cell_options+=(--volume "$1:$2$kind")
	else
		# shellcheck disable=SC2016 # jq's
		bundle_edit "$BUNDLE" --arg source "$1" --arg destination "$2" --arg options "${3:-rbind}" \
			'.mounts += [{type: "bind", source: $source, destination: $destination, options: ($options | split(","))}]'
	fi
}

# The second way to the loader's cache: the host's program, in a jail. What is executed then on purpose
# does not count where that is recorded.
with_ldconfig() {
	config_add 'ldconfig = "@/sbin/ldconfig"'
	hook_prefix=("$NVC_SOURCE_DIR/tests/support/exempt")
}

config_add() { # LINE below [nvc]
	sed -i "/^\[nvc\]\$/a\\$1" "$CONFIG"
}

# Sets command: the hook as it is run here, without the stage. Nothing but the hook sees hook_env,
# which is in command_env when nothing stands in front of the hook.
hook_command() {
	command=("$HOOK" "${hook_options[@]}" "${hook_config[@]}") command_env=("${hook_env[@]}")
	((${#supervised[@]} == 0)) || command=("$TOOLS/supervise" --stage prestart "${supervised[@]}" -- "${command[@]}")
	[[ $PROFILE != now || ${#hook_prefix[@]} -gt 0 ]] || return 0
	if ((${#hook_env[@]})); then
		command=(/usr/bin/env -i "${hook_env[@]}" "${command[@]}") command_env=(PATH=/usr/sbin:/usr/bin)
	fi
	[[ $PROFILE == now ]] || command=("$TOOLS/enosys" "$PROFILE" -- "${command[@]}")
	command=("${hook_prefix[@]}" "${command[@]}")
}

# ---- the stage ----
tree() { # DIR: all but access times and directories' sizes and times
	(cd "$1" && find . \( -type d -printf '%p %y %m %U %G\n' \) -o -printf '%p %y %m %U %G %s %l %T@\n' | sort)
}

outside() {
	find "$CANARY" -printf '%P %i %y %m %U %G %s %T@ %l\n' | sort
	find "$CANARY" -type f -exec sha256sum {} +
}

# DEVICE ROOT POINT ...: without the options of file systems, other tests have theirs.
host_mounts() {
	sed -E 's/^[0-9]+ [0-9]+ //; s/( - [^ ]+ [^ ]+) .*/\1/' /proc/self/mountinfo
}

check_host_mounts() {
	local changed
	! changed=$(mounts_changed "$WORK/mounts-before" <(host_mounts) 3) || die "the host has changed: its mounts, '$changed'"
}

make_canary() {
	mkdir "$CANARY"
	mount -t tmpfs -o mode=755 canary "$CANARY"
	mkdir -p "$CANARY"/{dir,dev,etc/ld.so.conf.d,run,"$LIB/nvidia",usr/bin,lib}
	local file
	for file in file etc/ld.so.cache etc/ld.so.conf etc/ld.so.conf.d/x.conf "$LIB/nvidia/libcuda.so.1.1" "$LIB/libc.so.6" lib/libcuda.so.1.1 usr/bin/tegrastats; do
		echo "canary $file" >"$CANARY/$file"
	done
	CANARY_DEV=$(awk -v at="$CANARY" '$5 == at { print $3 }' /proc/self/mountinfo)
	export CANARY_DEV
}

make_stage() {
	mkdir "$WORK"
	mount -t tmpfs -o mode=755 stage "$WORK"
	make_canary
	mkdir "$STATE"
	cp -a "$ATTACKS_FIXTURE"/{board,image,bundle} "$WORK"
	board_config "$BOARD" "$STATE"
	sed "s,^log-file = .*,log-file = \"$LOG\"," "$BOARD/etc/nvidia-container-runtime/config.toml" >"$CONFIG"
	if [[ $HARNESS == cell || $HARNESS == user ]]; then
		# a cell is in our own cgroup
		sed -i 's,^\[nvidia-container-cli\]$,&\nno-cgroups = true,' "$CONFIG"
	fi
	: >"$LOG"
}

make_rootfs() {
	# as an engine has it: what is root's belongs to the container's root
	[[ $HARNESS != user ]] || chown -hR 100000:100000 "$IMAGE"
	if [[ $TREE == overlay ]]; then
		mkdir -p "$ROOTFS" "$WORK/upper" "$WORK/overlay-work"
		mount -t overlay -o "lowerdir=$IMAGE,upperdir=$WORK/upper,workdir=$WORK/overlay-work" overlay "$ROOTFS"
	else
		mv "$IMAGE" "$ROOTFS"
	fi
}

device_of() { # DIR, as mountinfo writes it
	local number
	number=$(stat -c %d "$1")
	echo "$((number >> 8 & 0xfff)):$(((number & 0xff) | (number >> 12 & 0xfff00)))"
}

# Nothing of the canary or of the image is mounted in the container, but for the volumes that were
# given to it, nothing of the machine's root, and of the stage nothing but the board's files.
inspect() { # ROOT/
	local counts
	counts=$(awk -v at="$1" -v canary="$CANARY_DEV" -v stage="$(device_of "$WORK")" -v rootfs="$(device_of .)" \
		-v machine="$(device_of /)" -v work="$WORK" -v volumes="$volumes" '
		index($5, at) != 1 || $5 "/" == at || $5 == at { next }
		$3 == canary { n_canary++; next }
		$3 == machine { n_machine++; next }
		$3 == stage && $4 ~ "^/board/" || index(volumes, "\n" work $4 "\n") { next }
		$3 == stage || $3 == rootfs { n_image++ }
		END { print n_canary + 0, n_image + 0, n_machine + 0 }' "$MOUNTINFO")
	[[ $counts == "$canary_mounts $image_mounts 0" ]] || { cat "$MOUNTINFO" >&2 && die "mounts of canary, image, machine in the container: $counts"; }
	inside
}

run_cell() { # sets rc
	local command command_env options=("${cell_options[@]}") inspected stopped
	[[ $HARNESS != user ]] || options+=(--user)
	hook_command
	((${#command_env[@]} == 0)) || command=(/usr/bin/env -i "${command_env[@]}" "${command[@]}")
	{
		declare -p | grep -Eav '^declare -([A-Za-z]*r|. (OLD)?PWD=)' # all that is set, but what cannot be
		declare -f
		# shellcheck disable=SC2016 # for the shell that inspects
		echo 'set -euo pipefail; MOUNTINFO=/proc/self/mountinfo; inspect "$ROOTFS/"'
	} >"$WORK/inspect.sh"
	"$TOOLS/cell" --id "$ID" --status "$WORK/status" --inspect "exec bash '$WORK/inspect.sh'" "${options[@]}" \
		"$BUNDLE" -- "${command[@]}" 2>"$WORK/stderr" || true
	cat "$WORK/stderr" >&2
	read -r rc inspected stopped <"$WORK/status"
	[[ $inspected == [0-] ]] || die "the container is not as it must be"
	[[ $stopped == [0-] ]] || die "poststop gave $stopped"
}

low() {
	case $HARNESS in
	runc) timeout -s KILL 60 "$ENGINES_RUNC" --root "$ENGINES_DIR/runc" "$@" </dev/null ;;
	crun) timeout -s KILL 60 crun --root "$ENGINES_DIR/crun" "$@" </dev/null ;;
	esac
}

json_list() { # WORD...
	printf '%s\n' "$@" | jq -R . | jq -cs 'if . == [""] then [] else . end'
}

add_hooks() {
	local command command_env
	hook_command
	# shellcheck disable=SC2016 # jq's
	bundle_edit "$BUNDLE" --arg kind "$KIND" --argjson command "$(json_list "${command[@]}")" --argjson env "$(json_list "${command_env[@]}")" '
		def entry($stage): {path: $command[0], args: ($command + [$stage])} + (if $env == [] then {} else {env: $env} end);
		.hooks[$kind] += [entry("prestart")] | .hooks.poststop += [entry("poststop")]'
}

run_low() { # sets rc
	local pid
	add_hooks
	rc=0
	low create --bundle "$BUNDLE" "$ID" >"$WORK/stderr" 2>&1 || rc=$?
	cat "$WORK/stderr" >&2
	if ((rc == 0)); then
		pid=$(low state "$ID" | jq .pid)
		MOUNTINFO=/proc/$pid/mountinfo
		cd "/proc/$pid/root/"
		inspect /
		cd /
	fi
	low delete -f "$ID" || true
}

# One line says why. crun throws a hook's output away and calls no poststop then, so the log counts.
check_refusal() {
	local lines
	lines=$({ grep -Eh '^[^ ]+ error (.* )?hook: ' "$LOG" || true; grep -E '(^|stderr: )nvc-hook: ' "$WORK/stderr" || true; } | wc -l)
	((lines > 0)) || die "no line says why it was refused"
	if [[ $HARNESS == cell || $HARNESS == user ]]; then
		lines=$(grep -c '^nvc-hook: ' "$WORK/stderr") || true
		((lines == 1)) || die "$lines lines on the standard error instead of one"
	fi
	[[ ! $needle ]] || grep -Eq -- "$needle" "$LOG" "$WORK/stderr" || die "no line has '$needle'"
}

# Makes the container, looks into it, stops it: sets rc.
run_harness() {
	case $HARNESS in
	cell | user) run_cell ;;
	*) run_low ;;
	esac
}

# A case with another way to run defines its own.
run() {
	run_harness
}

verdict() {
	if ((rc == 0)); then
		outcome=contained
	else
		check_refusal
		outcome=refused
	fi
	[[ " $allowed " == *" $outcome "* ]] || die "$outcome, where only '$allowed' is right"
	outcome=${label:-$outcome}
}

# One scene: prints nothing but trouble, and notes the outcome.
play() {
	local reason rc=1 outcome
	reason=$(skipped)
	if [[ $reason ]]; then
		echo "$reason" >&2
		return
	fi
	reason=$(lacks)
	if [[ $reason ]]; then
		echo "${SCENE:-all} # skip $reason" >>"$TOP.lacks"
		return
	fi
	make_stage
	cd "$IMAGE"
	image
	cd "$BUNDLE"
	host
	bundle
	cd /
	make_rootfs
	outside >"$WORK/outside-before"
	host_mounts >"$WORK/mounts-before"
	tree "$ROOTFS" >"$WORK/before"
	run
	diff "$WORK/outside-before" <(outside) >&2 || die "the host has changed"
	check_host_mounts
	if [[ ! $image_changes ]]; then
		tree "$ROOTFS" >"$WORK/after"
		[[ ! $image_noise ]] || sed -i -E "\\,$image_noise,d" "$WORK/before" "$WORK/after"
		diff "$WORK/before" "$WORK/after" >&2 || die "the image has changed"
	fi
	[[ ! -d $STATE/state ]] || [[ ! $(find "$STATE/state" -type f ! -name lock) ]] || die "records are left: $(ls "$STATE/state")"
	verdict
	after
	echo "$outcome" >>"$TOP.outcomes"
}

play_scene() { # SCENE
	set_scene "$1"
	set_defaults
	# shellcheck source=/dev/null
	. "$CASE/attack.sh"
	play
	sweep_mounts "$WORK" # what follows need not look at them
}

play_all() {
	local all scene
	chmod 755 "$TOP"
	# shellcheck source=/dev/null
	all=$(set_scene '' && set_defaults && . "$CASE/attack.sh" && printf '%s\n' "${scenes[@]}")
	: >"$TOP.outcomes"
	while IFS= read -r scene <&3; do
		(play_scene "$scene" 3<&-)
	done 3<<<"$all"
	if [[ -s $TOP.outcomes ]]; then
		sort -u "$TOP.outcomes" | paste -sd, | sed 's/,/, /g' >"$TOP.outcome"
	else
		echo - >"$TOP.outcome"
	fi
}

[[ ${BASH_SOURCE[0]} != "$0" ]] || play_all
