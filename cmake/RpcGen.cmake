# SPDX-License-Identifier: Apache-2.0
# nvc_rpcgen(TARGET FILE.x): an object library TARGET with the XDR routines of the types in FILE.x, and
# the folder of the header on the path of those who link it. Only the types are used: no client, no
# server. The code is rpcgen's, so it is compiled with this project's flags but none of its warnings.
function(nvc_rpcgen target source)
  get_filename_component(name ${source} NAME_WE)
  get_filename_component(folder ${source} DIRECTORY)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/rpcgen)
  file(MAKE_DIRECTORY ${out})
  # rpcgen writes the name that it is given into the #include, and over no file
  foreach(part "h;-h" "c;-c")
    list(GET part 0 suffix)
    list(GET part 1 option)
    add_custom_command(
      OUTPUT ${out}/${name}.${suffix}
      COMMAND ${CMAKE_COMMAND} -E remove -f ${out}/${name}.${suffix}
      COMMAND ${RPCGEN} ${option} -o ${out}/${name}.${suffix} ${name}.x
      WORKING_DIRECTORY ${folder}
      DEPENDS ${source}
      COMMENT "Making ${name}.${suffix}"
      VERBATIM)
  endforeach()
  add_library(${target} OBJECT ${out}/${name}.c ${out}/${name}.h)
  target_include_directories(${target} SYSTEM PUBLIC ${out} ${NVC_XDR_INCLUDE})
  target_link_libraries(${target} PRIVATE nvc_flags)
  target_compile_options(${target} PRIVATE -w)
endfunction()
