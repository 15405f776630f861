#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docker_dev.sh IMAGE COMMAND...: a development container with all GPUs for the caller's own user, who
# finds the work folder as it is outside; needs Docker 19.03.
set -eu
image=$1
shift
exec ${DOCKER:-docker} run --rm --gpus all --network host \
	-u "$(id -u):$(id -g)" -v "$PWD:/workspace" -w /workspace -e HOME=/tmp --name "${NAME:-dev}" "$image" "$@"
