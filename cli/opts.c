/* SPDX-License-Identifier: Apache-2.0 */
#include "opts.h"

#include <errno.h>
#include <string.h>

#include "opttable.h"

#define MAX_SHOWN 64 /* bytes of a word of the command line in messages */

struct cursor {
	char **argv;
	int argc;
	int at;
};

static const struct opttable_command *command_named(const char *name)
{
	for (size_t i = 0; i < opttable_n_commands; i++) {
		if (strcmp(opttable_commands[i].name, name) == 0)
			return &opttable_commands[i];
	}
	return NULL;
}

static const struct opttable_command *command_of(enum opts_command command)
{
	for (size_t i = 0; i < opttable_n_commands; i++) {
		if (opttable_commands[i].command == command)
			return &opttable_commands[i];
	}
	return NULL;
}

static int fail(struct err *err, const char *fmt, const char *what, const struct opts *opts)
{
	const struct opttable_command *command = command_of(opts->command);

	if (command != NULL)
		(void)err_set(err, EINVAL, "%s: %s '%.*s'", command->name, fmt, MAX_SHOWN, what);
	else
		(void)err_set(err, EINVAL, "%s '%.*s'", fmt, MAX_SHOWN, what);
	return err_hint(err, "--help shows what there is");
}

static const struct opttable_option *find_long(const struct opts *opts, const char *name,
					       size_t len)
{
	unsigned where = 1u << opts->command;

	for (unsigned pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < opttable_n_options; i++) {
			const struct opttable_option *option = &opttable_options[i];

			if ((option->where & where) != 0 && strncmp(option->name, name, len) == 0 &&
			    option->name[len] == '\0')
				return option;
		}
		where = IN_GLOBAL;
	}
	return NULL;
}

/* Letters mean other things before a command and behind it; -h is the one that stays. */
static const struct opttable_option *find_letter(const struct opts *opts, char letter)
{
	for (size_t i = 0; i < opttable_n_options; i++) {
		const struct opttable_option *option = &opttable_options[i];
		unsigned where = option->where;

		if (letter == 'h' || letter == '?')
			where |= 1u << opts->command;
		if (option->letter == letter && (where & (1u << opts->command)) != 0)
			return option;
	}
	return NULL;
}

static int store(struct opts *opts, const struct opttable_option *option, const char *value,
		 struct err *err)
{
	void *field = (char *)opts + option->offset;
	int rc = 0;

	switch (option->kind) {
	case TAKES_NOTHING:
		*(bool *)field = true;
		break;
	case TAKES_STRING:
		*(const char **)field = value == NULL ? option->word : value;
		break;
	case TAKES_STRINGS:
		rc = strv_add(field, value);
		break;
	case ADDS_WORD:
		rc = strv_add(field, option->word);
		break;
	case IGNORED:
		break;
	}
	return rc < 0 ? err_nomem(err) : 0;
}

/* value: what is written together with the option, or NULL. */
static int take_option(struct cursor *cursor, struct opts *opts,
		       const struct opttable_option *option, const char *value, struct err *err)
{
	bool optional = option->value != NULL && option->value[0] == '[';

	if (option->value == NULL && value != NULL)
		return fail(err, "no value is taken by option", cursor->argv[cursor->at], opts);
	if (option->value != NULL && !optional && value == NULL) {
		if (cursor->at + 1 >= cursor->argc)
			return fail(err, "a value is missing behind option",
				    cursor->argv[cursor->at], opts);
		value = cursor->argv[++cursor->at];
	}
	if (option->kind == TAKES_STRING && value != NULL && value[0] == '\0')
		return fail(err, "an empty value was given to option --", option->name, opts);
	return store(opts, option, value, err);
}

static int take_long(struct cursor *cursor, struct opts *opts, struct err *err)
{
	const char *text = cursor->argv[cursor->at] + 2;
	size_t len = strcspn(text, "=");
	const struct opttable_option *option = find_long(opts, text, len);

	if (option == NULL)
		return fail(err, "unknown option", cursor->argv[cursor->at], opts);
	return take_option(cursor, opts, option, text[len] == '=' ? text + len + 1 : NULL, err);
}

static int take_letters(struct cursor *cursor, struct opts *opts, struct err *err)
{
	const char *text = cursor->argv[cursor->at] + 1;

	while (*text != '\0') {
		const struct opttable_option *option = find_letter(opts, *text++);
		int rc;

		if (option == NULL)
			return fail(err, "unknown option", cursor->argv[cursor->at], opts);
		if (option->value != NULL)
			return take_option(cursor, opts, option, *text == '\0' ? NULL : text, err);
		rc = take_option(cursor, opts, option, NULL, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int take_operand(struct opts *opts, const char *text, struct err *err)
{
	const struct opttable_command *command = command_of(opts->command);

	if (command == NULL) {
		command = command_named(text);
		if (command == NULL)
			return fail(err, "unknown command", text, opts);
		opts->command = command->command;
		return 0;
	}
	if (opts->n_operands >= command->max_operands || opts->n_operands >= OPTS_MAX_OPERANDS)
		return fail(err, "one argument too many:", text, opts);
	opts->operands[opts->n_operands++] = text;
	return 0;
}

static int take_word(struct cursor *cursor, struct opts *opts, bool *operands_only, struct err *err)
{
	const char *word = cursor->argv[cursor->at];

	if (*operands_only || word[0] != '-' || word[1] == '\0')
		return take_operand(opts, word, err);
	if (strcmp(word, "--") == 0) {
		*operands_only = true;
		return 0;
	}
	return word[1] == '-' ? take_long(cursor, opts, err) : take_letters(cursor, opts, err);
}

static int check(const struct opts *opts, struct err *err)
{
	const struct opttable_command *command = command_of(opts->command);

	if (opts->help || opts->version || opts->print_completion || opts->print_options)
		return 0;
	if (command == NULL) {
		(void)err_set(err, EINVAL, "no command was given");
		return err_hint(err, "--help shows what there is");
	}
	if (opts->n_operands < command->min_operands)
		return fail(err, "an argument is missing:", command->operands, opts);
	return 0;
}

int opts_parse(int argc, char **argv, struct opts *ret, struct err *err)
{
	struct opts opts = {.command = COMMAND_NONE};
	struct cursor cursor = {argv, argc, 1};
	bool operands_only = false;
	int rc = 0;

	for (; cursor.at < argc && rc == 0; cursor.at++)
		rc = take_word(&cursor, &opts, &operands_only, err);
	if (rc == 0)
		rc = check(&opts, err);
	if (rc < 0) {
		opts_done(&opts);
		return rc;
	}
	*ret = opts;
	return 0;
}

void opts_done(struct opts *opts)
{
	strv_done(&opts->devices);
	strv_done(&opts->channels);
	strv_done(&opts->requires);
	strv_done(&opts->capabilities);
}
