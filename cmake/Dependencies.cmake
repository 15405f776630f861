# SPDX-License-Identifier: Apache-2.0
# External libraries, each by pkg-config and each used by one layer only (lib/README.md).
find_package(PkgConfig REQUIRED)
macro(nvc_require name module advice)
  pkg_check_modules(${name} IMPORTED_TARGET "${module}")
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "${module} not found by pkg-config: install its development files${advice}")
  endif()
endmacro()
set(NVC_LIBRARIES JANSSON LIBELF LIBCAP)
nvc_require(JANSSON "jansson>=2.11" "")
nvc_require(LIBELF libelf "")
nvc_require(LIBCAP libcap "")
if(NVC_SECCOMP)
  nvc_require(LIBSECCOMP libseccomp ", or set -DNVC_SECCOMP=OFF, which leaves the system call filters out")
  list(APPEND NVC_LIBRARIES LIBSECCOMP)
endif()
if(NVC_TESTS)
  nvc_require(CMOCKA cmocka ", or set -DNVC_TESTS=OFF")
endif()
# a part of the C library since glibc 2.34, and of musl
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# nvc_ext_NAME links the shared library, or its archives into targets with the property NVC_STATIC.
function(nvc_static_archives name ret)
  set(archives)
  foreach(library ${${name}_STATIC_LIBRARIES})
    string(MAKE_C_IDENTIFIER "NVC_ARCHIVE_${library}" variable)
    find_library(${variable} NAMES lib${library}.a HINTS ${${name}_STATIC_LIBRARY_DIRS} ${${name}_LIBDIR})
    mark_as_advanced(${variable})
    if(${variable})
      list(APPEND archives ${${variable}})
    else()
      message(FATAL_ERROR "lib${library}.a not found: install the static library, or set -DNVC_STATIC_PROGRAMS=OFF")
    endif()
  endforeach()
  set(${ret} ${archives} PARENT_SCOPE)
endfunction()
foreach(name ${NVC_LIBRARIES})
  add_library(nvc_ext_${name} INTERFACE)
  if(NVC_STATIC)
    nvc_static_archives(${name} archives)
    target_link_libraries(
      nvc_ext_${name} INTERFACE "$<IF:$<BOOL:$<TARGET_PROPERTY:NVC_STATIC>>,${archives},PkgConfig::${name}>")
  else()
    target_link_libraries(nvc_ext_${name} INTERFACE PkgConfig::${name})
  endif()
endforeach()

# The messages between the library and the child that loads the driver's own libraries (nvc-driver):
# their types are rpcgen's, and XDR of libtirpc carries them. Of that only XDR is used. From the
# archive, which has to be position-independent since libnvc.so takes it as well: the shared library
# costs every program, on boards too that never start the child, 0.4 ms and up to eight more
# libraries (Debian's comes with Kerberos). NVC_STATIC_XDR=OFF pays that, for distributions that have
# no archives at all; their programs are dynamic anyway.
function(nvc_try_xdr_archive)
  file(
    WRITE ${CMAKE_BINARY_DIR}/xdr/probe.c
    "#include <rpc/rpc.h>\nint nvc_probe(char *bytes, char **text);\nint nvc_probe(char *bytes, char **text)\n"
    "{\n\tXDR xdr;\n\n\txdrmem_create(&xdr, bytes, 4, XDR_DECODE);\n\treturn xdr_string(&xdr, text, 4);\n}\n")
  file(
    WRITE ${CMAKE_BINARY_DIR}/xdr/CMakeLists.txt
    "cmake_minimum_required(VERSION 3.16)\nproject(probe C)\nadd_library(probe SHARED probe.c)\n"
    "set_target_properties(probe PROPERTIES POSITION_INDEPENDENT_CODE ON)\n"
    "target_include_directories(probe PRIVATE \${XDR_INCLUDE})\n"
    "target_link_libraries(probe PRIVATE \${XDR_ARCHIVE})\ntarget_link_options(probe PRIVATE -Wl,-z,defs -Wl,-z,text)\n")
  if(NOT DEFINED NVC_XDR_USABLE)
    try_compile(
      NVC_XDR_USABLE ${CMAKE_BINARY_DIR}/xdr/build ${CMAKE_BINARY_DIR}/xdr probe
      CMAKE_FLAGS "-DXDR_INCLUDE=${NVC_XDR_INCLUDE}" "-DXDR_ARCHIVE=${NVC_XDR_ARCHIVE}")
  endif()
endfunction()

if(NVC_NVML)
  set(advice ", or set -DNVC_NVML=OFF, which leaves out what only NVIDIA's own library knows of GPUs")
  nvc_require(LIBTIRPC libtirpc "${advice}")
  find_program(RPCGEN rpcgen DOC "rpcgen of rpcsvc-proto, for the build machine")
  if(NOT RPCGEN)
    message(FATAL_ERROR "rpcgen not found: install rpcsvc-proto, or set RPCGEN${advice}")
  endif()
  set(NVC_XDR_INCLUDE ${LIBTIRPC_INCLUDE_DIRS})
  # sanitizers bring functions of those names that look for the shared library's
  set(NVC_XDR_LIBRARY ${LIBTIRPC_LINK_LIBRARIES})
  if(NVC_STATIC_XDR)
    find_library(NVC_XDR_ARCHIVE NAMES libtirpc.a HINTS ${LIBTIRPC_STATIC_LIBRARY_DIRS} ${LIBTIRPC_LIBDIR})
    mark_as_advanced(NVC_XDR_ARCHIVE)
    if(NVC_XDR_ARCHIVE)
      nvc_try_xdr_archive()
    endif()
    if(NOT NVC_XDR_USABLE)
      unset(NVC_XDR_USABLE CACHE)
      message(
        FATAL_ERROR
          "no libtirpc.a that a shared library can take (Debian has it in libtirpc-dev, OpenEmbedded in "
          "libtirpc-staticdev, unless static libraries are switched off): install one, or set "
          "-DNVC_STATIC_XDR=OFF -DNVC_STATIC_PROGRAMS=OFF, which link shared libraries${advice}")
    endif()
    if(NOT NVC_SANITIZE AND NOT NVC_FUZZ)
      set(NVC_XDR_LIBRARY ${NVC_XDR_ARCHIVE})
    endif()
  endif()
  include(RpcGen)
endif()
