/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board [options] DIR: a simulated Jetson in a folder, from any list folder.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/str.h"
#include "links.h"
#include "profile.h"
#include "rows.h"
#include "tree.h"

struct args {
	const char *board;
	const char *release;
	const char *lists;
	const char *lists_at;
	const char *layout;
	const char *without;
	const char *machine;
	const char *dir;
	const char *extra_nodes[16];
	size_t n_extra;
	unsigned major;
	size_t missing;
	bool no_nodes;
};

static void usage(FILE *out)
{
	fputs("usage: board [options] DIR\n"
	      "Makes a simulated Jetson's root in DIR from mount lists: stub libraries that load "
	      "and\n"
	      "answer, links as on real boards, nodes, and what tells the board's kind.\n\n"
	      "  --board NAME       kind, or R32, R35, R36, R38, R39 (default nano); kinds:",
	      out);
	for (size_t i = 0; board_name(i) != NULL; i++)
		fprintf(out, " %s", board_name(i));
	fputs("\n"
	      "  --release NAME     R32 to R39 (default: the kind's own)\n"
	      "  --lists FOLDER     folder of *.csv (default: the project's own of that release)\n"
	      "  --lists-at DIR     where the board has them (default: where NVIDIA has)\n"
	      "  --layout WORDS     usrmerge or split (default: as the release), oe or oe64: of\n"
	      "                     OpenEmbedded, libraries in /usr/lib or /usr/lib64, and "
	      "NVIDIA's\n"
	      "                     own builds of some in a passthrough tree; with commas\n"
	      "  --without WORDS    leave out lists, release, release-more (than the first line),\n"
	      "                     device-tree, soc0, chip-id, ld-conf, objects; with commas\n"
	      "  --machine NAME     x86_64, aarch64 or arm: of the libraries (default: this one)\n"
	      "  --major N          major number of the nodes (default 240: no driver of most "
	      "machines)\n"
	      "  --missing N        leave out what the last N rows name\n"
	      "  --extra-node NAME  a node in /dev that is in no list; may be repeated\n"
	      "  --no-nodes         leave nodes out: needs no root\n",
	      out);
}

static uint16_t machine_of(const char *name)
{
	if (name == NULL) {
#if defined(__aarch64__)
		return EM_AARCH64;
#elif defined(__arm__)
		return EM_ARM;
#else
		return EM_X86_64;
#endif
	}
	if (strcmp(name, "x86_64") == 0)
		return EM_X86_64;
	if (strcmp(name, "aarch64") == 0)
		return EM_AARCH64;
	return strcmp(name, "arm") == 0 ? EM_ARM : EM_NONE;
}

static int parse_number(const char *text, uint64_t max, uint64_t *ret)
{
	if (str_to_u64(text, strlen(text), 10, max, ret))
		return 0;
	fprintf(stderr, "board: '%s' is no number up to %llu\n", text, (unsigned long long)max);
	return -1;
}

static int take_option(struct args *args, int option)
{
	uint64_t number;

	switch (option) {
	case 'b':
		args->board = optarg;
		return 0;
	case 'r':
		args->release = optarg;
		return 0;
	case 'l':
		args->lists = optarg;
		return 0;
	case 'A':
		args->lists_at = optarg;
		return 0;
	case 'L':
		args->layout = optarg;
		return 0;
	case 'W':
		args->without = optarg;
		return 0;
	case 'm':
		args->machine = optarg;
		return 0;
	case 'M':
		if (parse_number(optarg, 511, &number) < 0)
			return -1;
		args->major = (unsigned)number;
		return 0;
	case 'x':
		if (parse_number(optarg, 1000000, &number) < 0)
			return -1;
		args->missing = (size_t)number;
		return 0;
	case 'e':
		if (args->n_extra == sizeof(args->extra_nodes) / sizeof(args->extra_nodes[0]))
			return -1;
		args->extra_nodes[args->n_extra++] = optarg;
		return 0;
	case 'n':
		args->no_nodes = true;
		return 0;
	default:
		return -1;
	}
}

