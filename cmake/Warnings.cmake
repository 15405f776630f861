# SPDX-License-Identifier: Apache-2.0
# Warnings and hardening, appended to the user's flags, never in their place.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)

add_library(nvc_flags INTERFACE)
target_compile_features(nvc_flags INTERFACE c_std_11)
# file sizes, inode numbers and times of 64 bits on machines of 32 too; no other meaning anywhere
target_compile_definitions(nvc_flags INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64 _TIME_BITS=64)
target_compile_options(
  nvc_flags
  INTERFACE -fvisibility=hidden
            -Wall
            -Wextra
            -Wconversion
            -Wsign-conversion
            -Wshadow
            -Wstrict-prototypes
            -Wmissing-prototypes
            -Wformat=2
            -Wvla
            -Wundef
            -Wpointer-arith
            -Wcast-qual
            -Wwrite-strings
            -ffunction-sections
            -fdata-sections)
# gcc 9 complains of {.member = (struct x){.a = 1}} in an initialiser, too
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_C_COMPILER_VERSION VERSION_LESS 10)
  target_compile_options(nvc_flags INTERFACE -Wno-missing-field-initializers)
endif()
foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection -gno-record-gcc-switches)
  string(MAKE_C_IDENTIFIER "NVC_HAVE${flag}" have)
  check_c_compiler_flag(${flag} ${have})
  if(${have})
    target_compile_options(nvc_flags INTERFACE ${flag})
  endif()
endforeach()
# glibc of 32-bit ARM and others have no start code for it: those programs are static at a fixed place
set(NVC_STATIC_LINK -static-pie)
if(NVC_STATIC)
  set(CMAKE_REQUIRED_FLAGS -fPIE)
  set(CMAKE_REQUIRED_LINK_OPTIONS -static-pie)
  check_c_source_compiles("int main(void) { return 0; }" NVC_HAVE_STATIC_PIE)
  unset(CMAKE_REQUIRED_FLAGS)
  unset(CMAKE_REQUIRED_LINK_OPTIONS)
  if(NOT NVC_HAVE_STATIC_PIE)
    message(STATUS "no static-pie with this C library: static programs are at a fixed address")
    set(NVC_STATIC_LINK -static)
  endif()
endif()

# Where it was built must not be seen in what is installed: two folders, the same bytes. Who maps
# prefixes himself, as distributions do, knows better where the sources will lie.
foreach(kind debug macro)
  if(NOT CMAKE_C_FLAGS MATCHES "-f(file|${kind})-prefix-map=")
    foreach(folder ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
      target_compile_options(nvc_flags INTERFACE -f${kind}-prefix-map=${folder}=.)
    endforeach()
  endif()
endforeach()

# Only where neither the flags nor the compiler itself set a level, and only with optimisation, which
# glibc wants for it. The answers are kept for these flags.
function(nvc_fortify)
  if(multi_config)
    set(optimised $<NOT:$<CONFIG:Debug>>)
  else()
    string(TOUPPER "CMAKE_C_FLAGS_${CMAKE_BUILD_TYPE}" flags)
    set(CMAKE_REQUIRED_FLAGS "${${flags}}")
    string(MD5 key "${CMAKE_C_COMPILER} ${CMAKE_C_FLAGS} ${${flags}}")
    check_c_source_compiles(
      "#ifndef __OPTIMIZE__\n#error not optimised\n#endif\nint main(void) { return 0; }" NVC_OPTIMISED_${key})
    set(optimised $<BOOL:${NVC_OPTIMISED_${key}}>)
  endif()
  string(MD5 key "${CMAKE_C_COMPILER} ${CMAKE_C_FLAGS}")
  set(CMAKE_REQUIRED_FLAGS -O2)
  check_c_source_compiles("#ifdef _FORTIFY_SOURCE\n#error set\n#endif\nint main(void) { return 0; }"
                          NVC_FORTIFY_UNSET_${key})
  if(NVC_FORTIFY_UNSET_${key})
    target_compile_definitions(nvc_flags INTERFACE $<${optimised}:_FORTIFY_SOURCE=2>)
  endif()
endfunction()
if(NOT NVC_SANITIZE AND NOT CMAKE_C_FLAGS MATCHES "_FORTIFY_SOURCE")
  nvc_fortify()
endif()
target_link_options(nvc_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
if(NVC_SANITIZE)
  target_compile_options(nvc_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined
                                             -fno-omit-frame-pointer)
  target_link_options(nvc_flags INTERFACE -fsanitize=address,undefined)
endif()
# the fuzzer follows branches of the library, not of the target alone
if(NVC_FUZZ)
  target_compile_options(nvc_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(nvc_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_EXTENSIONS ON)
