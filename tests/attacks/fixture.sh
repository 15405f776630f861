# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What all attack cases share and none changes: a simulated board and an image.
#   fixture_open    $ATTACKS_DIR, and in it `board` (R36), `image` and `bundle`; made by the first who comes when
#                   NVC_ATTACKS_FIXTURE names a folder, which later runs then find there
#   fixture_close   takes it away again

# shellcheck source=tests/support/gpu.sh
. "${NVC_SOURCE_DIR:?}/tests/support/gpu.sh"

fixture_make() { # DIR
	"$NVC_SOURCE_DIR/tests/support/image.sh" "$1/image" "$NVC_BUILD_DIR" >&2
	"$NVC_BUILD_DIR/tests/support/board" --board R36 "$1/board" >&2
	bundle_make "$1/bundle" rootfs
	bundle_edit "$1/bundle" '.process.args = ["/bin/sleep", "20"]'
}

fixture_open() {
	ATTACKS_DIR=$(mktemp -d /tmp/nvc-attacks.XXXXXX)
	chmod 755 "$ATTACKS_DIR"
	export ATTACKS_DIR ATTACKS_FIXTURE=$ATTACKS_DIR
	if [[ ${NVC_ATTACKS_FIXTURE-} ]]; then
		ATTACKS_FIXTURE=$NVC_ATTACKS_FIXTURE
		mkdir -p "$ATTACKS_FIXTURE"
		(
			flock 9
			[[ -e $ATTACKS_FIXTURE/made ]] || { fixture_make "$ATTACKS_FIXTURE" && touch "$ATTACKS_FIXTURE/made"; }
		) 9>"$ATTACKS_FIXTURE/lock"
	else
		fixture_make "$ATTACKS_FIXTURE"
	fi
	engines_init "$ATTACKS_DIR/engines"
}

fixture_close() {
	cd /
	sweep "$ATTACKS_DIR"
}
