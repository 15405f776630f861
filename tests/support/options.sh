# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Builds on a machine that lacks development files. Sourced.

# FOLDER with the pkg-config files of this machine but those named: for PKG_CONFIG_LIBDIR
options_without() { # FOLDER [MODULE ...]
	local folder=$1 path
	shift
	mkdir -p "$folder"
	while read -r path; do
		ln -sf "$path" "$folder/"
	done < <(pkg-config --variable pc_path pkg-config | tr ':' '\n' | while read -r path; do find "$path" -name '*.pc' 2>/dev/null || true; done)
	for path; do
		rm -f "$folder/$path.pc"
	done
}
