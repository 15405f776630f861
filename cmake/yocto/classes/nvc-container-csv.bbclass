# SPDX-License-Identifier: Apache-2.0
# A package's own mount list: do_install ends with writing a list of the files in ${D} that containers
# are to get, and a package of its own carries it. The variables are those of the class
# container-runtime-csv that meta-tegra had up to L4T R32; docs/yocto.md tells of both.
# For zeus and later, in either syntax: nothing here has an override in its name.

# patterns of files below ${D}; each * within one folder
CONTAINER_CSV_FILES ?= "${libdir}/*.so*"
CONTAINER_CSV_EXCLUDE_FILES ?= ""
# rows as they are, separated by newlines or \n
CONTAINER_CSV_EXTRA ?= ""
CONTAINER_CSV_BASENAME ?= "${PN}"
CONTAINER_CSV_PKGNAME ?= "${CONTAINER_CSV_BASENAME}-container-csv"
# rows name this folder in place of ${libdir}: for files that an alternate root holds
CONTAINER_CSV_LIB_PATH ?= ""
NVC_CSV_DIR ?= "${sysconfdir}/nvidia-container-runtime/host-files-for-container.d"
# a file below one of these trees is listed with the tree's path taken off, as nvc looks for it
NVC_ALT_ROOTS ?= "${datadir}/nvidia-container-passthrough"

def nvc_csv_below(path, folder):
    folder = folder.rstrip("/")
    return folder and path.startswith(folder + "/")

def nvc_csv_matches(d, variable):
    import glob, os
    root = os.path.normpath(d.getVar("D"))
    found = set()
    for pattern in (d.getVar(variable) or "").split():
        names = glob.glob(glob.escape(root) + "/" + pattern.lstrip("/"))
        if not names:
            bb.note("%s: nothing matches '%s'" % (variable, pattern))
        found.update("/" + os.path.relpath(name, root) for name in names)
    return found

def nvc_csv_type(path):
    import os, stat
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return "sym"
    if stat.S_ISDIR(mode):
        return "dir"
    if stat.S_ISCHR(mode):
        return "dev"
    if stat.S_ISREG(mode):
        return "lib"
    bb.fatal("'%s' is no file, directory, link or character device: no container can have it" % path)

def nvc_csv_listed_as(d, path):
    """The path that a row names for a file of this package."""
    for root in (d.getVar("NVC_ALT_ROOTS") or "").split(";"):
        if nvc_csv_below(path, root):
            return path[len(root.rstrip("/")):]
    libdir, instead = d.getVar("libdir"), d.getVar("CONTAINER_CSV_LIB_PATH") or ""
    if instead and nvc_csv_below(path, libdir) and not nvc_csv_below(path, instead):
        return instead.rstrip("/") + path[len(libdir.rstrip("/")):]
    return path

def nvc_csv_row(kind, path, origin):
    if kind not in ("dev", "dir", "lib", "sym"):
        bb.fatal("%s: '%s' is no type of a row: dev, dir, lib or sym" % (origin, kind))
    if not path.startswith("/") or path != path.strip():
        bb.fatal("%s: '%s' is no absolute path without blanks around it" % (origin, path))
    for character, name in ((",", "a comma"), ("\n", "a newline"), ("\r", "a carriage return")):
        if character in path:
            bb.fatal("%s: %r has %s in it, which no list can hold" % (origin, path, name))
    if any(ord(character) < 32 or ord(character) == 127 for character in path):
        bb.fatal("%s: %r has a control character in it, which no list can hold" % (origin, path))
    return "%s, %s" % (kind, path)

def nvc_csv_extra(d):
    rows = []
    for line in (d.getVar("CONTAINER_CSV_EXTRA") or "").replace("\\n", "\n").split("\n"):
        if line.strip():
            kind, comma, path = line.partition(",")
            if not comma:
                bb.fatal("CONTAINER_CSV_EXTRA: '%s' is not 'TYPE, PATH'" % line.strip())
            rows.append(nvc_csv_row(kind.strip(), path.strip(), "CONTAINER_CSV_EXTRA"))
    return rows

python nvc_container_csv_populate() {
    import os
    rows = set(nvc_csv_extra(d))
    files = nvc_csv_matches(d, "CONTAINER_CSV_FILES") - nvc_csv_matches(d, "CONTAINER_CSV_EXCLUDE_FILES")
    for path in files:
        if any(character in path for character in "*?["):
            bb.fatal("CONTAINER_CSV_FILES: '%s' would be read as a pattern" % path)
        kind = nvc_csv_type(d.getVar("D") + path)
        rows.add(nvc_csv_row(kind, nvc_csv_listed_as(d, path), "CONTAINER_CSV_FILES"))
    name = d.getVar("CONTAINER_CSV_BASENAME") + ".csv"
    if not rows:
        bb.fatal("%s would be empty: CONTAINER_CSV_FILES '%s' matches nothing below ${D}" %
                 (name, d.getVar("CONTAINER_CSV_FILES")))
    folder = d.getVar("D") + d.getVar("NVC_CSV_DIR")
    os.makedirs(folder, mode=0o755, exist_ok=True)
    with open(os.path.join(folder, name), "w", encoding="utf-8", errors="surrogateescape") as out:
        out.write("".join(row + "\n" for row in sorted(rows)))
    os.chmod(os.path.join(folder, name), 0o644)
}

python () {
    native = bb.data.inherits_class("native", d) or bb.data.inherits_class("nativesdk", d)
    if native or bb.data.inherits_class("cross", d):
        return
    # the separator of overrides: bitbake 1.52, honister, is the first release with ':'
    version = tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in bb.__version__.split(".")[:2])
    mark = ":" if version >= (1, 51) else "_"
    package, name = d.getVar("CONTAINER_CSV_PKGNAME"), d.getVar("PN")
    if package not in (d.getVar("PACKAGES") or "").split():
        d.setVar("PACKAGES", package + " " + (d.getVar("PACKAGES") or ""))
    d.setVar("FILES" + mark + package,
             "%s/%s.csv" % (d.getVar("NVC_CSV_DIR"), d.getVar("CONTAINER_CSV_BASENAME")))
    d.appendVarFlag("do_install", "postfuncs", " nvc_container_csv_populate")
    containers = "virtualization" in (d.getVar("DISTRO_FEATURES") or "").split()
    if containers and package != name and "tegra" in (d.getVar("OVERRIDES") or "").split(":"):
        d.appendVar("RDEPENDS" + mark + name, " " + package)
}
