/* SPDX-License-Identifier: Apache-2.0 */
#include "opttable.h"

#define AT(field) offsetof(struct opts, field)

/* clang-format off */
const struct opttable_option opttable_options[] = {
	{IN_GLOBAL, 'r', "root", "PATH", TAKES_STRING, AT(root), NULL,
	 "driver root: where driver files and device nodes are"},
	{IN_GLOBAL, 0, "host-root", "PATH", TAKES_STRING, AT(host_root), NULL,
	 "machine root: mount lists, /proc, /sys and /etc are read below it (a board in a folder)"},
	{IN_GLOBAL, 0, "config", "FILE", TAKES_STRING, AT(config), NULL,
	 "configuration instead of /etc/nvidia-container-runtime/config.toml"},
	{IN_GLOBAL, 'd', "debug", "FILE", TAKES_STRING, AT(debug), NULL,
	 "append a log of every step to FILE"},
	{IN_GLOBAL, 'l', "ldcache", "FILE", TAKES_STRING, AT(ldcache), NULL,
	 "the loader's cache, inside the driver root; default: /etc/ld.so.cache"},
	{IN_GLOBAL, 'u', "user", "[UID[:GID]]", TAKES_STRING, AT(user), "",
	 "the user that asks the driver's library; without a value the caller"},
	{IN_GLOBAL, 0, "no-cache", NULL, TAKES_NOTHING, AT(no_cache), NULL,
	 "ask the driver's library anew, whatever it answered before"},
	{IN_GLOBAL, 'k', "load-kmods", NULL, TAKES_NOTHING, AT(load_kmods), NULL,
	 "load the driver's kernel modules and make its nodes, where they are missing"},
	{IN_GLOBAL, 0, "no-create-imex-channels", NULL, TAKES_NOTHING, AT(no_channel_making), NULL,
	 "--load-kmods makes no nodes of IMEX channels"},
	{IN_GLOBAL, 'n', "no-pivot", NULL, IGNORED, 0, NULL, "accepted; nothing is pivoted"},
	{IN_GLOBAL, 'V', "version", NULL, TAKES_NOTHING, AT(version), NULL, "show the version"},
	{IN_GLOBAL, 'h', "help", NULL, TAKES_NOTHING, AT(help), NULL,
	 "show this help, or that of the command"},
	{IN_GLOBAL, '?', "usage", NULL, TAKES_NOTHING, AT(help), NULL, NULL},
	{IN_GLOBAL, 0, "print-completion", NULL, TAKES_NOTHING, AT(print_completion), NULL, NULL},
	{IN_GLOBAL, 0, "print-options", NULL, TAKES_NOTHING, AT(print_options), NULL, NULL},

	{IN_INFO | IN_LIST | IN_PLAN, 0, "json", NULL, TAKES_NOTHING, AT(json), NULL,
	 "as JSON, schemas in docs/json.md"},
	{IN_INFO, 0, "csv", NULL, TAKES_NOTHING, AT(csv), NULL,
	 "versions and GPUs as two tables with commas, nothing else"},

	{IN_PLAN, 'b', "bundle", "DIR", TAKES_STRING, AT(bundle), NULL,
	 "plan for the container of this bundle, a folder with config.json"},
	{IN_PLAN, 0, "request", "TEXT", TAKES_STRING, AT(request), NULL,
	 "plan for a request as nvc-runtime writes it into hook arguments"},
	{IN_PLAN, 0, "rootfs", "DIR", TAKES_STRING, AT(rootfs), NULL,
	 "a folder with the image's files: what depends on them is decided too"},
	{IN_CONFIGURE, 'p', "pid", "PID", TAKES_STRING, AT(pid), NULL,
	 "a process of the container; without it the parent process"},
	{IN_CONFIGURE, 0, "id", "ID", TAKES_STRING, AT(id), NULL,
	 "container id: what is made is recorded under it, to be taken back by nvc-hook poststop"},
	{IN_LIST | IN_PLAN | IN_CONFIGURE, 'd', "device", "ID", TAKES_STRINGS, AT(devices), NULL,
	 "GPU or MIG device: index, range, UUID, PCI id, i:j, igpu, dgpu or all; more than one "
	 "with commas, or by repeating the option"},
	{IN_PLAN | IN_CONFIGURE, 'r', "require", "EXPR", TAKES_STRINGS, AT(requires), NULL,
	 "requirement such as cuda>=10.2; all have to be met"},
	{IN_CONFIGURE, 0, "no-cgroups", NULL, TAKES_NOTHING, AT(no_cgroups), NULL,
	 "leave the device cgroup alone"},
	{IN_CONFIGURE, 0, "no-devbind", NULL, TAKES_NOTHING, AT(no_devbind), NULL,
	 "no device nodes; only together with --no-cgroups"},

	{IN_PLAN | IN_CONFIGURE, 'c', "compute", NULL, ADDS_WORD, AT(capabilities), "compute",
	 "driver capability; without any there are no libraries. Mount lists have no selection by it"},
	{IN_PLAN | IN_CONFIGURE, 'u', "utility", NULL, ADDS_WORD, AT(capabilities), "utility",
	 "likewise"},
	{IN_PLAN | IN_CONFIGURE, 'v', "video", NULL, ADDS_WORD, AT(capabilities), "video",
	 "likewise"},
	{IN_PLAN | IN_CONFIGURE, 'g', "graphics", NULL, ADDS_WORD, AT(capabilities), "graphics",
	 "likewise"},
	{IN_PLAN | IN_CONFIGURE, 'D', "display", NULL, ADDS_WORD, AT(capabilities), "display",
	 "likewise"},
	{IN_PLAN | IN_CONFIGURE, 'n', "ngx", NULL, ADDS_WORD, AT(capabilities), "ngx",
	 "likewise"},
	{IN_PLAN | IN_CONFIGURE, 0, "compat32", NULL, ADDS_WORD, AT(capabilities), "compat32",
	 "likewise"},
	{IN_CONFIGURE, 'l', "ldconfig", "@PATH", TAKES_STRING, AT(ldconfig), NULL,
	 "accepted with @ only: no program of an image is run. config.toml says how the cache is "
	 "written"},
	{IN_PLAN | IN_CONFIGURE, 0, "cuda-compat-mode", "MODE", TAKES_STRING, AT(cuda_compat), NULL,
	 "ldconfig: the image's newer CUDA libraries where they fit; disabled: the host's"},

	{IN_LIST, 'l', "libraries", NULL, TAKES_NOTHING, AT(libraries), NULL,
	 "libraries; with any such option nothing but what was named is listed"},
	{IN_LIST, 'b', "binaries", NULL, TAKES_NOTHING, AT(binaries), NULL, "programs"},
	{IN_LIST, 'i', "ipcs", NULL, TAKES_NOTHING, AT(ipcs), NULL, "sockets of services"},
	{IN_LIST, 'f', "firmwares", NULL, TAKES_NOTHING, AT(firmwares), NULL, "firmware"},
	{IN_LIST, 0, "compat32", NULL, TAKES_NOTHING, AT(compat32), NULL, "32-bit libraries"},
	{IN_LIST | IN_PLAN | IN_CONFIGURE, 0, "mig-config", "ID", TAKES_STRING, AT(mig_config), NULL,
	 "what configuring MIG needs; all is the only ID"},
	{IN_LIST | IN_PLAN | IN_CONFIGURE, 0, "mig-monitor", "ID", TAKES_STRING, AT(mig_monitor),
	 NULL, "what watching MIG needs; all is the only ID"},
	{IN_LIST | IN_PLAN | IN_CONFIGURE, 0, "imex-channel", "N", TAKES_STRINGS, AT(channels), NULL,
	 "IMEX channel; more than one with commas, or by repeating the option"},
	{IN_LIST | IN_PLAN | IN_CONFIGURE, 0, "no-persistenced", NULL, TAKES_NOTHING,
	 AT(no_persistenced), NULL, "without the socket of nvidia-persistenced"},
	{IN_LIST | IN_PLAN | IN_CONFIGURE, 0, "no-fabricmanager", NULL, TAKES_NOTHING,
	 AT(no_fabricmanager), NULL, "without the socket of nv-fabricmanager"},
	{IN_LIST | IN_PLAN | IN_CONFIGURE, 0, "no-gsp-firmware", NULL, TAKES_NOTHING,
	 AT(no_gsp_firmware), NULL, "without the GPU's firmware"},

	{IN_RUNTIME, 0, "runtime", "ENGINE", TAKES_STRING, AT(engine), NULL,
	 "the engine; default: docker"},
	{IN_RUNTIME, 0, "config", "FILE", TAKES_STRING, AT(engine_config), NULL,
	 "the engine's file; default: /etc/docker/daemon.json"},
	{IN_RUNTIME, 0, "set-as-default", NULL, TAKES_NOTHING, AT(set_default), NULL,
	 "the runtime of every container that names none"},
	{IN_RUNTIME, 0, "nvidia-set-as-default", NULL, TAKES_NOTHING, AT(set_default), NULL, NULL},
	{IN_RUNTIME, 0, "remove", NULL, TAKES_NOTHING, AT(remove), NULL,
	 "take it out again, as the default too"},
	{IN_RUNTIME, 0, "dry-run", NULL, TAKES_NOTHING, AT(dry_run), NULL,
	 "show the change as a diff and write nothing"},
	{IN_RUNTIME, 0, "image-root", "DIR", TAKES_STRING, AT(image_root), NULL,
	 "the tree of an image that is being built: FILE lies in it, links too"},
	{IN_RUNTIME, 0, "nvidia-runtime-name", "NAME", TAKES_STRING, AT(runtime_name), NULL,
	 "name for docker run --runtime; default: nvidia"},
	{IN_RUNTIME, 0, "nvidia-runtime-path", "PATH", TAKES_STRING, AT(runtime_path), NULL,
	 "its program; default: nvc-runtime where it was installed"},
	{IN_RUNTIME, 0, "runtime-path", "PATH", TAKES_STRING, AT(runtime_path), NULL, NULL},
};
/* clang-format on */
const size_t opttable_n_options = sizeof(opttable_options) / sizeof(opttable_options[0]);

