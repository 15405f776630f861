# SPDX-License-Identifier: Apache-2.0
# External libraries, each by pkg-config and each used by one layer only (lib/README.md).
find_package(PkgConfig REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.11)
pkg_check_modules(LIBELF REQUIRED IMPORTED_TARGET libelf)
pkg_check_modules(LIBCAP REQUIRED IMPORTED_TARGET libcap)
pkg_check_modules(LIBSECCOMP REQUIRED IMPORTED_TARGET libseccomp)
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
      message(FATAL_ERROR "lib${library}.a not found: install the static library, or set NVC_STATIC_PROGRAMS=OFF")
    endif()
  endforeach()
  set(${ret} ${archives} PARENT_SCOPE)
endfunction()
foreach(name JANSSON LIBELF LIBCAP LIBSECCOMP)
  add_library(nvc_ext_${name} INTERFACE)
  if(NVC_STATIC_PROGRAMS AND NOT NVC_SANITIZE AND NOT NVC_FUZZ)
    nvc_static_archives(${name} archives)
    target_link_libraries(
      nvc_ext_${name} INTERFACE "$<IF:$<BOOL:$<TARGET_PROPERTY:NVC_STATIC>>,${archives},PkgConfig::${name}>")
  else()
    target_link_libraries(nvc_ext_${name} INTERFACE PkgConfig::${name})
  endif()
endforeach()

# The messages between the library and the child that loads the driver's own libraries (nvc-driver):
# their types are rpcgen's, and XDR of libtirpc carries them. Of that only XDR is used, always from the
# archive, which has to be position-independent since libnvc.so takes it as well: the shared library
# would cost every program, on boards too that never start the child, 0.4 ms and eight more libraries.
# There is no second way on purpose: where there is no such archive, NVC_NVML is to be switched off.
if(NVC_NVML)
  pkg_check_modules(LIBTIRPC REQUIRED libtirpc)
  find_program(RPCGEN rpcgen DOC "rpcgen of rpcsvc-proto, for the build machine")
  if(NOT RPCGEN)
    message(FATAL_ERROR "rpcgen not found: install rpcsvc-proto, or set RPCGEN, or -DNVC_NVML=OFF")
  endif()
  find_library(NVC_XDR_ARCHIVE NAMES libtirpc.a HINTS ${LIBTIRPC_STATIC_LIBRARY_DIRS} ${LIBTIRPC_LIBDIR})
  mark_as_advanced(NVC_XDR_ARCHIVE)
  set(NVC_XDR_INCLUDE ${LIBTIRPC_INCLUDE_DIRS})
  if(NVC_XDR_ARCHIVE)
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
  endif()
  if(NOT NVC_XDR_USABLE)
    unset(NVC_XDR_USABLE CACHE)
    message(
      FATAL_ERROR
        "no libtirpc.a that a shared library can take (Debian has it in libtirpc-dev, OpenEmbedded in "
        "libtirpc-staticdev, unless static libraries are switched off): install one, or -DNVC_NVML=OFF, "
        "which leaves out what only NVIDIA's own library knows of GPUs")
  endif()
  # sanitizers bring functions of those names that look for the shared library's
  set(NVC_XDR_LIBRARY ${NVC_XDR_ARCHIVE})
  if(NVC_SANITIZE OR NVC_FUZZ)
    set(NVC_XDR_LIBRARY ${LIBTIRPC_LINK_LIBRARIES})
  endif()
  include(RpcGen)
endif()
