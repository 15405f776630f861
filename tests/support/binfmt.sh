# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Programs of other machines, run by the kernel through qemu as `docker run` of a foreign image wants
# it: the emulator is opened at registration, so that images need nothing. For bats suites.
#
#   binfmt_register MACHINE...   aarch64, arm, x86_64; those that this machine runs anyway are left alone.
#                                Prints why not and returns 77 where it cannot be done
#   binfmt_remove                what binfmt_register registered
#
# Registrations are the machine's: names carry this process's number.

BINFMT_DIR=/proc/sys/fs/binfmt_misc
binfmt_own=() binfmt_mounted=

binfmt_magic() { # MACHINE: bytes 0 to 19 of its programs, and which bits of them count
	case $1 in
	aarch64) printf '%s' '\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff' ;;
	arm) printf '%s' '\x7fELF\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x28\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff' ;;
	x86_64) printf '%s' '\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00:\xff\xff\xff\xff\xff\xfe\xfe\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff' ;;
	*) return 1 ;;
	esac
}

binfmt_is_native() { # MACHINE
	[[ $(uname -m) == "$1" || ($1 == arm && $(uname -m) == aarch64) ]]
}

binfmt_register() {
	local machine emulator name
	if [[ ! -e $BINFMT_DIR/register ]]; then
		mount -t binfmt_misc binfmt_misc "$BINFMT_DIR" 2>/dev/null || { echo "this kernel has no binfmt_misc" && return 77; }
		binfmt_mounted=yes
	fi
	# of runs that were killed
	for name in "$BINFMT_DIR"/nvc-*; do
		[[ ! -e $name || -d /proc/${name##*-} ]] || echo -1 >"$name"
	done
	for machine; do
		binfmt_is_native "$machine" && continue
		emulator=$(command -v "qemu-$machine-static") || { echo "qemu-$machine-static is not installed" && return 77; }
		name=nvc-$machine-$$
		# the newest one is asked first
		printf ':%s:M:0:%s:%s:PF' "$name" "$(binfmt_magic "$machine")" "$emulator" >"$BINFMT_DIR/register" 2>/dev/null ||
			{ echo "programs of $machine cannot be registered" && return 77; }
		binfmt_own+=("$name")
	done
}

binfmt_remove() {
	local name
	for name in "${binfmt_own[@]}"; do
		[[ ! -e $BINFMT_DIR/$name ]] || echo -1 >"$BINFMT_DIR/$name"
	done
	binfmt_own=()
	# others' registrations go with the mount
	if [[ $binfmt_mounted ]] && ! compgen -G "$BINFMT_DIR/nvc-*" >/dev/null; then umount "$BINFMT_DIR"; fi
	binfmt_mounted=
}
