# SPDX-License-Identifier: Apache-2.0
# Debian packages by CPack: docs/packages.md. NVC_PACKAGING=ON adds what packages alone have (copyright,
# changelogs, lintian's overrides, the symbols file), each as a component that only CPack installs.
if(NOT NVC_PACKAGING)
  return()
endif()

# The programs hold the path of nvc-driver, and the library's folder is the multiarch one only below /usr.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  message(FATAL_ERROR "NVC_PACKAGING=ON needs -DCMAKE_INSTALL_PREFIX=/usr, not '${CMAKE_INSTALL_PREFIX}'")
endif()
if(NVC_SANITIZE OR NVC_FUZZ)
  message(FATAL_ERROR "NVC_PACKAGING=ON makes packages of neither sanitizers nor fuzzers")
endif()
find_program(DPKG_ARCHITECTURE dpkg-architecture)
find_program(NVC_GZIP gzip)
if(NOT DPKG_ARCHITECTURE OR NOT NVC_GZIP)
  message(FATAL_ERROR "NVC_PACKAGING=ON needs dpkg-architecture (dpkg-dev) and gzip")
endif()
mark_as_advanced(DPKG_ARCHITECTURE NVC_GZIP)
set(target)
if(CMAKE_LIBRARY_ARCHITECTURE)
  set(target -t${CMAKE_LIBRARY_ARCHITECTURE})
endif()
execute_process(
  COMMAND ${DPKG_ARCHITECTURE} ${target} -qDEB_HOST_ARCH OUTPUT_VARIABLE architecture
  OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "dpkg-architecture knows no architecture for '${CMAKE_LIBRARY_ARCHITECTURE}'")
endif()
execute_process(
  COMMAND ${DPKG_ARCHITECTURE} -a${architecture} -qDEB_HOST_MULTIARCH OUTPUT_VARIABLE multiarch
  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT CMAKE_INSTALL_LIBDIR STREQUAL "lib/${multiarch}")
  message(FATAL_ERROR "NVC_PACKAGING=ON for ${architecture} needs -DCMAKE_INSTALL_LIBDIR=lib/${multiarch}, not "
                      "'${CMAKE_INSTALL_LIBDIR}': libnvc1 of several architectures may be beside each other")
endif()
# A root tree instead of the machine's own packages: its dpkg knows of which packages the libraries are
set(sysroot)
if(NVC_SYSROOT)
  get_filename_component(sysroot "${NVC_SYSROOT}" REALPATH)
endif()
if(sysroot AND NOT EXISTS "${sysroot}/var/lib/dpkg/status")
  message(
    FATAL_ERROR
      "NVC_PACKAGING=ON: NVC_SYSROOT '${sysroot}' has no var/lib/dpkg, so nothing tells which packages its libraries "
      "are of. Take a tree that dpkg made, or the machine's own multiarch packages without NVC_SYSROOT (docs/packages.md)")
endif()

set(version ${PROJECT_VERSION}-${NVC_PACKAGE_RELEASE})
set(made ${CMAKE_CURRENT_BINARY_DIR}/packaging)
set(sources ${CMAKE_CURRENT_LIST_DIR})
file(MAKE_DIRECTORY ${made})

# TIMESTAMP takes SOURCE_DATE_EPOCH where there is one
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(
  WRITE ${made}/changelog.Debian
  "nvc (${version}) unstable; urgency=medium\n\n  * Release ${PROJECT_VERSION}: what is new stands in changelog.gz.\n\n"
  " -- ${NVC_PACKAGE_CONTACT}  ${date}\n")
configure_file(${PROJECT_SOURCE_DIR}/CHANGELOG.md ${made}/changelog COPYONLY)
foreach(name changelog.Debian changelog)
  # from stdin and without -N: neither name nor time of the file gets in
  execute_process(
    COMMAND ${NVC_GZIP} -9n INPUT_FILE ${made}/${name} OUTPUT_FILE ${made}/${name}.gz RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "gzip '${made}/${name}': ${result}")
  endif()
endforeach()

# Which release brought which version node of libnvc.map
set(node_releases LIBNVC_1 0.1.0)
file(STRINGS ${PROJECT_SOURCE_DIR}/lib/libnvc.map lines)
set(symbols)
set(node)
foreach(line ${lines})
  if(line MATCHES "^(LIBNVC_[0-9.]+)")
    set(node ${CMAKE_MATCH_1})
    list(FIND node_releases ${node} at)
    if(at EQUAL -1)
      message(FATAL_ERROR "Packaging.cmake does not know which release brought '${node}' of libnvc.map")
    endif()
    math(EXPR at "${at} + 1")
    list(GET node_releases ${at} release)
    list(APPEND symbols " ${node}@${node} ${release}\n")
  elseif(line MATCHES "^[ \t]+(nvc_[a-z0-9_]+)")
    list(APPEND symbols " ${CMAKE_MATCH_1}@${node} ${release}\n")
  endif()
