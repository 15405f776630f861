# SPDX-License-Identifier: Apache-2.0
# bash completion for nvc-cli; made by nvc-cli --print-completion
# shellcheck shell=bash
_nvc_cli() {
	local cur=${COMP_WORDS[COMP_CWORD]} command='' words='' word
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		info | list | plan | configure | csv | runtime) [[ -n $command ]] || command=$word ;;
		esac
	done
	case $command in
	'') words='info list plan configure csv runtime --root= --host-root= --config= --debug= --ldcache= --user --no-cache --load-kmods --no-create-imex-channels --no-pivot --version --help' ;;
	info) words='--json --csv' ;;
	list) words='--json --device= --libraries --binaries --ipcs --firmwares --compat32 --mig-config= --mig-monitor= --imex-channel= --no-persistenced --no-fabricmanager --no-gsp-firmware' ;;
	plan) words='--json --bundle= --request= --rootfs= --device= --require= --compute --utility --video --graphics --display --ngx --compat32 --cuda-compat-mode= --mig-config= --mig-monitor= --imex-channel= --no-persistenced --no-fabricmanager --no-gsp-firmware' ;;
	configure) words='--pid= --id= --device= --require= --no-cgroups --no-devbind --compute --utility --video --graphics --display --ngx --compat32 --ldconfig= --cuda-compat-mode= --mig-config= --mig-monitor= --imex-channel= --no-persistenced --no-fabricmanager --no-gsp-firmware' ;;
	csv) words='check list ' ;;
	runtime) words='configure --runtime= --config= --set-as-default --remove --dry-run --image-root= --nvidia-runtime-name= --nvidia-runtime-path=' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace
	fi
}
complete -o default -F _nvc_cli nvc-cli nvidia-container-cli