const struct opttable_command opttable_commands[] = {
	{COMMAND_INFO, "info", NULL, 0, 0,
	 "what this machine is: driver, GPUs, board, lists, nodes",
	 "On a machine without a GPU it says so and what was looked at, and exits with 0.", NULL},
	{COMMAND_LIST, "list", NULL, 0, 0, "every path that a container gets, one a line",
	 "With --json also each row of the mount lists and each part of the driver, and what "
	 "became\n"
	 "of it.",
	 NULL},
	{COMMAND_PLAN, "plan", NULL, 0, 0, "what would be done for a container, in order",
	 "Changes nothing. Each line ends in the list and line, or the part of the driver, that\n"
	 "asked for it.\n"
	 "Without --bundle and --request the plan is for all devices.",
	 NULL},
	{COMMAND_CONFIGURE, "configure", "ROOTFS", 1, 1, "give a running container its GPU",
	 "ROOTFS is the container's root as the container's mount namespace has it.\n"
	 "Without --device the container gets driver files and no devices.",
	 NULL},
	{COMMAND_CSV, "csv", "check|list [DIR]", 1, 2, "look at mount lists",
	 "check  names each row that is malformed or refused; fails when there is one\n"
	 "list   shows each row with its verdict\n"
	 "DIR is a folder of lists instead of the machine's.",
	 "check list"},
	{COMMAND_RUNTIME, "runtime", "configure", 1, 1, "make nvc-runtime known to docker",
	 "Adds it to /etc/docker/daemon.json, whose other bytes stay as they are, and says what "
	 "docker\n"
	 "has to be told. What the file held without it is in daemon.json.nvc-bak. Nothing "
	 "is\n"
	 "restarted; a second time nothing is written.",
	 "configure"},
};
const size_t opttable_n_commands = sizeof(opttable_commands) / sizeof(opttable_commands[0]);
