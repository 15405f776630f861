# SPDX-License-Identifier: Apache-2.0
SUMMARY = "NVIDIA GPUs for containers, from a board's mount lists"
DESCRIPTION = "OCI hook, runtime and command line tool that put the GPU of a Tegra board, or a \
discrete one, into containers of docker, podman and containerd. In C; takes the place of \
libnvidia-container and nvidia-container-toolkit."
SECTION = "console/tools"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57"

# The tarball of the target 'dist', put into files/ beside this recipe; or, in local.conf,
#   NVC_SRC_URI = "git://...;protocol=https;branch=main;destsuffix=${BP}" and NVC_SRCREV = "..."
# Both unpack into ${BP}, where bitbake looks without an S, before UNPACKDIR and since.
NVC_SRC_URI ?= "file://${BP}.tar.gz"
SRC_URI = "${NVC_SRC_URI}"
# a variable of its own, for nvc-native has another pn- override
NVC_SRCREV ?= "INVALID"
SRCREV = "${NVC_SRCREV}"

DEPENDS = "elfutils jansson libcap"
inherit cmake pkgconfig ptest

PACKAGECONFIG ??= "nvml compat-names \
    ${@bb.utils.filter('DISTRO_FEATURES', 'seccomp', d)} \
    ${@bb.utils.contains('PTEST_ENABLED', '1', 'ptest', '', d)}"
PACKAGECONFIG:class-native = ""
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

# for images whose docker has no daemon.json of its own; and the nodes of an R32 board, which
# meta-tegra listed in the recipe nvidia-container-runtime alone
do_install:append:class-target() {
    install -D -m 0644 ${D}${datadir}/nvc/docker/daemon.json ${D}${sysconfdir}/docker/daemon.json
    if [ ! -e ${D}${NVC_CSV_DIR} ]; then
        install -d -m 0755 ${D}${NVC_CSV_DIR}
        grep '^dev,' ${D}${datadir}/nvc/csv/l4t-r32/l4t.csv >${D}${NVC_CSV_DIR}/devices.csv
        chmod 0644 ${D}${NVC_CSV_DIR}/devices.csv
    fi
}

# ptest.bbclass empties ${PTEST_PATH} after do_install
do_install_ptest() {
    DESTDIR='${D}' cmake --install ${B} --component ptest
}

# ${PN} itself is empty and brings what a board needs
PACKAGES =+ "${PN}-lib ${PN}-hook ${PN}-podman ${PN}-runtime ${PN}-cli ${PN}-driver ${PN}-compat \
    ${PN}-docker ${PN}-csv ${PN}-devices-csv ${PN}-board-csv"
ALLOW_EMPTY:${PN} = "1"
FILES:${PN} = ""
FILES:${PN}-lib = "${libdir}/libnvc.so.*"
FILES:${PN}-hook = "${bindir}/nvc-hook"
FILES:${PN}-podman = "${datadir}/containers"
FILES:${PN}-runtime = "${bindir}/nvc-runtime"
FILES:${PN}-cli = "${bindir}/nvc-cli ${datadir}/bash-completion"
FILES:${PN}-driver = "${libexecdir}/nvc"
FILES:${PN}-compat = "${bindir}/nvidia-*"
FILES:${PN}-docker = "${datadir}/nvc/docker ${sysconfdir}/docker"
FILES:${PN}-csv = "${datadir}/nvc/csv"
# one or the other
FILES:${PN}-devices-csv = "${@bb.utils.contains('PACKAGECONFIG', 'board-csv', '', '${NVC_CSV_DIR}', d)}"
FILES:${PN}-board-csv = "${@bb.utils.contains('PACKAGECONFIG', 'board-csv', '${NVC_CSV_DIR}', '', d)}"
CONFFILES:${PN}-docker = "${sysconfdir}/docker/daemon.json"
CONFFILES:${PN}-devices-csv = "${NVC_CSV_DIR}/*.csv"
CONFFILES:${PN}-board-csv = "${NVC_CSV_DIR}/*.csv"

RDEPENDS:${PN} = "${PN}-runtime ${PN}-cli"
RDEPENDS:${PN}-runtime = "${PN}-hook"
RDEPENDS:${PN}-podman = "${PN}-hook"
RDEPENDS:${PN}-docker = "${PN}-runtime"
RDEPENDS:${PN}-compat = "${PN}-runtime ${PN}-cli"
RDEPENDS:${PN}-dev = "${PN}-lib (= ${EXTENDPKGV})"
RDEPENDS:${PN}-ptest += "${PN}-runtime ${@bb.utils.contains('PACKAGECONFIG', 'nvml', '${PN}-driver', '', d)}"
RRECOMMENDS:${PN}-hook = "${@bb.utils.contains('PACKAGECONFIG', 'nvml', '${PN}-driver', '', d)}"
RRECOMMENDS:${PN}-hook:append:tegra = " ${NVC_TEGRA_RECOMMENDS}"

# What a recipe recommends has to be there: bitbake looks for a provider as it does for RDEPENDS. So
# these are what the branch of meta-tegra has, as L4T_VERSION tells it.
NVC_L4T = "${@d.getVar('L4T_VERSION') or '0'}"
NVC_TEGRA_RECOMMENDS ?= "${@'${NVC_L4T}'.startswith('32.') and '${NVC_R32_LISTS}' or ''} \
    ${@bb.utils.vercmp_string_op('${NVC_L4T}', '32.6.1', '>=') and 'tegra-libraries-cuda' or ''} \
    ${@bb.utils.vercmp_string_op('${NVC_L4T}', '35', '>=') and 'nv-tegra-release tegra-configs-container-csv' or ''} \
    ${@bb.utils.vercmp_string_op('${NVC_L4T}', '35.3', '>=') and 'tegra-container-passthrough' or ''}"
NVC_R32_LISTS = "${@bb.utils.contains('PACKAGECONFIG', 'board-csv', '${PN}-board-csv', '${PN}-devices-csv', d)}"
# L4T_VERSION is the machine's, and so is what is made of it
PACKAGE_ARCH:tegra = "${@d.getVar('TEGRA_PKGARCH') or d.getVar('MACHINE_ARCH')}"

NVC_REPLACED = "${@bb.utils.contains('PACKAGECONFIG', 'compat-names', \
    'libnvidia-container-tools nvidia-container-runtime nvidia-container-toolkit nvidia-docker', '', d)}"
RPROVIDES:${PN}-compat = "${NVC_REPLACED}"
RREPLACES:${PN}-compat = "${NVC_REPLACED}"
RCONFLICTS:${PN}-compat = "${NVC_REPLACED}"
RCONFLICTS:${PN}-devices-csv = "tegra-configs-container-csv"
RCONFLICTS:${PN}-board-csv = "tegra-configs-container-csv"

# the stand-ins of the tests are nobody's libcuda
PRIVATE_LIBS:${PN}-ptest = "libcuda.so.1 libnvidia-ml.so.1"
COMPATIBLE_HOST = "(aarch64|arm|x86_64).*-linux"
BBCLASSEXTEND = "native"
