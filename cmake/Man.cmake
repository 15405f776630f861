# SPDX-License-Identifier: Apache-2.0
# Manual pages from cli/man/*.SECTION.scd by scdoc. Not detected: whoever builds without them says so.
if(NOT NVC_MAN)
  return()
endif()
find_program(SCDOC scdoc)
if(NOT SCDOC)
  message(FATAL_ERROR "scdoc not found: install it, or set SCDOC, or -DNVC_MAN=OFF")
endif()

# scdoc writes the day of the build into the page, which would be another page tomorrow: the version is
# there instead
set(man_make "\"$1\" <\"$2\" >\"$3.new\" && sed \"s/^\\(\\.TH [^ ]* [^ ]* \\)[^ ]*/\\1\\\"nvc $4\\\"/\" \"$3.new\" >\"$3\" && rm \"$3.new\"")
file(GLOB man_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cli/man/*.scd)
set(man_pages)
foreach(source ${man_sources})
  get_filename_component(page ${source} NAME)
  string(REGEX REPLACE "\\.scd$" "" page ${page})
  string(REGEX REPLACE "^.*\\.([0-9])$" "\\1" section ${page})
  set(output ${CMAKE_CURRENT_BINARY_DIR}/man/${page})
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/man
    COMMAND sh -c "${man_make}" scdoc ${SCDOC} ${source} ${output} ${NVC_VERSION}
    DEPENDS ${source}
    COMMENT "Making ${page}"
    VERBATIM)
  list(APPEND man_pages ${output})
  # a page goes with what it tells of; that of NVIDIA's names with those
  set(component cli)
  if(page MATCHES "^nvc-(hook|runtime|driver)\\.")
    set(component ${CMAKE_MATCH_1})
  elseif(page MATCHES "^nvidia-")
    set(component compat)
  endif()
  install(FILES ${output} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT ${component})
endforeach()
add_custom_target(man ALL DEPENDS ${man_pages})
