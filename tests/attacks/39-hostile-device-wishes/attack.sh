# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# NVIDIA_VISIBLE_DEVICES from the image: paths, options, control characters, bombs, numbers that are none.
# shellcheck source=tests/attacks/values.sh
. "$NVC_SOURCE_DIR/tests/attacks/values.sh"
scenes=(bad good)
[[ ${SCENE-} != bad ]] || allowed=refused
needle="NVIDIA_VISIBLE_DEVICES|no GPU '"
try_shim=yes

value() { # NAME
	case $1 in
	climbing) printf ../../dev/sda ;;
	path) printf /dev/sda ;;
	bomb) printf 'all,%.0s' {1..262144} ;;
	option) printf '0\n--ldconfig=/x' ;;
	long) printf 'GPU-%s' "$(head -c 10240 /dev/zero | tr '\0' a)" ;;
	negative) printf -- -1 ;;
	huge) printf 99999999999 ;;
	forged) printf '0\n2026-01-01T00:00:00Z error forged: line\033[31m' ;;
	many) seq -s, 0 600 | tr -d '\n' ;;
	format) printf '%%n%%s%%n' ;;
	kind) printf 'nvidia.com/gpu=../../sda' ;;
	mig) printf 'MIG-/../../../etc' ;;
	bytes) printf 'GPU-\377\376' ;;
	mixed) printf '0,all,/dev/sda' ;;
	void) printf 'all,void,0' ;;
	none) printf 'none,all,none' ;;
	again) printf '0,0,all,,, 0 ,all' ;;
	empty) printf ' , ,,' ;;
	esac
}

plant() { # NAME
	value "$1" >"$WORK/value"
	if [[ $1 == bytes ]]; then
		# no text of jq's
		sed -i 's,"env": \[,&"NVIDIA_VISIBLE_DEVICES=GPU-\\u00ff\\u009b31m\\u0001"\,,' "$BUNDLE/config.json"
	else
		env_file NVIDIA_VISIBLE_DEVICES "$WORK/value"
	fi
	PLANTED=$1
	export PLANTED
	check_option "$1"
}

# The same as an option of nvc-cli, as far as it fits on a command line.
check_option() { # NAME
	local status=0
	(($(wc -c <"$WORK/value") < 100000)) || return 0
	[[ $SCENE == bad ]] || return 0
	bounded "$CLI" --config "$CONFIG" configure --no-cgroups --pid $$ --device="$(cat "$WORK/value")" "$ROOTFS" >"$WORK/cli.out" 2>"$WORK/cli.err" || status=$?
	((status == 1 && $(wc -l <"$WORK/cli.err") == 1)) || { cat "$WORK/cli.err" >&2 && die "$1: nvc-cli configure gave $status"; }
	grep -Eq 'device|VISIBLE_DEVICES|no GPU' "$WORK/cli.err" || { cat "$WORK/cli.err" >&2 && die "$1: not for the device"; }
	run_plain "$WORK/cli.err"
}

inside() {
	case $PLANTED in
	void | empty) [[ ! -e $LIB/nvidia/libcuda.so.1.1 ]] ;;
	none) [[ ! -c dev/nvidia0 ]] && is_bound "$LIB/nvidia/libcuda.so.1.1" ;;
	again) [[ -c dev/nvidia0 ]] && is_bound "$LIB/nvidia/libcuda.so.1.1" ;;
	esac
}

run() {
	if [[ $SCENE == bad ]]; then
		each_value climbing path bomb option long negative huge forged many format kind mig bytes mixed
	else
		each_value void none again empty
	fi
}
