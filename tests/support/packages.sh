# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Installs what tests/packages.txt lists.
#   packages_install LOG [KINDS]   KINDS: extended regular expression of the second column

packages_missing() { # [KINDS]
	local package kind
	while IFS=$'\t' read -r package kind; do
		[[ $package && $package != '#'* && $kind =~ ^(${1:-.*})$ ]] || continue
		[[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || printf '%s\n' "$package"
	done <"$(dirname "${BASH_SOURCE[0]}")/../packages.txt"
}

packages_install() { # LOG [KINDS]
	local log=$1 missing apt
	command -v dpkg-query >/dev/null || { echo "not a Debian machine: install what tests/packages.txt lists by hand" >&2 && return 0; }
	mapfile -t missing < <(packages_missing "${2-}")
	((${#missing[@]})) || return 0
	if ((EUID != 0)); then
		echo "not root, so these packages stay missing: ${missing[*]}" >&2
		return 0
	fi
	echo "installing ${missing[*]}"
	apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120
		install --no-install-recommends "${missing[@]}")
	"${apt[@]}" </dev/null >"$log" 2>&1 || { apt-get -qq update </dev/null >>"$log" 2>&1 && "${apt[@]}" </dev/null >>"$log" 2>&1; } || {
		tail -n 20 "$log" >&2
		echo "apt-get could not install the packages" >&2
		return 1
	}
}
