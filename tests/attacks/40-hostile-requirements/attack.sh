# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016,SC2154 # for stage.sh; scripts for another shell
# NVIDIA_DRIVER_CAPABILITIES and NVIDIA_REQUIRE_*: expressions that are none, deep or 1 MiB long, formats,
# hundreds of them.
# shellcheck source=tests/attacks/values.sh
. "$NVC_SOURCE_DIR/tests/attacks/values.sh"
scenes=(bad good)
[[ ${SCENE-} != bad ]] || allowed=refused
needle='NVIDIA_(REQUIRE|DRIVER_CAPABILITIES|\* variables)'
try_shim=yes

value() { # NAME
	case $1 in
	require-format) printf '%%n%%s%%n>=%%x' ;;
	require-mebibyte) printf 'cuda>=%s' "$(head -c 1048576 /dev/zero | tr '\0' 1)" ;;
	require-deep) printf 'cuda>=99.0,%.0s' {1..1400} ;;
	require-wide) printf 'cuda>=99.0 %.0s' {1..100000} ;;
	require-unbalanced) printf '((cuda>=1.0' ;;
	require-no-value) printf 'cuda>=' ;;
	require-no-operator) printf 'cuda cuda,' ;;
	require-huge) printf 'cuda>=99999999999999999999.1' ;;
	require-control) printf 'cuda>=1\n\033[31m' ;;
	require-many) printf 'cuda>=1.0' ;;
	caps-unknown) printf 'compute,/bin/sh' ;;
	caps-mebibyte) printf 'compute,%.0s' {1..131072} ;;
	caps-format) printf '%%n%%n' ;;
	caps-control) printf 'compute\n--ldconfig=/x' ;;
	require-unknown-property) printf '%%n=1,what>=../../x' ;;
	require-empty) printf '   ' ;;
	caps-again) printf 'all,compute,all,none,utility' ;;
	caps-blank) printf ' , ,' ;;
	esac
}

plant() { # NAME
	local i
	value "$1" >"$WORK/value"
	env_add NVIDIA_VISIBLE_DEVICES=all
	case $1 in
	caps-*) env_file NVIDIA_DRIVER_CAPABILITIES "$WORK/value" ;;
	require-many)
		bundle_edit "$BUNDLE" '.process.env += [range(1000) | "NVIDIA_REQUIRE_\(.)=cuda>=1.0"]'
		;;
	*)
		env_file NVIDIA_REQUIRE_CUDA "$WORK/value"
		check_option "$1"
		;;
	esac
}

check_option() { # NAME
	local status=0
	[[ $SCENE == bad ]] && (($(wc -c <"$WORK/value") < 100000)) || return 0
	bounded "$CLI" --config "$CONFIG" configure --no-cgroups --pid $$ --device=0 --require="$(cat "$WORK/value")" "$ROOTFS" >"$WORK/cli.out" 2>"$WORK/cli.err" || status=$?
	((status == 1 && $(wc -l <"$WORK/cli.err") == 1)) || { cat "$WORK/cli.err" >&2 && die "$1: nvc-cli configure gave $status"; }
	grep -q 'requirement' "$WORK/cli.err" || { cat "$WORK/cli.err" >&2 && die "$1: not for the requirement"; }
	run_plain "$WORK/cli.err"
}

inside() {
	is_bound "$LIB/nvidia/libcuda.so.1.1"
}

run() {
	if [[ $SCENE == bad ]]; then
		each_value require-{mebibyte,deep,wide,no-value,no-operator,huge,control,many} caps-{unknown,mebibyte,format,control}
	else
		each_value require-{format,unbalanced,unknown-property,empty} caps-{again,blank}
	fi
}
