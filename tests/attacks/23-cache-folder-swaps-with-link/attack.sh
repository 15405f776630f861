# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# /etc/ld.so.conf.d, and /etc itself, are exchanged with links to the host's while the cache is made
# and the folder that it names is noted there.
# shellcheck source=tests/attacks/races.sh
. "$(dirname "${BASH_SOURCE[0]}")/../races.sh"
up=../../../../../../../../../../../../../..

image() {
	# a folder of the upper layer can be renamed, and one whose file is missing is written to
	rm -f etc/ld.so.conf.d/nvidia-tegra.conf
	mv etc "$WORK/etc"
}

host() {
	local root=$IMAGE
	[[ $TREE != overlay ]] || root=$WORK/upper
	mkdir -p "$root"
	mv "$WORK/etc" "$root/etc"
	ln -s "$up$CANARY/etc" "$root/etc-climbs"
	ln -s "$up$CANARY/etc/ld.so.conf.d" "$root/etc/climbs"
	ln -s "$CANARY/etc/ld.so.conf.d" "$root/etc/leads"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

exchange() { # A B, when B has become a folder
	[[ -L $ROOTFS/$2 ]] || (cd "$ROOTFS" && mv -T "$1" "$1.kept" && mv -T "$2" "$1" && mv -T "$1.kept" "$2")
}

races_restore() {
	exchange etc etc-climbs
	exchange etc/ld.so.conf.d etc/climbs
	exchange etc/ld.so.conf.d etc/leads
}

run() {
	local moment moments=() number=3
	[[ $VARIANT == cell ]] || number=1
	case $HARNESS in
	cell | user)
		races_list
		races_moments "$number" 'ld\.so\.conf\.d'
		races_moments "$number" '000-nvc.conf"'
		for moment in "${moments[@]}"; do
			races_strike "$moment" --swap "$ROOTFS/etc/ld.so.conf.d:$ROOTFS/etc/climbs"
			races_strike "$moment" --keep --swap "$ROOTFS/etc/ld.so.conf.d:$ROOTFS/etc/leads"
		done
		moments=()
		races_moments "$number" 'etc/?>?"?ld\.so\.cache'
		races_moments 1 $'\trenameat.*ld.so.cache'
		for moment in "${moments[@]}"; do
			races_strike "$moment" --keep --swap "$ROOTFS/etc:$ROOTFS/etc-climbs"
		done
		races_end
		;;
	*)
		races_once --at-call renameat:1 --keep --swap "$ROOTFS/etc:$ROOTFS/etc-climbs"
		;;
	esac
}
