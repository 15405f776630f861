/* SPDX-License-Identifier: Apache-2.0 */
/* The tables behind opts.h. */
#ifndef CLI_OPTTABLE_H
#define CLI_OPTTABLE_H

#include <stddef.h>

#include "opts.h"

#define IN_GLOBAL    (1u << COMMAND_NONE)
#define IN_INFO      (1u << COMMAND_INFO)
#define IN_LIST      (1u << COMMAND_LIST)
#define IN_PLAN      (1u << COMMAND_PLAN)
#define IN_CONFIGURE (1u << COMMAND_CONFIGURE)
#define IN_CSV       (1u << COMMAND_CSV)
#define IN_RUNTIME   (1u << COMMAND_RUNTIME)

enum opttable_kind {
	TAKES_NOTHING, /* sets a bool */
	TAKES_STRING,  /* sets a const char *; to word where a value may be left out, and is */
	TAKES_STRINGS, /* adds to a struct strv */
	ADDS_WORD,     /* takes nothing, adds word to a struct strv */
	IGNORED,       /* of NVIDIA's program, without meaning here; may take a value */
};

struct opttable_option {
	unsigned where; /* IN_*; options of IN_GLOBAL also count behind a command, by long name */
	char letter;    /* 0 = none */
	const char *name;
	const char *value; /* name of the value for people; NULL = takes none; "[X]" = may take */
	enum opttable_kind kind;
	size_t offset; /* into struct opts */
	const char *word;
	const char *help; /* NULL = hidden */
};

struct opttable_command {
	enum opts_command command;
	const char *name;
	const char *operands; /* for people; NULL = none */
	size_t min_operands, max_operands;
	const char *help;  /* one line */
	const char *more;  /* more lines, or NULL */
	const char *words; /* what the first operand may be, for completion; NULL = anything */
};

extern const struct opttable_option opttable_options[];
extern const size_t opttable_n_options;
extern const struct opttable_command opttable_commands[];
extern const size_t opttable_n_commands;

#endif
