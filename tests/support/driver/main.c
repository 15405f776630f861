/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driver [options] DIR: a machine with NVIDIA's driver in a folder, driver root and machine root.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "stand.h"

struct args {
	const char *dir;
	const char *board;
	const char *machine;
	const char *libdir;
	const char *minors;
	bool no_compat32;
};

static void usage(FILE *out)
{
	fputs("usage: driver [options] DIR\n"
	      "Makes a machine with NVIDIA's driver in DIR: stub libraries, programs, firmware, "
	      "sockets,\n"
	      "the loader's cache, /proc, /sys and nodes.\n\n"
	      "  --gpus N         number of GPUs (default 2)\n"
	      "  --version V      of the driver (default 550.54.15)\n"
	      "  --model NAME     (default NVIDIA H100 PCIe)\n"
	      "  --minors A,B...  minors of the nodes by index (default 0,1,...; with --board "
	      "1,2,...)\n"
	      "  --mig            the first GPU is divided into two MIG devices\n"
	      "  --imex N         channels 0 to N-1\n"
	      "  --gates          nodes of NVSwitch, GDS, MOFED and GDRCopy\n"
	      "  --board NAME     a hybrid: what tests/support/board makes, too\n"
	      "  --wsl            Windows' driver in its subsystem for Linux instead\n"
	      "  --libdir WHERE   multiarch, lib64 or nix (default multiarch)\n"
	      "  --machine NAME   x86_64 or aarch64: of the libraries (default: this one)\n"
	      "  --no-compat32    no libraries of 32 bits\n"
	      "  --no-nvml        libnvidia-ml is missing\n"
	      "  --nvml FILE      installed as libnvidia-ml.so.V\n"
	      "  --cuda FILE      installed as libcuda.so.V\n"
	      "  --facts TEXT     further lines of etc/stand-in-nvml (support/nvml/standin.h)\n"
	      "  --open           the kernel module is the open one\n"
	      "  --no-uuid        the GPUs were never opened: /proc tells no UUIDs\n"
	      "  --no-cache       no /etc/ld.so.cache\n"
	      "  --stale          entries in it whose files are gone\n"
	      "  --no-nodes       leave nodes out: needs no root\n",
	      out);
}

static int parse_number(const char *text, size_t len, uint64_t max, unsigned *ret)
{
	uint64_t number;

	if (!str_to_u64(text, len, 10, max, &number)) {
		fprintf(stderr, "driver: '%s' is no number up to %llu\n", text,
			(unsigned long long)max);
		return -1;
	}
	*ret = (unsigned)number;
	return 0;
}

static int take_flag(struct args *args, struct stand *stand, int option)
{
	bool *const flags[128] = {
		['G'] = &stand->mig,      ['g'] = &stand->gates,       ['3'] = &args->no_compat32,
		['N'] = &stand->no_nvml,  ['o'] = &stand->open_kernel, ['u'] = &stand->bare_uuid,
		['C'] = &stand->no_cache, ['s'] = &stand->stale,       ['n'] = &stand->no_nodes,
	};

	if (option == 'w') {
		stand->layout = LAYOUT_WSL;
		return 0;
	}
	if (option < 0 || option >= 128 || flags[option] == NULL)
		return -1;
	*flags[option] = true;
	return 0;
}

static int take_option(struct args *args, struct stand *stand, int option)
{
	const char **const texts[128] = {
		['v'] = &stand->version, ['d'] = &stand->model, ['M'] = &args->minors,
		['b'] = &args->board,    ['l'] = &args->libdir, ['m'] = &args->machine,
		['L'] = &stand->nvml,    ['c'] = &stand->cuda,  ['f'] = &stand->facts,
	};

	if (option == 'p')
		return parse_number(optarg, strlen(optarg), STAND_MAX_GPUS, &stand->gpus);
	if (option == 'i')
		return parse_number(optarg, strlen(optarg), 2048, &stand->channels);
	if (option >= 0 && option < 128 && texts[option] != NULL) {
		*texts[option] = optarg;
		return 0;
	}
	return take_flag(args, stand, option);
}

static int parse(int argc, char **argv, struct args *args, struct stand *stand)
{
	static const struct option options[] = {
		{"gpus", required_argument, NULL, 'p'},
		{"version", required_argument, NULL, 'v'},
		{"model", required_argument, NULL, 'd'},
		{"minors", required_argument, NULL, 'M'},
		{"mig", no_argument, NULL, 'G'},
		{"imex", required_argument, NULL, 'i'},
		{"gates", no_argument, NULL, 'g'},
		{"board", required_argument, NULL, 'b'},
		{"wsl", no_argument, NULL, 'w'},
		{"libdir", required_argument, NULL, 'l'},
		{"machine", required_argument, NULL, 'm'},
		{"no-compat32", no_argument, NULL, '3'},
		{"no-nvml", no_argument, NULL, 'N'},
		{"nvml", required_argument, NULL, 'L'},
		{"cuda", required_argument, NULL, 'c'},
		{"facts", required_argument, NULL, 'f'},
		{"open", no_argument, NULL, 'o'},
		{"no-uuid", no_argument, NULL, 'u'},
		{"no-cache", no_argument, NULL, 'C'},
		{"stale", no_argument, NULL, 's'},
		{"no-nodes", no_argument, NULL, 'n'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'h') {
			usage(stdout);
			exit(EXIT_SUCCESS);
		}
		if (take_option(args, stand, option) < 0)
			return -1;
	}
	if (optind + 1 != argc)
		return -1;
	args->dir = argv[optind];
	return 0;
}

