# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2016 # for stage.sh; scripts for another shell
# The folder of libraries is an absolute link to the host's: it leads nowhere, or into the root tree.
allowed='contained refused'

image() {
	rm -rf "$LIB"
	ln -s "$CANARY/$LIB" "$LIB"
}

bundle() {
	env_add NVIDIA_VISIBLE_DEVICES=all
}
