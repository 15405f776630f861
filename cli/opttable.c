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
	{IN_GLOBAL, 'l', "ldcache", "FILE", IGNORED, 0, NULL, "accepted, without meaning here"},
	{IN_GLOBAL, 'k', "load-kmods", NULL, IGNORED, 0, NULL,
	 "accepted; a Tegra's modules are loaded by its system"},
	{IN_GLOBAL, 'n', "no-pivot", NULL, IGNORED, 0, NULL, "accepted; nothing is pivoted"},
	{IN_GLOBAL, 'u', "user", "[UID[:GID]]", IGNORED, 0, NULL,
	 "accepted; there is no driver service to run as another user"},
	{IN_GLOBAL, 0, "no-create-imex-channels", NULL, IGNORED, 0, NULL, "accepted"},
	{IN_GLOBAL, 'V', "version", NULL, TAKES_NOTHING, AT(version), NULL, "show the version"},
	{IN_GLOBAL, 'h', "help", NULL, TAKES_NOTHING, AT(help), NULL,
	 "show this help, or that of the command"},
	{IN_GLOBAL, '?', "usage", NULL, TAKES_NOTHING, AT(help), NULL, NULL},
	{IN_GLOBAL, 0, "print-completion", NULL, TAKES_NOTHING, AT(print_completion), NULL, NULL},
	{IN_GLOBAL, 0, "print-options", NULL, TAKES_NOTHING, AT(print_options), NULL, NULL},

	{IN_INFO | IN_LIST | IN_PLAN, 0, "json", NULL, TAKES_NOTHING, AT(json), NULL,
	 "as JSON, schemas in docs/json.md"},
	{IN_INFO, 0, "csv", NULL, IGNORED, 0, NULL, "accepted; the text stays the same"},

	{IN_PLAN, 'b', "bundle", "DIR", TAKES_STRING, AT(bundle), NULL,
	 "plan for the container of this bundle, a folder with config.json"},
	{IN_PLAN, 0, "request", "TEXT", TAKES_STRING, AT(request), NULL,
	 "plan for a request as nvc-runtime writes it into hook arguments"},
	{IN_CONFIGURE, 'p', "pid", "PID", TAKES_STRING, AT(pid), NULL,
	 "a process of the container; without it the parent process"},
	{IN_CONFIGURE, 0, "id", "ID", TAKES_STRING, AT(id), NULL,
	 "container id: what is made is recorded under it, to be taken back by nvc-hook poststop"},
	{IN_LIST | IN_PLAN | IN_CONFIGURE, 'd', "device", "ID", TAKES_STRINGS, AT(devices), NULL,
	 "GPU to use: 0 or all; more than one with commas or by repeating the option"},
	{IN_PLAN | IN_CONFIGURE, 'r', "require", "EXPR", TAKES_STRINGS, AT(requires), NULL,
	 "requirement such as cuda>=10.2; all have to be met"},
	{IN_CONFIGURE, 0, "no-cgroups", NULL, TAKES_NOTHING, AT(no_cgroups), NULL,
	 "leave the device cgroup alone"},
	{IN_CONFIGURE, 0, "no-devbind", NULL, TAKES_NOTHING, AT(no_devbind), NULL,
	 "no device nodes; only together with --no-cgroups"},

	{IN_CONFIGURE, 'c', "compute", NULL, ADDS_WORD, AT(capabilities), "compute",
	 "driver capability; mount lists have no selection by capability"},
	{IN_CONFIGURE, 'u', "utility", NULL, ADDS_WORD, AT(capabilities), "utility", "likewise"},
	{IN_CONFIGURE, 'v', "video", NULL, ADDS_WORD, AT(capabilities), "video", "likewise"},
	{IN_CONFIGURE, 'g', "graphics", NULL, ADDS_WORD, AT(capabilities), "graphics", "likewise"},
	{IN_CONFIGURE, 'D', "display", NULL, ADDS_WORD, AT(capabilities), "display", "likewise"},
	{IN_CONFIGURE, 'n', "ngx", NULL, ADDS_WORD, AT(capabilities), "ngx", "likewise"},
	{IN_CONFIGURE, 0, "compat32", NULL, ADDS_WORD, AT(capabilities), "compat32", "likewise"},
	{IN_CONFIGURE, 'l', "ldconfig", "PATH", IGNORED, 0, NULL,
	 "accepted; ldconfig is set in config.toml"},
	{IN_CONFIGURE, 0, "cuda-compat-mode", "MODE", IGNORED, 0, NULL, "accepted"},

	{IN_LIST, 'l', "libraries", NULL, TAKES_NOTHING, AT(select), NULL,
	 "files without device nodes, unless --device is given"},
	{IN_LIST, 'b', "binaries", NULL, TAKES_NOTHING, AT(select), NULL, "as --libraries"},
	{IN_LIST, 'i', "ipcs", NULL, TAKES_NOTHING, AT(select), NULL, "as --libraries"},
	{IN_LIST, 'f', "firmwares", NULL, TAKES_NOTHING, AT(select), NULL, "as --libraries"},
	{IN_LIST, 0, "compat32", NULL, TAKES_NOTHING, AT(select), NULL, "as --libraries"},
	{IN_LIST | IN_CONFIGURE, 0, "mig-config", "ID", IGNORED, 0, NULL, "accepted"},
	{IN_LIST | IN_CONFIGURE, 0, "mig-monitor", "ID", IGNORED, 0, NULL, "accepted"},
	{IN_LIST | IN_CONFIGURE, 0, "imex-channel", "N", IGNORED, 0, NULL, "accepted"},
	{IN_LIST | IN_CONFIGURE, 0, "no-persistenced", NULL, IGNORED, 0, NULL, "accepted"},
	{IN_LIST | IN_CONFIGURE, 0, "no-fabricmanager", NULL, IGNORED, 0, NULL, "accepted"},
	{IN_LIST | IN_CONFIGURE, 0, "no-gsp-firmware", NULL, IGNORED, 0, NULL, "accepted"},
};
/* clang-format on */
const size_t opttable_n_options = sizeof(opttable_options) / sizeof(opttable_options[0]);

const struct opttable_command opttable_commands[] = {
	{COMMAND_INFO, "info", NULL, 0, 0, "what this machine is: board, L4T, CUDA, lists, nodes",
	 "On a machine without a GPU it says so and what was looked at, and exits with 0."},
	{COMMAND_LIST, "list", NULL, 0, 0, "every path that a container gets, one a line",
	 "With --json also each row of the mount lists and what became of it."},
	{COMMAND_PLAN, "plan", NULL, 0, 0, "what would be done for a container, in order",
	 "Changes nothing. Each line ends in the list and line that asked for it.\n"
	 "Without --bundle and --request the plan is for all devices."},
	{COMMAND_CONFIGURE, "configure", "ROOTFS", 1, 1, "give a running container its GPU",
	 "ROOTFS is the container's root as the container's mount namespace has it.\n"
	 "Without --device the container gets driver files and no devices."},
	{COMMAND_CSV, "csv", "check|list [DIR]", 1, 2, "look at mount lists",
	 "check  names each row that is malformed or refused; fails when there is one\n"
	 "list   shows each row with its verdict\n"
	 "DIR is a folder of lists instead of the machine's."},
};
const size_t opttable_n_commands = sizeof(opttable_commands) / sizeof(opttable_commands[0]);
