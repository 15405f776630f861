# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# /etc, ld.so.conf.d, the loader's cache, or the names that ldconfig uses while it writes one, are links
# to the host: the cache is written in the root tree only, by the hook and by the host's ldconfig alike.
# A cache that is a link is left alone, and that is said.
scenes=(etc etc-inside conf-dir cache cache-climbing etc-by-ldconfig etc-inside-by-ldconfig conf-dir-by-ldconfig cache-by-ldconfig)
spread
needle="'/etc|ld.so"
case $SCENE in
etc | etc-by-ldconfig) allowed='refused' ;;
esac

image() {
	case $SCENE in
	etc | etc-by-ldconfig) mv etc etc.old && ln -s "$CANARY/etc" etc ;;
	etc-inside*) mkdir -p ".$CANARY" && mv etc ".$CANARY/etc" && ln -s "$CANARY/etc" etc ;;
	conf-dir*) rm -r etc/ld.so.conf.d && ln -s "$CANARY/etc/ld.so.conf.d" etc/ld.so.conf.d ;;
	cache-climbing) ln -sf "../../../../../../../..$CANARY/etc/ld.so.cache" etc/ld.so.cache ;;
	cache*) ln -sf "$CANARY/etc/ld.so.cache" etc/ld.so.cache && ln -s "$CANARY/file" etc/ld.so.cache~ && ln -s "$CANARY/file" etc/ld.so.conf.d/000-nvc.conf ;;
	esac
}

host() {
	[[ $SCENE != *-by-ldconfig ]] || with_ldconfig
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	local etc=etc
	[[ $SCENE != etc-inside* ]] || etc=.$CANARY/etc
	if [[ $SCENE == cache* ]]; then
		[[ -L etc/ld.so.cache ]] || die "the link was replaced"
		log_has "ld.so.cache' is no regular file"
		return
	fi
	[[ -f $etc/ld.so.cache && ! -L $etc/ld.so.cache ]] || die "the loader's cache is no file"
	grep -qaF /nvidia/libcuda.so.1 "$etc/ld.so.cache" || die "the loader knows nothing of the libraries"
}
