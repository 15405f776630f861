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

# The messages between the library and the child that loads the driver's own libraries. Checked here
# so that a machine with all build dependencies stays one; nothing links it yet.
if(NVC_NVML)
  pkg_check_modules(LIBTIRPC REQUIRED IMPORTED_TARGET libtirpc)
  find_program(RPCGEN rpcgen DOC "rpcgen of rpcsvc-proto, for the build machine")
  if(NOT RPCGEN)
    message(FATAL_ERROR "rpcgen not found: install rpcsvc-proto, or set RPCGEN, or -DNVC_NVML=OFF")
  endif()
endif()
