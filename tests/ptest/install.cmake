# SPDX-License-Identifier: Apache-2.0
# NVC_PTEST: the unit tests with what they read, run-ptest in front, as component ptest. The programs
# look for all of it beside themselves (unit/where.h), so the folder may be anywhere.
foreach(test ${unit_tests})
  get_filename_component(name ${test} NAME_WE)
  if(name MATCHES "^test_vectors_") # what they read is never installed
    continue()
  endif()
  install(TARGETS ${name} RUNTIME DESTINATION ${NVC_PTEST_DIR} COMPONENT ptest)
endforeach()
install(PROGRAMS ${CMAKE_CURRENT_LIST_DIR}/run-ptest DESTINATION ${NVC_PTEST_DIR} COMPONENT ptest)

set(data ${NVC_PTEST_DIR}/data)
install(FILES ${PROJECT_SOURCE_DIR}/VERSION DESTINATION ${data} COMPONENT ptest)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/csv DESTINATION ${data} COMPONENT ptest PATTERN CMakeLists.txt EXCLUDE)
install(FILES ${PROJECT_SOURCE_DIR}/docs/json.md DESTINATION ${data}/docs COMPONENT ptest)
# not the corpora with ELF files in them: a distribution's checks take those for programs, and bad ones
foreach(folder cases/plan cases/toml cases/ldcache fuzz/corpus)
  get_filename_component(parent ${folder} DIRECTORY)
  install(
    DIRECTORY ${PROJECT_SOURCE_DIR}/tests/${folder}
    DESTINATION ${data}/tests/${parent}
    COMPONENT ptest
    REGEX "/corpus/(compat|elf|image)$" EXCLUDE)
endforeach()

# Our programs are those of the other components: links, which hold wherever the whole tree is moved.
set(programs ${CMAKE_CURRENT_BINARY_DIR}/ptest-links)
file(MAKE_DIRECTORY ${programs})
set(built nvc-runtime=${CMAKE_INSTALL_FULL_BINDIR})
if(NVC_NVML)
  list(APPEND built nvc-driver=${CMAKE_INSTALL_FULL_LIBEXECDIR}/nvc)
  install(
    TARGETS standin_nvml standin_cuda
    LIBRARY DESTINATION ${NVC_PTEST_DIR}/support/nvml COMPONENT ptest NAMELINK_SKIP)
endif()
get_filename_component(from ${NVC_PTEST_DIR}/programs ABSOLUTE BASE_DIR ${CMAKE_INSTALL_PREFIX})
foreach(program ${built})
  string(REGEX REPLACE "=.*" "" name ${program})
  string(REGEX REPLACE ".*=" "" folder ${program})
  file(RELATIVE_PATH to ${from} ${folder}/${name})
  file(CREATE_LINK ${to} ${programs}/${name} SYMBOLIC)
  install(FILES ${programs}/${name} DESTINATION ${NVC_PTEST_DIR}/programs COMPONENT ptest)
endforeach()
