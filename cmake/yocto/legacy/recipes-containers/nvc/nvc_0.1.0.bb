# SPDX-License-Identifier: Apache-2.0
SUMMARY = "NVIDIA GPUs for containers, from a board's mount lists"
DESCRIPTION = "OCI hook, runtime and command line tool that put the GPU of a Tegra board, or a \
discrete one, into containers of docker, podman and containerd. In C; takes the place of \
libnvidia-container and nvidia-container-toolkit."
SECTION = "console/tools"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57"

# The tarball of the target 'dist', put into files/ beside this recipe; or, in local.conf,
#   NVC_SRC_URI = "git://...;protocol=https;branch=main;destsuffix=${BP}" with SRCREV_pn-nvc
# Both unpack into ${BP}, where bitbake looks without an S.
NVC_SRC_URI ?= "file://${BP}.tar.gz"
SRC_URI = "${NVC_SRC_URI}"

DEPENDS = "elfutils jansson libcap"
inherit cmake pkgconfig ptest

PACKAGECONFIG ??= "nvml compat-names \
    ${@bb.utils.filter('DISTRO_FEATURES', 'seccomp', d)} \
    ${@bb.utils.contains('PTEST_ENABLED', '1', 'ptest', '', d)}"
PACKAGECONFIG_class-native = ""
PACKAGECONFIG[seccomp] = "-DNVC_SECCOMP=ON,-DNVC_SECCOMP=OFF,libseccomp"
PACKAGECONFIG[nvml] = "-DNVC_NVML=ON,-DNVC_NVML=OFF,libtirpc rpcsvc-proto-native"
PACKAGECONFIG[static-xdr] = "-DNVC_STATIC_XDR=ON,-DNVC_STATIC_XDR=OFF"
PACKAGECONFIG[static-programs] = "-DNVC_STATIC_PROGRAMS=ON,-DNVC_STATIC_PROGRAMS=OFF"
PACKAGECONFIG[compat-names] = "-DNVC_COMPAT_NAMES=ON,-DNVC_COMPAT_NAMES=OFF"
PACKAGECONFIG[man] = "-DNVC_MAN=ON,-DNVC_MAN=OFF,scdoc-native"
PACKAGECONFIG[ptest] = "-DNVC_TESTS=ON -DNVC_PTEST=ON -DNVC_PTEST_DIR=${PTEST_PATH},-DNVC_TESTS=OFF -DNVC_PTEST=OFF,cmocka"
PACKAGECONFIG[board-csv] = "-DNVC_CSV_RELEASE=${NVC_CSV_RELEASE},-DNVC_CSV_RELEASE="

# what the programs do unless config.toml says otherwise; roots are separated by ';'
NVC_ALT_ROOTS ?= "${datadir}/nvidia-container-passthrough"
NVC_CSV_DIR ?= "${sysconfdir}/nvidia-container-runtime/host-files-for-container.d"
NVC_CONTAINER_LIBDIR ?= ""
NVC_CSV_RELEASE ?= "l4t-r${@(d.getVar('L4T_VERSION') or 'NN').split('.')[0]}"
EXTRA_OECMAKE = "-DNVC_ALT_ROOTS='${NVC_ALT_ROOTS}' -DNVC_CSV_DIR='${NVC_CSV_DIR}' \
    -DNVC_CONTAINER_LIBDIR='${NVC_CONTAINER_LIBDIR}'"

# for images whose docker has no daemon.json of its own
do_install_append_class-target() {
    install -D -m 0644 ${D}${datadir}/nvc/docker/daemon.json ${D}${sysconfdir}/docker/daemon.json
}

# ${PN} itself is empty and brings what a board needs
PACKAGES =+ "${PN}-lib ${PN}-hook ${PN}-runtime ${PN}-cli ${PN}-driver ${PN}-compat ${PN}-docker \
    ${PN}-csv ${PN}-board-csv"
ALLOW_EMPTY_${PN} = "1"
FILES_${PN} = ""
FILES_${PN}-lib = "${libdir}/libnvc.so.*"
FILES_${PN}-hook = "${bindir}/nvc-hook ${datadir}/containers"
FILES_${PN}-runtime = "${bindir}/nvc-runtime"
FILES_${PN}-cli = "${bindir}/nvc-cli ${datadir}/bash-completion"
FILES_${PN}-driver = "${libexecdir}/nvc"
FILES_${PN}-compat = "${bindir}/nvidia-*"
FILES_${PN}-docker = "${datadir}/nvc/docker ${sysconfdir}/docker"
FILES_${PN}-csv = "${datadir}/nvc/csv"
FILES_${PN}-board-csv = "${NVC_CSV_DIR}"
CONFFILES_${PN}-docker = "${sysconfdir}/docker/daemon.json"

RDEPENDS_${PN} = "${PN}-runtime ${PN}-cli"
RDEPENDS_${PN}-runtime = "${PN}-hook"
RDEPENDS_${PN}-docker = "${PN}-runtime"
RDEPENDS_${PN}-compat = "${PN}-runtime ${PN}-cli"
RDEPENDS_${PN}-dev = "${PN}-lib (= ${EXTENDPKGV})"
RDEPENDS_${PN}-ptest += "${PN}-runtime ${@bb.utils.contains('PACKAGECONFIG', 'nvml', '${PN}-driver', '', d)}"
RRECOMMENDS_${PN}-hook = "${@bb.utils.contains('PACKAGECONFIG', 'nvml', '${PN}-driver', '', d)}"
RRECOMMENDS_${PN}-hook_append_tegra = " nv-tegra-release tegra-configs-container-csv tegra-container-passthrough tegra-libraries-cuda"

NVC_REPLACED = "libnvidia-container-tools nvidia-container-runtime nvidia-container-toolkit nvidia-docker"
RPROVIDES_${PN}-compat = "${NVC_REPLACED}"
RREPLACES_${PN}-compat = "${NVC_REPLACED}"
RCONFLICTS_${PN}-compat = "${NVC_REPLACED}"
RCONFLICTS_${PN}-board-csv = "tegra-configs-container-csv"

# the stand-ins of the tests are nobody's libcuda
PRIVATE_LIBS_${PN}-ptest = "libcuda.so.1 libnvidia-ml.so.1"
COMPATIBLE_HOST = "(aarch64|arm|x86_64).*-linux"
BBCLASSEXTEND = "native"
