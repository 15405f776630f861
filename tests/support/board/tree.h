/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a board into a folder: the objects of its lists, and what its /etc, /proc and /sys say.
 */
#ifndef BOARD_TREE_H
#define BOARD_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "layout.h"
#include "profile.h"
#include "rows.h"

struct tree {
	int fd; /* the folder; owned by the caller */
	const struct board *board;
	const struct release *release;
	struct layout layout;
	uint16_t machine; /* EM_* of the stub libraries */
	unsigned major;   /* of nodes */
	unsigned minor;   /* of the next node */
	bool no_nodes;    /* leave nodes out */
	/* counted */
	unsigned libraries, files, dirs, nodes, links, missing, nodes_failed;
};

/** The object of every row. */
int tree_write_objects(struct tree *tree, const struct rows *rows, struct err *err);
/** A node that is in no list. name is below /dev. */
int tree_write_node(struct tree *tree, const char *path, struct err *err);
/** /etc, /proc and /sys, and copies of the lists. */
int tree_write_facts(struct tree *tree, const struct rows *rows, struct err *err);

#endif
