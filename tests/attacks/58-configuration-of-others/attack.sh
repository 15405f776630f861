# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# config.toml, its folder, a link to it, or the folder that this leads to can be written by others than
# root; lists are in 43. There are no drop-in folders. The JSON file that starts the hook is read by
# podman alone, before there is a hook: whether others could write it is podman's to check.
scenes=(world group owner folder foreign-folder foreign-link far-folder good-link fifo)
allowed=refused
needle="others than|belongs to user|regular file"
case ${SCENE-} in
good-link) allowed=contained needle= ;;
esac

host() {
	mkdir "$WORK/etc" "$WORK/far"
	mv "$CONFIG" "$WORK/etc/config.toml"
	CONFIG=$WORK/etc/config.toml
	hook_config=(--config "$CONFIG")
	case $SCENE in
	world) chmod 646 "$CONFIG" ;;
	group) chmod 664 "$CONFIG" && chown 0:1234 "$CONFIG" ;;
	owner) chown 1234 "$CONFIG" ;;
	folder) chmod 777 "$WORK/etc" ;;
	foreign-folder) chown 1234 "$WORK/etc" ;;
	foreign-link) mv "$CONFIG" "$WORK/far/" && ln -s "$WORK/far/config.toml" "$CONFIG" && chown -h 1234 "$CONFIG" ;;
	far-folder) mv "$CONFIG" "$WORK/far/" && ln -s ../far/config.toml "$CONFIG" && chmod 777 "$WORK/far" ;;
	good-link) mv "$CONFIG" "$WORK/far/" && ln -s ../far/config.toml "$CONFIG" ;;
	fifo) rm "$CONFIG" && mkfifo "$CONFIG" ;;
	esac
	mount -t tmpfs -o mode=755 run /run # where the log is then
	LOG=/run/nvc/hook.log
	mkdir /run/nvc && : >"$LOG"
	[[ $SCENE != good-link ]] || LOG=$WORK/hook.log
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	is_bound "$LIB/nvidia/libcuda.so.1.1"
}

after() {
	local status=0
	"$CLI" --config "$CONFIG" info >/dev/null 2>"$WORK/cli.err" || status=$?
	[[ $SCENE == good-link ]] || ((status == 1 && $(wc -l <"$WORK/cli.err") == 1)) || die "nvc-cli gave $status"
}
