# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Packages of any Debian release and architecture, from the mirror of this machine's own apt sources,
# with lists of their own: nothing is installed, no maintainer script runs.
#
#   aptdir_release                         that of this machine
#   aptdir_open DIR RELEASE ARCHITECTURE   from here on apt-get and apt-cache work in the new folder DIR;
#                                          fails after a line that says why
#   aptdir_known NAME...                   those that the release has
#   aptdir_fetch DIR NAME...               exactly those packages, unpacked into DIR
#   aptdir_fetch_all DIR NAME...           and all that they depend on
#   aptdir_source DIR NAME...              the sources of those packages, unpacked and patched as Debian builds
#                                          them: DIR/NAME (needs dpkg-dev)
#   aptdir_merge_usr DIR                   /bin, /lib ... become links, as base-files and usrmerge have it
# DIR is the caller's to remove.

aptdir_release() {
	(. /etc/os-release && printf '%s\n' "${VERSION_CODENAME:-bookworm}")
}

# The mirror, and the way the machine reaches it.
aptdir_mirror() {
	# shellcheck disable=SC2016 # the $(...) are apt's
	apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' |
		awk -v release="$(aptdir_release)" '$1 == release && !found { found = $2 } END { print found }'
}

aptdir_open() { # DIR RELEASE ARCHITECTURE
	local state=$1 release=$2 arch=$3 mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg option=
	command -v apt-get >/dev/null || { echo "no apt on this machine" && return 1; }
	mirror=$(aptdir_mirror)
	if [[ ! $mirror ]]; then
		apt-get -qq update >/dev/null 2>&1 || true
		mirror=$(aptdir_mirror)
	fi
	[[ $mirror ]] || { echo "apt knows no Debian mirror" && return 1; }

	[[ ! -e $keyring ]] || option="[signed-by=$keyring] "
	mkdir -p "$state"/{lists/partial,cache/archives/partial,etc/apt.conf.d,debs}
	: >"$state/status"
	echo "deb $option$mirror $release main" >"$state/etc/sources.list"
	apt-config dump Acquire | grep -E '^Acquire::(http|https|Check|Retries|ForceIPv)' >"$state/etc/apt.conf.d/90machine" || true
	cat >"$state/apt.conf" <<-END
		Dir::State "$state";
		Dir::State::lists "$state/lists";
		Dir::State::status "$state/status";
		Dir::Cache "$state/cache";
		Dir::Etc "$state/etc";
		Dir::Etc::Parts "$state/etc/apt.conf.d";
		Dir::Etc::TrustedParts "/etc/apt/trusted.gpg.d";
		Dir::Etc::netrcparts "/etc/apt/auth.conf.d";
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		APT::Sandbox::User "root";
		APT::Install-Recommends "false";
		Acquire::Languages "none";
		Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
		Acquire::IndexTargets::deb::CNF::DefaultEnabled "false";
	END
	export APT_CONFIG=$state/apt.conf APTDIR_STATE=$state
	apt-get -qq update >"$state/log" 2>&1 || { cat "$state/log" && echo "the mirror's lists cannot be had" && return 1; }
}

aptdir_known() {
	comm -12 <(printf '%s\n' "$@" | sort -u) <(apt-cache pkgnames | sort)
}

aptdir_unpack() { # DIR DEBS
	local deb
	mkdir -p "$1"
	for deb in "$2"/*.deb; do dpkg-deb -x "$deb" "$1" || return 1; done
}

aptdir_fetch() { # DIR NAME...
	local into=$1 debs
	shift
	debs=$(mktemp -d "$APTDIR_STATE/debs/XXXXXX")
	(cd "$debs" && apt-get -qq download "$@") >>"$APTDIR_STATE/log" 2>&1 ||
		{ cat "$APTDIR_STATE/log" && echo "the mirror's packages cannot be had" && return 1; }
	aptdir_unpack "$into" "$debs"
}

aptdir_fetch_all() { # DIR NAME...
	local into=$1
	shift
	apt-get -qq -y --download-only install "$@" >>"$APTDIR_STATE/log" 2>&1 ||
		{ cat "$APTDIR_STATE/log" && echo "the mirror's packages cannot be had" && return 1; }
	aptdir_unpack "$into" "$APTDIR_STATE/cache/archives"
}

# apt compares what it gets with the sums of its signed list; dpkg-source's complaint about the
# maintainer's own key is none of ours.
aptdir_source() { # DIR NAME...
	local into=$1 list=$APTDIR_STATE/etc/sources.list name downloads unpacked
	shift
	if ! grep -q '^deb-src ' "$list"; then
		sed -i 'p; s/^deb /deb-src /' "$list"
		apt-get -qq update >"$APTDIR_STATE/log" 2>&1 || { cat "$APTDIR_STATE/log" && echo "the mirror's source lists cannot be had" && return 1; }
	fi
	mkdir -p "$into"
	for name; do
		downloads=$(mktemp -d "$APTDIR_STATE/debs/XXXXXX")
		(cd "$downloads" && apt-get -qq --only-source source "$name") >>"$APTDIR_STATE/log" 2>&1 ||
			{ tail -n 20 "$APTDIR_STATE/log" && echo "the mirror's source of $name cannot be had" && return 1; }
		unpacked=$(find "$downloads" -mindepth 1 -maxdepth 1 -type d)
		rm -rf "${into:?}/$name"
		mv "$unpacked" "$into/$name"
	done
}

aptdir_merge_usr() { # DIR
	local name
	for name in bin sbin lib lib32 lib64 libx32; do
		[[ -d $1/$name || -d $1/usr/$name ]] || continue
		mkdir -p "$1/usr/$name"
		[[ ! -d $1/$name || -L $1/$name ]] || cp -a --remove-destination "$1/$name/." "$1/usr/$name/"
		rm -rf "${1:?}/$name"
		ln -s "usr/$name" "$1/$name"
	done
}
