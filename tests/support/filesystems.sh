# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# File systems in loop images for tests, and a bare container to run the hook in. On top of gpu.sh;
# everything lies below $ENGINES_DIR, whose sweep takes the mounts away.
#
#   fs_lacks KIND              true, with the reason, where the kernel or a program for KIND is missing
#   fs_make NAME KIND [SIZE]   mounts a new one on fs_dir NAME. KIND: ext4, xfs, btrfs, tmpfs, or
#                              ext4-few, one with 512 inodes
#   fs_dir NAME
#   fs_overlay NAME LOWER      an overlay of LOWER with its upper directory on that file system, on
#                              fs_dir NAME-overlay
#   fs_fuse NAME LOWER         the same by fuse-overlayfs
#   fs_gone NAME               unmounts NAME and what fs_overlay and fs_fuse made of it
#   fs_fill_bytes DIR          no block is free below DIR; fs_free DIR N frees some again
#   fs_fill_inodes DIR         no inode is free; fs_free DIR N frees some again
#   fs_files DIR               listing: every object, of what is no directory times and content too

fs_dir() { # NAME
	printf '%s\n' "$ENGINES_DIR/fs-$1"
}

fs_lacks() { # KIND
	local missing
	case $1 in
	tmpfs) return 1 ;;
	fuse-overlayfs)
		missing=$(engines_missing fuse-overlayfs) || { echo "no $missing" && return 0; }
		[[ ! -r /dev/fuse ]] || return 1
		echo "/dev/fuse cannot be opened"
		;;
	*)
		missing=$(engines_missing "mkfs.${1%-few}") || { echo "no $missing" && return 0; }
		[[ -e /dev/loop-control ]] || { echo "no loop devices" && return 0; }
		! grep -qw "${1%-few}" /proc/filesystems || return 1
		! modprobe "${1%-few}" 2>/dev/null || return 1
		echo "this kernel has no ${1%-few}"
		;;
	esac
}

fs_make() { # NAME KIND [SIZE]
	local dir image=$ENGINES_DIR/$1.img size
	dir=$(fs_dir "$1")
	mkdir -p "$dir"
	case $2 in
	tmpfs) mount -t tmpfs -o "size=${3:-64M}" tmpfs "$dir" && return ;;
	xfs) size=${3:-320M} ;;
	btrfs) size=${3:-128M} ;;
	*) size=${3:-64M} ;;
	esac
	truncate -s "$size" "$image"
	case $2 in
	ext4) mkfs.ext4 -q -m 0 "$image" ;;
	ext4-few) mkfs.ext4 -q -m 0 -N 512 "$image" ;;
	xfs) mkfs.xfs -q "$image" ;;
	btrfs) mkfs.btrfs -q "$image" >/dev/null 2>&1 ;;
	esac
	mount -o loop "$image" "$dir"
	rm "$image" # lives as long as the mount
}

fs_layers() { # NAME
	local dir
	dir=$(fs_dir "$1")
	mkdir -p "$dir/upper" "$dir/work" "$dir-overlay"
	chmod 755 "$dir/upper"
}

fs_overlay() { # NAME LOWER
	local dir
	dir=$(fs_dir "$1")
	fs_layers "$1"
	mount -t overlay -o "lowerdir=$2,upperdir=$dir/upper,workdir=$dir/work" overlay "$dir-overlay"
}

fs_fuse() { # NAME LOWER
	local dir
	dir=$(fs_dir "$1")
	fs_layers "$1"
	fuse-overlayfs -o "lowerdir=$2,upperdir=$dir/upper,workdir=$dir/work" "$dir-overlay" 3>&- 4>&- 5>&-
}

fs_gone() { # NAME
	local dir
	dir=$(fs_dir "$1")
	! mountpoint -q "$dir-overlay" || umount -l "$dir-overlay"
	umount -l "$dir"
}

# Small files first, which are given back one by one, then the rest of the bytes.
fs_fill_bytes() { # DIR
	local i chunk free
	mkdir -p "$1/filler"
	for ((i = 0; i < 512; i++)); do
		printf '%4096s' '' >"$1/filler/$i" || break
	done 2>/dev/null
	sync -f "$1"
	free=$(stat -f -c '(%a * %S) / 1048576 - 4' "$1")
	((free <= 0)) || fallocate -l "$((free))M" "$1/filler/most"
	for chunk in 64K 4K 1K; do
		dd if=/dev/zero of="$1/filler/rest-$chunk" bs=$chunk status=none 2>/dev/null || true
		sync -f "$1"
	done
}

fs_fill_inodes() { # DIR
	local i
	mkdir -p "$1/filler"
	for ((i = 0; ; i++)); do : >"$1/filler/$i" || break; done 2>/dev/null
}

# N more of those files, the next ones each time.
fs_free() { # DIR N
	find "$1/filler" -name '[0-9]*' | sort -V | head -n "$2" | xargs -r rm
	sync -f "$1"
}

fs_files() { # DIR
	(cd "$1" && find . -path ./filler -prune -o \( -type d -printf '%p %y %m %U %G\n' \) -o -printf '%p %y %m %U %G %s %l %T@\n' | sort)
}