static int set_machine(const struct args *args, struct stand *stand)
{
	const char *name = args->machine;

	if (name == NULL) {
#if defined(__aarch64__)
		name = "aarch64";
#else
		name = "x86_64";
#endif
	}
	if (strcmp(name, "x86_64") != 0 && strcmp(name, "aarch64") != 0)
		return -1;
	stand->machine = strcmp(name, "x86_64") == 0 ? EM_X86_64 : EM_AARCH64;
	stand->machine32 = stand->machine == EM_X86_64 && !args->no_compat32 ? EM_386 : EM_NONE;
	return 0;
}

static int set_layout(const struct args *args, struct stand *stand)
{
	const char *where = args->libdir == NULL ? "multiarch" : args->libdir;
	bool is32 = stand->machine32 != EM_NONE;

	if (stand->layout == LAYOUT_WSL) {
		stand->libdir = "/usr/lib/wsl/lib";
	} else if (strcmp(where, "multiarch") == 0) {
		stand->layout = LAYOUT_MULTIARCH;
		stand->libdir = stand->machine == EM_X86_64 ? "/usr/lib/x86_64-linux-gnu"
							    : "/usr/lib/aarch64-linux-gnu";
		stand->libdir32 = is32 ? "/usr/lib/i386-linux-gnu" : NULL;
	} else if (strcmp(where, "lib64") == 0) {
		stand->layout = LAYOUT_LIB64;
		stand->libdir = "/usr/lib64";
		stand->libdir32 = is32 ? "/usr/lib" : NULL;
	} else if (strcmp(where, "nix") == 0) {
		stand->layout = LAYOUT_NIX;
		stand->libdir = "/nix/store/00000000000000000000000000000000-nvidia-x11/lib";
	} else {
		return -1;
	}
	return 0;
}

static int set_minors(const struct args *args, struct stand *stand)
{
	const char *at = args->minors;

	for (unsigned i = 0; i < stand->gpus; i++) {
		size_t len = at == NULL ? 0 : strcspn(at, ",");

		stand->minors[i] = args->board == NULL ? i : i + 1;
		if (at == NULL)
			continue;
		if (parse_number(at, len, 254, &stand->minors[i]) < 0)
			return -1;
		at = at[len] == ',' ? at + len + 1 : NULL;
	}
	/* a board has two of each */
	stand->hybrid = args->board != NULL;
	stand->first_card = stand->hybrid ? 2 : 1;
	stand->first_render = stand->hybrid ? 130 : 128;
	return 0;
}

/* By the program beside this one: it has its own tables. */
static int make_board(const struct args *args, struct err *err)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int status = 0;
	pid_t pid;

	if (len <= 0)
		return err_sys(err, errno, "read '/proc/self/exe'");
	self[len] = '\0';
	*(strrchr(self, '/') + 1) = '\0';
	pid = fork();
	if (pid == 0) {
		auto_free char *program = str_format("%sboard", self);

		if (program != NULL && args->machine != NULL)
			execl(program, program, "--board", args->board, "--machine", args->machine,
			      args->dir, (char *)NULL);
		else if (program != NULL)
			execl(program, program, "--board", args->board, args->dir, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return err_sys(err, errno, "run the program 'board'");
	return status == 0 ? 0 : err_set(err, EIO, "'%sboard' ended with %#x", self, status);
}

/* As distributions have it since 2020 or before; a board may have more or less of it. */
static int merge_usr(struct stand *stand, struct err *err)
{
	static const char *const names[] = {"bin", "sbin", "lib", "lib64"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		auto_free char *to = str_format("usr/%s", names[i]);

		if (to == NULL)
			return err_nomem(err);
		if ((mkdirat(stand->fd, "usr", 0755) < 0 && errno != EEXIST) ||
		    (mkdirat(stand->fd, to, 0755) < 0 && errno != EEXIST) ||
		    (symlinkat(to, stand->fd, names[i]) < 0 && errno != EEXIST))
			return err_sys(err, errno, "make '/%s'", to);
	}
	return 0;
}

static int make_stand(const struct args *args, struct stand *stand, struct err *err)
{
	auto_fd fd = -1;

	if (mkdir(args->dir, 0755) < 0 && errno != EEXIST)
		return err_sys(err, errno, "make '%s'", args->dir);
	if (args->board != NULL && make_board(args, err) < 0)
		return -EIO;
	fd = open(args->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "open '%s'", args->dir);
	stand->fd = fd;
	if (merge_usr(stand, err) < 0 || stand_write_libraries(stand, err) < 0 ||
	    stand_write_files(stand, err) < 0 || stand_write_proc(stand, err) < 0 ||
	    stand_write_sys(stand, err) < 0)
		return -EIO;
	return stand_write_nodes(stand, err);
}

int main(int argc, char **argv)
{
	struct stand stand = {
		.fd = -1, .gpus = 2, .version = "550.54.15", .model = "NVIDIA H100 PCIe"};
	struct args args = {0};
	struct err err = {0};

	(void)umask(0022);
	if (parse(argc, argv, &args, &stand) < 0 || set_machine(&args, &stand) < 0 ||
	    set_layout(&args, &stand) < 0 || set_minors(&args, &stand) < 0) {
		usage(stderr);
		return 2;
	}
	if (make_stand(&args, &stand, &err) < 0) {
		fprintf(stderr, "driver: %s\n", err.msg);
		return EXIT_FAILURE;
	}
	printf("driver %s, %u GPUs: %u libraries, %u other files, %u nodes, %u links\n",
	       stand.version, stand.gpus, stand.libraries, stand.files, stand.nodes, stand.links);
	return EXIT_SUCCESS;
}
