# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# waits: requests by annotation
# The image asks for all GPUs, and the administrator lets no image ask: the container starts without one,
# and one line of the log says so.
# shellcheck source=tests/attacks/values.sh
. "$NVC_SOURCE_DIR/tests/attacks/values.sh"
scenes=(all list bad legacy)

host() {
	sed -i '1i accept-nvidia-visible-devices-envvar-when-unprivileged = false' "$CONFIG"
}

bundle() {
	case $SCENE in
	all) env_add NVIDIA_VISIBLE_DEVICES=all ;;
	list) env_add NVIDIA_VISIBLE_DEVICES=0 ;;
	bad) env_add $'NVIDIA_VISIBLE_DEVICES=/dev/sda\n\033[31m' ;;
	legacy) env_add CUDA_VERSION=10.2 ;;
	esac
}

inside() {
	[[ ! -e $LIB/nvidia && ! -e dev/nvidia0 ]]
	if grep -F "$BOARD" "$MOUNTINFO"; then die 'something of the board is mounted'; fi
}

after() {
	local lines
	lines=$(grep -c 'is not honoured' "$LOG")
	((lines == 1)) || die "$lines lines in the log"
	run_plain "$LOG"
	run_shim
	((shim_rc == 0)) || die "the shim gave $shim_rc"
	cmp <(jq -S 'del(.hooks)' "$BUNDLE/config.json") <(jq -S 'del(.hooks)' "$WORK/shim/config.json") || die 'the shim edits the bundle'
}