static int parse(int argc, char **argv, struct args *args)
{
	static const struct option options[] = {
		{"board", required_argument, NULL, 'b'},
		{"release", required_argument, NULL, 'r'},
		{"lists", required_argument, NULL, 'l'},
		{"lists-at", required_argument, NULL, 'A'},
		{"layout", required_argument, NULL, 'L'},
		{"without", required_argument, NULL, 'W'},
		{"machine", required_argument, NULL, 'm'},
		{"major", required_argument, NULL, 'M'},
		{"missing", required_argument, NULL, 'x'},
		{"extra-node", required_argument, NULL, 'e'},
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
		if (take_option(args, option) < 0)
			return -1;
	}
	if (optind + 1 != argc)
		return -1;
	args->dir = argv[optind];
	return 0;
}

static int resolve_names(const struct args *args, struct tree *tree, struct err *err)
{
	tree->board = board_find(args->board);
	if (tree->board == NULL)
		return err_set(err, EINVAL, "no board '%s'; --help names them", args->board);
	tree->release = release_find(args->release != NULL               ? args->release
				     : release_find(args->board) != NULL ? args->board
									 : tree->board->release);
	if (tree->release == NULL)
		return err_set(err, EINVAL, "no release '%s'", args->release);
	tree->machine = machine_of(args->machine);
	if (tree->machine == EM_NONE)
		return err_set(err, EINVAL, "no machine '%s'", args->machine);
	return 0;
}

static int open_dir(const char *path, struct err *err)
{
	int fd;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_sys(err, errno, "make '%s'", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, errno, "open '%s'", path) : fd;
}

static int make_board(const struct args *args, struct tree *tree, struct err *err)
{
	auto_done(rows) struct rows rows = {0};
	struct layout *layout = &tree->layout;
	auto_free char *lists = NULL;
	auto_fd fd = -1;
	int r = resolve_names(args, tree, err);

	layout->lists = args->lists_at;
	if (r == 0)
		r = layout_parse(args->layout, tree->release, layout, err);
	if (r == 0)
		r = layout_leave_out(args->without, layout, err);
	if (r < 0)
		return r;
	lists = args->lists != NULL
			? strdup(args->lists)
			: str_format("%s/csv/%s", BOARD_SOURCE_DIR, tree->release->folder);
	if (lists == NULL)
		return err_nomem(err);
	r = rows_read(&rows, lists, tree->release, layout, args->missing, err);
	if (r == 0 && links_resolve(&rows, tree->release) < 0)
		r = err_nomem(err);
	if (r < 0)
		return r;
	fd = open_dir(args->dir, err);
	if (fd < 0)
		return fd;
	tree->fd = fd;
	r = tree_write_objects(tree, &rows, err);
	for (size_t i = 0; r == 0 && i < args->n_extra; i++) {
		auto_free char *path = str_format("/dev/%s", args->extra_nodes[i]);

		r = path == NULL ? err_nomem(err) : tree_write_node(tree, path, err);
	}
	return r < 0 ? r : tree_write_facts(tree, &rows, err);
}

int main(int argc, char **argv)
{
	struct args args = {.board = "nano", .lists_at = LAYOUT_LISTS, .major = 240};
	struct tree tree = {.fd = -1};
	struct err err = {0};

	if (parse(argc, argv, &args) < 0) {
		usage(stderr);
		return 2;
	}
	tree.major = args.major;
	tree.no_nodes = args.no_nodes;
	if (make_board(&args, &tree, &err) < 0) {
		fprintf(stderr, "board: %s\n", err.msg);
		return EXIT_FAILURE;
	}
	printf("%s, L4T %s: %u libraries, %u other files, %u directories, %u nodes, %u links\n",
	       tree.board->model, tree.release->name, tree.libraries, tree.files, tree.dirs,
	       tree.nodes, tree.links);
	if (tree.nodes_failed > 0) {
		fprintf(stderr, "board: %u nodes could not be made: that needs root (--no-nodes)\n",
			tree.nodes_failed);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
