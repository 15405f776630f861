# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# /run, a daemon's folder in it, or the very file, are links to the host. Rows below /run are only
# taken where the settings allow the place, and a socket never is.
scenes=(run run-inside folder folder-inside file)
spread
needle="'/run"
case $SCENE in
run | folder) allowed=refused ;;
esac

image() {
	case $SCENE in
	run*) rmdir run && ln -s "$CANARY/run" run ;;
	folder*) ln -s "../../../../../../..$CANARY/run" run/nvidia-persistenced ;;
	file) mkdir run/nvidia-persistenced && ln -s "$CANARY/file" run/nvidia-persistenced/pid ;;
	esac
	[[ $SCENE != *-inside ]] || mkdir -p ".$CANARY/run"
}

host() {
	mkdir -p "$BOARD/run/nvidia-persistenced"
	echo 1 >"$BOARD/run/nvidia-persistenced/pid"
	perl -MIO::Socket::UNIX -e 'chdir shift; IO::Socket::UNIX->new(Local => "socket", Listen => 1) or die $!' "$BOARD/run/nvidia-persistenced"
	printf 'lib, /run/nvidia-persistenced/%s\n' pid socket >>"$BOARD/etc/nvidia-container-runtime/host-files-for-container.d/drivers.csv"
	config_add 'allowed-prefixes = ["/usr", "/lib", "/dev", "/etc/vulkan", "/etc/vulkansc", "/run/nvidia-persistenced"]'
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	local at=run/nvidia-persistenced
	case $SCENE in
	run-inside) at=.$CANARY/run/nvidia-persistenced ;;
	folder-inside) at=.$CANARY/run ;;
	esac
	is_bound_at "$at/pid" run/nvidia-persistenced/pid
	[[ ! -e $at/socket ]] || die "a socket was handed out"
	log_has "socket.*is a socket, not a file or directory"
}
