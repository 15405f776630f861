# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# Links in a circle, one more than are followed, as many as are, names of 255 bytes, texts of 4095,
# folders deeper than any path: an error or the right place, and no hang.
scenes=(circle links-41 links-most name-256 name-255 texts deep deep-twice)
spread
needle="aarch64-linux-gnu.*(symbolic links|File name too long)"
case $SCENE in
circle | links-41 | name-256) allowed=refused ;;
texts | deep*) allowed='contained refused' ;;
esac
name=$(printf 'x%.0s' {1..255})

# So many links, the last of them to a folder.
chain() { # N
	local i
	mkdir "usr/lib/l$1"
	ln -s l1 "$LIB"
	for ((i = 1; i < $1; i++)); do ln -s "l$((i + 1))" "usr/lib/l$i"; done
}

# Fifteen folders with names of 255 bytes, each in the one before; prints their path.
make_deep() { # IN
	local i path=
	for i in {1..15}; do path+=/$name; done
	(cd "$1" && for i in {1..15}; do mkdir "$name" && cd "$name" || exit; done)
	printf '%s\n' "${path#/}"
}

image() {
	local path long
	rm -rf "$LIB"
	case $SCENE in
	circle) ln -s other "$LIB" && ln -s aarch64-linux-gnu usr/lib/other ;;
	links-41) chain 41 ;;
	# a kernel that has to begin a walk again goes on counting
	links-most) if [[ $PROFILE == r32 ]]; then chain 40; else chain 20; fi ;;
	name-*) ln -s "${name:0:250}${name:0:${SCENE#name-}-250}" "$LIB" && { [[ $SCENE != name-255 ]] || mkdir "usr/lib/$name"; } ;;
	texts)
		long=$(printf './%.0s' {1..2040})
		ln -s "${long}one" "$LIB" && ln -s "${long}two" usr/lib/one && ln -s "${long}three" usr/lib/two
		mkdir usr/lib/three
		;;
	deep*)
		path=$(make_deep usr/lib)
		ln -s "$path" "$LIB"
		if [[ $SCENE == deep-twice ]]; then
			(cd "$LIB" && make_deep . >/dev/null && ln -s "$path" nvidia)
		fi
		;;
	esac
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	is_bound "$LIB/nvidia/libcuda.so.1.1" # the links are relative
}