endforeach()
list(SORT symbols)
string(CONCAT symbols "libnvc.so.1 libnvc1 #MINVER#\n" ${symbols})
file(WRITE ${made}/library/symbols "${symbols}")
file(WRITE ${made}/library/shlibs "libnvc 1 libnvc1 (>= ${PROJECT_VERSION})\n")
file(WRITE ${made}/library/triggers "activate-noawait ldconfig\n")

# What each package has of its own. No component of these is installed by 'cmake --install'.
function(nvc_package_files group package)
  set(folder ${CMAKE_INSTALL_DATADIR}/doc/${package})
  install(FILES ${sources}/deb/copyright ${made}/changelog.Debian.gz ${made}/changelog.gz
          DESTINATION ${folder} COMPONENT ${group}-package EXCLUDE_FROM_ALL)
  if(EXISTS ${sources}/deb/overrides/${package})
    install(FILES ${sources}/deb/overrides/${package}
            DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides COMPONENT ${group}-package EXCLUDE_FROM_ALL)
  endif()
  # in CPack's own folder alone: manual pages, and folders, which were made under any umask
  install(
    CODE "
    if(\"\$ENV{DESTDIR}\" STREQUAL \"\")
      message(FATAL_ERROR \"component '${group}-package' is for cpack\")
    endif()
    file(GLOB pages \"\$ENV{DESTDIR}${CMAKE_INSTALL_FULL_MANDIR}/man[1-8]/*.[1-8]\")
    foreach(page \${pages})
      execute_process(COMMAND \"${NVC_GZIP}\" -9nf \"\${page}\" RESULT_VARIABLE result)
      if(NOT result EQUAL 0)
        message(FATAL_ERROR \"gzip '\${page}': \${result}\")
      endif()
    endforeach()
    execute_process(COMMAND find \"\$ENV{DESTDIR}/\" -type d -exec chmod 0755 {} + RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
      message(FATAL_ERROR \"chmod of folders in '\$ENV{DESTDIR}': \${result}\")
    endif()"
    COMPONENT ${group}-package EXCLUDE_FROM_ALL)
endfunction()

# CPack has a field for Multi-Arch since 3.31 only: before, it goes with the one in front of it.
function(nvc_package group package section multiarch)
  string(TOUPPER ${group} id)
  set(CPACK_DEBIAN_${id}_PACKAGE_NAME ${package} PARENT_SCOPE)
  set(CPACK_DEBIAN_${id}_PACKAGE_SECTION "${section}\nMulti-Arch: ${multiarch}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${id}_PACKAGE_CONTROL_STRICT_PERMISSION ON PARENT_SCOPE)
  nvc_package_files(${group} ${package})
endfunction()

nvc_package(library libnvc1 libs same)
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION
    "NVIDIA GPUs for containers: shared library\n\
libnvc finds the device nodes and driver files of the GPUs of a Tegra board\n\
or of NVIDIA's driver, decides what a container gets of them, and puts them\n\
into it. This package has the library that programs load.")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${made}/library/shlibs ${made}/library/symbols ${made}/library/triggers)

nvc_package(development libnvc-dev libdevel same)
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION
    "NVIDIA GPUs for containers: development files\n\
libnvc finds the device nodes and driver files of the GPUs of a Tegra board\n\
or of NVIDIA's driver, decides what a container gets of them, and puts them\n\
into it. This package has the header and what linkers and pkg-config need.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libnvc1 (= ${version})")

nvc_package(tools nvc-tools admin foreign)
set(CPACK_DEBIAN_TOOLS_DESCRIPTION
    "NVIDIA GPUs for containers: hook, runtime and command line tool\n\
nvc-runtime and nvc-hook give containers of docker, podman, containerd, runc\n\
and crun the GPU of a Tegra board (Jetson) or those of NVIDIA's driver.\n\
nvc-cli tells what is on the machine, and what a container would get and why.\n\
The package comes with mount lists of our own for L4T R32 to R39.\n\
\n\
No engine is changed at installation: 'nvc-cli runtime configure' does that.")
set(CPACK_DEBIAN_TOOLS_PACKAGE_RECOMMENDS "runc | crun")
set(CPACK_DEBIAN_TOOLS_PACKAGE_SUGGESTS "docker.io | docker-ce | podman | containerd, nvc-compat, nvc-podman")
set(CPACK_DEBIAN_TOOLS_PACKAGE_CONTROL_EXTRA ${sources}/deb/tools/postinst ${sources}/deb/tools/prerm
                                             ${sources}/deb/tools/postrm)
# lists of the board's own folder are its owner's to change
if(NVC_CSV_RELEASE)
  file(GLOB lists RELATIVE ${PROJECT_SOURCE_DIR}/csv/${NVC_CSV_RELEASE} ${PROJECT_SOURCE_DIR}/csv/${NVC_CSV_RELEASE}/*.csv)
  set(conffiles)
  foreach(list ${lists})
    string(APPEND conffiles "${NVC_CSV_DIR}/${list}\n")
  endforeach()
  file(WRITE ${made}/tools/conffiles "${conffiles}")
  list(APPEND CPACK_DEBIAN_TOOLS_PACKAGE_CONTROL_EXTRA ${made}/tools/conffiles)
endif()

nvc_package(engines nvc-podman admin foreign)
set(CPACK_DEBIAN_ENGINES_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_ENGINES_DESCRIPTION
    "NVIDIA GPUs for containers: hooks for podman and CRI-O\n\
Tells podman and CRI-O to call nvc-hook for containers that ask for a GPU.\n\
To install this package is to register the hook, to remove it takes that back.")
set(CPACK_DEBIAN_ENGINES_PACKAGE_DEPENDS "nvc-tools (= ${version})")

set(CPACK_COMPONENTS_ALL lib dev hook runtime cli driver csv podman
    library-package development-package tools-package engines-package)
if(NOT NVC_NVML)
  list(REMOVE_ITEM CPACK_COMPONENTS_ALL driver)
endif()
if(NVC_COMPAT_NAMES)
  set(replaced nvidia-container-toolkit nvidia-container-toolkit-base nvidia-container-runtime
      nvidia-container-runtime-hook libnvidia-container-tools nvidia-docker nvidia-docker2)
  list(JOIN replaced ", " replaced)
  nvc_package(names nvc-compat admin foreign)
  set(CPACK_DEBIAN_NAMES_PACKAGE_ARCHITECTURE all)
  set(CPACK_DEBIAN_NAMES_DESCRIPTION
      "NVIDIA GPUs for containers: names of NVIDIA's programs\n\
Links to the programs of nvc-tools under the names of NVIDIA's container\n\
toolkit, for 'docker run --gpus', for scripts and for configurations that\n\
were made for those. NVIDIA's own packages cannot be installed beside it.")
  set(CPACK_DEBIAN_NAMES_PACKAGE_DEPENDS "nvc-tools (= ${version})")
  set(CPACK_DEBIAN_NAMES_PACKAGE_CONTROL_EXTRA ${sources}/deb/names/prerm)
  set(CPACK_DEBIAN_NAMES_PACKAGE_CONFLICTS "${replaced}")
  set(CPACK_DEBIAN_NAMES_PACKAGE_REPLACES "${replaced}")
  set(CPACK_DEBIAN_NAMES_PACKAGE_PROVIDES "${replaced}")
  list(APPEND CPACK_COMPONENTS_ALL compat names-package)
endif()

# For Static-Built-Using, the linker's own word on which archives it took something from
set(linked nvc nvc-hook nvc-runtime nvc-cli)
if(NVC_NVML)
  list(APPEND linked nvc-driver)
endif()
foreach(name ${linked})
  target_link_options(${name} PRIVATE -Wl,-Map=${made}/${name}.map)
endforeach()

# depends on libraries: asked of dpkg-shlibdeps when cpack runs, as the programs are made then
set(CPACK_PROJECT_CONFIG_FILE ${made}/depends.cmake)
configure_file(${sources}/depends.cmake.in ${CPACK_PROJECT_CONFIG_FILE} @ONLY)

set(CPACK_GENERATOR DEB)
set(CPACK_SOURCE_GENERATOR)
set(CPACK_PACKAGE_VENDOR nvc)
set(CPACK_PACKAGE_CONTACT "${NVC_PACKAGE_CONTACT}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SOURCE nvc)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${NVC_PACKAGE_RELEASE})
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE ${architecture})
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

include(CPack)
cpack_add_component(lib GROUP library)
cpack_add_component(dev GROUP development)
foreach(component hook runtime cli driver csv)
  cpack_add_component(${component} GROUP tools)
endforeach()
cpack_add_component(podman GROUP engines)
cpack_add_component(compat GROUP names)
foreach(group library development tools engines names)
  cpack_add_component(${group}-package GROUP ${group})
endforeach()
