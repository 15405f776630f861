# SPDX-License-Identifier: Apache-2.0
# Cross build for arm64 with Debian's gcc-aarch64-linux-gnu; -DCMAKE_SYSROOT names a root tree with the
# libraries, and PKG_CONFIG_SYSROOT_DIR and PKG_CONFIG_LIBDIR say the same to pkg-config.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
