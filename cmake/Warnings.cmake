# SPDX-License-Identifier: Apache-2.0
# Warnings and hardening, appended to the user's flags, never in their place.
include(CheckCCompilerFlag)

add_library(nvc_flags INTERFACE)
target_compile_features(nvc_flags INTERFACE c_std_11)
target_compile_definitions(nvc_flags INTERFACE _GNU_SOURCE)
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
            -fdata-sections
            -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
# gcc 9 complains of {.member = (struct x){.a = 1}} in an initialiser, too
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_C_COMPILER_VERSION VERSION_LESS 10)
  target_compile_options(nvc_flags INTERFACE -Wno-missing-field-initializers)
endif()
foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection)
  string(MAKE_C_IDENTIFIER "NVC_HAVE${flag}" have)
  check_c_compiler_flag(${flag} ${have})
  if(${have})
    target_compile_options(nvc_flags INTERFACE ${flag})
  endif()
endforeach()
# glibc wants optimisation for it; a distribution may have set its own level
if(NOT CMAKE_C_FLAGS MATCHES "_FORTIFY_SOURCE" AND NOT NVC_SANITIZE)
  target_compile_definitions(nvc_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
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
