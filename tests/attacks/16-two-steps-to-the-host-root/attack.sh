# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# CVE-2024-0132: what the first mount brings turns the second target, looked up before, into another
# place: there the host's root came in. The image's layout as published, with rows for both files; and
# folders of the board that bring a climbing link where the image has a folder. Nothing of the image's is
# ever mounted, and nothing of the host's but what the rows say.
# waits: compat libraries of the image (the part for other drivers)
scenes=(files folders nested)
needle="usr/local/cuda"
compat=usr/local/cuda/compat
up=../../../../../../../../../..
case $SCENE in
folders) allowed='contained refused' ;;
esac

image() {
	mkdir -p "$LIB/libA.so.1337" pwn/libA.so.1337 "$compat"
	echo image >"$LIB/libA.so.1337/libA.so.1337.x"
	ln -s "$up" pwn/libA.so.1337/libA.so.1337.x
	case $SCENE in
	files)
		ln -s /pwn/libA.so.1337 "$compat/liba.so.1"
		ln -s "/$LIB/libA.so.1337/libA.so.1337.x" "$compat/liba.so.2"
		;;
	folders)
		rm "$LIB/libA.so.1337/libA.so.1337.x"
		mkdir "$LIB/libA.so.1337/libA.so.1337.x"
		ln -s "../../../../$LIB/libA.so.1337" "$compat/one"
		ln -s "../../../../$LIB/libA.so.1337/libA.so.1337.x" "$compat/two"
		;;
	nested) ln -s "../../../../$LIB/libA.so.1337" "$compat/one" ;;
	esac
}

host() {
	local list=$BOARD/etc/nvidia-container-runtime/host-files-for-container.d/drivers.csv
	mkdir -p "$BOARD/$compat"/{one,two}
	ln -s "$up" "$BOARD/$compat/one/libA.so.1337.x"
	echo board | tee "$BOARD/$compat"/liba.so.{1,2} >"$BOARD/$compat/two/content"
	case $SCENE in
	files) printf "lib, /$compat/liba.so.%d\n" 1 2 ;;
	folders) printf "dir, /$compat/%s\n" one two ;;
	nested)
		mkdir -p "$BOARD$CANARY"
		echo board >"$BOARD$CANARY/file"
		printf 'dir, /%s/one\nlib, /%s/one/libA.so.1337.x%s/file\n' "$compat" "$compat" "$CANARY"
		config_add "allowed-prefixes = [\"/usr\", \"/lib\", \"/dev\", \"/etc/vulkan\", \"/etc/vulkansc\", \"$CANARY\"]"
		;;
	esac >>"$list"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	case $SCENE in
	files)
		is_bound "$compat"/liba.so.{1,2}
		[[ $(cat "$LIB/libA.so.1337/libA.so.1337.x") == image ]] || die "the image's file was covered"
		;;
	folders)
		is_bound_at "$LIB/libA.so.1337" "$compat/one"
		;;
	nested)
		is_bound_at "$LIB/libA.so.1337" "$compat/one"
		[[ ! -e .$CANARY/file ]] || is_bound_at ".$CANARY/file" ".$CANARY/file"
		;;
	esac
}
