# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# /dev is a link to the host's: no node, link or folder is made there, nothing taken away.
scenes=(absolute climbing absolute-inside climbing-inside)
needle="'/dev"
[[ $SCENE == *-inside ]] || allowed=refused

# CVE-2026-41579, CVE-2026-47766: runtimes of these days do on the host themselves what we must not
skipped() {
	[[ $HARNESS == cell || $HARNESS == user ]] || echo "the runtime itself follows the link, or stumbles over it"
}

image() {
	rm -r dev
	case $SCENE in
	absolute*) ln -s "$CANARY/dev" dev ;;
	climbing*) ln -s "../../../../../../..$CANARY/dev" dev ;;
	esac
	[[ $SCENE != *-inside ]] || mkdir -p ".$CANARY/dev"
}

host() {
	touch "$CANARY/dev/nvhost-gpu" "$CANARY/dev/ptmx"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}

inside() {
	is_bound_at ".$CANARY/dev/nvhost-gpu" dev/nvhost-gpu
	is_bound_at ".$CANARY/dev/nvgpu/igpu0/ctrl" dev/nvgpu/igpu0/ctrl
}
