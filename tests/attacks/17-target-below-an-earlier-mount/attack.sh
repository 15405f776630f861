# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# A row's target lies below what an earlier row mounts: a folder and a file in it; a folder with a link
# to the host in it, and a row behind that link. Each target is looked up in the root when its turn has
# come, the mounts before it included.
scenes=(file link link-is-there image-link)
needle="/opt/nvidia"

image() {
	case $SCENE in
	link-is-there) mkdir -p ".$CANARY/dir" && echo image >".$CANARY/dir/file" ;;
	image-link) mkdir -p opt/nvidia/folder && ln -s "$CANARY/dir" opt/nvidia/folder/x ;;
	esac
}

host() {
	local path list=$BOARD/etc/nvidia-container-runtime/host-files-for-container.d/drivers.csv
	mkdir -p "$BOARD/opt/nvidia/folder/sub" "$BOARD$CANARY/dir"
	echo canary >"$CANARY/dir/file"
	echo board | tee "$BOARD$CANARY/dir/file" "$BOARD/opt/nvidia/folder/sub/file" >"$BOARD/opt/nvidia/folder/file"
	case $SCENE in
	link*) ln -s "$CANARY/dir" "$BOARD/opt/nvidia/folder/x" ;;
	image-link) mkdir "$BOARD/opt/nvidia/folder/x" && echo board >"$BOARD/opt/nvidia/folder/x/file" ;;
	*) path=sub/file ;;
	esac
	printf 'dir, /opt/nvidia/folder\nlib, /opt/nvidia/folder/file\nlib, /opt/nvidia/folder/%s\n' "${path-x/file}" >>"$list"
	config_add "allowed-prefixes = [\"/usr\", \"/lib\", \"/dev\", \"/etc/vulkan\", \"/etc/vulkansc\", \"/opt/nvidia\", \"$CANARY\"]"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	is_bound opt/nvidia/folder opt/nvidia/folder/file
	case $SCENE in
	file) is_bound opt/nvidia/folder/sub/file ;;
	image-link) is_bound opt/nvidia/folder/x/file ;;
	link)
		[[ $(readlink opt/nvidia/folder/x) == "$CANARY/dir" ]] || die "the board's link is not there"
		[[ ! -e .$CANARY ]] || die "the link was followed to where nothing was"
		;;
	link-is-there)
		[[ $(stat -c %d:%i ".$CANARY/dir/file") != "$(stat -c %d:%i "$CANARY/dir/file")" ]] || die "the host's file is there"
		;;
	esac
}
