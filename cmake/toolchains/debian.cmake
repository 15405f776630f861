# SPDX-License-Identifier: Apache-2.0
# What the toolchain files for Debian's cross compilers have in common. The libraries are those of
# the machine's own multiarch packages, or with -DNVC_SYSROOT=DIR those of a root tree.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${NVC_TRIPLET}-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE ${NVC_TRIPLET})

# tests of the compiler read this file again, with no variables but these
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES NVC_SYSROOT)
if(NVC_SYSROOT)
  set(CMAKE_SYSROOT ${NVC_SYSROOT})
endif()

# GNUInstallDirs takes Debian's folder for libraries in a build for the machine itself only
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(CMAKE_INSTALL_LIBDIR lib/${NVC_TRIPLET} CACHE STRING "folder of libraries, below the prefix")
endif()

# rpcgen, scdoc and pkg-config run here, nothing else of this machine is looked at
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_PATH} "")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${CMAKE_SYSROOT}")
set(ENV{PKG_CONFIG_LIBDIR} "${CMAKE_SYSROOT}/usr/lib/${NVC_TRIPLET}/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig")
