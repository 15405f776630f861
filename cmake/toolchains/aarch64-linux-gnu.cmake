# SPDX-License-Identifier: Apache-2.0
# 64-bit ARM with Debian's gcc-aarch64-linux-gnu: docs/building.md
set(NVC_TRIPLET aarch64-linux-gnu)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
include(${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
