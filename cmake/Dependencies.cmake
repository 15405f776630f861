# SPDX-License-Identifier: Apache-2.0
# External libraries, each by pkg-config and each used by one layer only (lib/README.md).
find_package(PkgConfig REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.13)
pkg_check_modules(LIBELF REQUIRED IMPORTED_TARGET libelf)
pkg_check_modules(LIBCAP REQUIRED IMPORTED_TARGET libcap)
pkg_check_modules(LIBSECCOMP REQUIRED IMPORTED_TARGET libseccomp)
# The messages between the library and the child that loads the driver's own libraries. Checked here
# so that a machine with all build dependencies stays one; nothing links it yet.
if(NVC_NVML)
  pkg_check_modules(LIBTIRPC REQUIRED IMPORTED_TARGET libtirpc)
  find_program(RPCGEN rpcgen DOC "rpcgen of rpcsvc-proto, for the build machine")
  if(NOT RPCGEN)
    message(FATAL_ERROR "rpcgen not found: install rpcsvc-proto, or set RPCGEN, or -DNVC_NVML=OFF")
  endif()
endif()
