# SPDX-License-Identifier: Apache-2.0
# Every choice of a build. None is made by what happens to be installed: a missing dependency is an
# error that names the option which does without.
option(NVC_STATIC_PROGRAMS "link nvc-hook, nvc-runtime and nvc-cli static-pie" ON)
option(NVC_SECCOMP "system call filters for hook and driver child (needs libseccomp)" ON)
option(NVC_NVML "the child that asks NVIDIA's driver library (needs libtirpc and rpcgen)" ON)
option(NVC_STATIC_XDR "take XDR from libtirpc's archive; OFF: link the shared library" ON)
option(NVC_COMPAT_NAMES "also install under the names of NVIDIA's programs" ON)
option(NVC_MAN "build the manual pages (needs scdoc)" ON)
option(NVC_TESTS "build the tests (needs cmocka)" ON)
option(NVC_PTEST "also install the unit tests, for Yocto's ptest-runner (needs NVC_TESTS)" OFF)
set(NVC_PTEST_DIR ${CMAKE_INSTALL_LIBDIR}/nvc/ptest CACHE STRING "where NVC_PTEST installs them")
option(NVC_FUZZ "build the fuzz targets with libFuzzer (clang)" OFF)
option(NVC_TEST_VALGRIND "also register each unit test under valgrind" OFF)
option(NVC_TEST_REAL "also register the tests that need a GPU and NVIDIA's driver (tests/run --real-gpu)" OFF)
option(NVC_SANITIZE "address and undefined behaviour sanitizers" OFF)
option(NVC_PACKAGING "make Debian packages with cpack (needs CMAKE_INSTALL_PREFIX=/usr)" OFF)
set(NVC_PACKAGE_CONTACT "nvc maintainers <nvc@nvc.invalid>" CACHE STRING "maintainer of the packages, as 'NAME <MAIL>'")
set(NVC_PACKAGE_RELEASE "1" CACHE STRING "Debian revision: the part of a package's version after '-'")

# Defaults of settings, for boards whose distribution has its own places: a key of config.toml wins.
set(NVC_CSV_DIR /etc/nvidia-container-runtime/host-files-for-container.d
    CACHE STRING "folder of the board's mount lists: default of mount-spec-path, and where NVC_CSV_RELEASE goes")
set(NVC_ALT_ROOTS "" CACHE STRING "trees whose files win over the driver root's: default of alt-roots; a ;-list")
set(NVC_CONTAINER_LIBDIR
    ""
    CACHE STRING "where images expect what the board has in its library directory: default of path-map; empty = there")

# They become string literals, and "FROM:TO" of path-map has a colon in it.
function(nvc_check_path name path)
  if(NOT path MATCHES "^/[-A-Za-z0-9._+@~,/]*$" OR path MATCHES "(^|/)\\.\\.?(/|$)")
    message(
      FATAL_ERROR "${name}='${path}': wants an absolute path of letters, digits and -._+@~, without '.' and '..' in it")
  endif()
endfunction()

nvc_check_path(NVC_CSV_DIR "${NVC_CSV_DIR}")
foreach(root IN LISTS NVC_ALT_ROOTS)
  nvc_check_path(NVC_ALT_ROOTS "${root}")
endforeach()
list(LENGTH NVC_ALT_ROOTS number)
if(number GREATER 14) # ROOT_MAX - ROOT_ALT of lib/model/inventory.h
  message(FATAL_ERROR "NVC_ALT_ROOTS names ${number} trees: there can be 14")
endif()
if(NVC_CONTAINER_LIBDIR)
  nvc_check_path(NVC_CONTAINER_LIBDIR "${NVC_CONTAINER_LIBDIR}")
  nvc_check_path(CMAKE_INSTALL_LIBDIR "${CMAKE_INSTALL_FULL_LIBDIR}")
endif()

# Programs without a loader: a sanitizer's run-time library is a shared one.
set(NVC_STATIC OFF)
if(NVC_STATIC_PROGRAMS AND NOT NVC_SANITIZE AND NOT NVC_FUZZ)
  set(NVC_STATIC ON)
endif()
if(NVC_NVML AND NOT NVC_STATIC_XDR AND NVC_STATIC)
  message(FATAL_ERROR "NVC_STATIC_XDR=OFF links a shared library, which static programs cannot have: "
                      "set NVC_STATIC_PROGRAMS=OFF too")
endif()
if(NVC_PTEST AND NOT NVC_TESTS)
  message(FATAL_ERROR "NVC_PTEST=ON installs the unit tests: set -DNVC_TESTS=ON")
endif()
