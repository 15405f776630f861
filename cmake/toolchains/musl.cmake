# SPDX-License-Identifier: Apache-2.0
# For musl on a glibc machine: cmake -DCMAKE_TOOLCHAIN_FILE=cmake/toolchains/musl.cmake -DNVC_SYSROOT=DIR,
# DIR made by tests/support/muslroot.sh. On a machine whose C library is musl no toolchain file is needed.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${CMAKE_HOST_SYSTEM_PROCESSOR})
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES NVC_SYSROOT)
if(NOT EXISTS "${NVC_SYSROOT}/bin/musl-gcc")
  message(FATAL_ERROR "no musl-gcc in NVC_SYSROOT '${NVC_SYSROOT}': tests/support/muslroot.sh makes such a folder")
endif()

set(CMAKE_C_COMPILER ${NVC_SYSROOT}/bin/musl-gcc)
set(CMAKE_FIND_ROOT_PATH ${NVC_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} ${NVC_SYSROOT}/lib/pkgconfig)
