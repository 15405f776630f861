# SPDX-License-Identifier: Apache-2.0
# 32-bit ARM with Debian's gcc-arm-linux-gnueabihf: docs/building.md
set(NVC_TRIPLET arm-linux-gnueabihf)
set(CMAKE_SYSTEM_PROCESSOR armv7l)
include(${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
