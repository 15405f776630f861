/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "opttable.h"

#define HELP_COLUMN 28

static void show_option(const struct opttable_option *option, bool letter, FILE *out)
{
	auto_done(strbuf) struct strbuf left = {0};

	if (letter && option->letter != 0)
		strbuf_addf(&left, "  -%c, --%s", option->letter, option->name);
	else
		strbuf_addf(&left, "      --%s", option->name);
	if (option->value != NULL && option->value[0] == '[')
		strbuf_addf(&left, "[=%s", option->value + 1);
	else if (option->value != NULL)
		strbuf_addf(&left, "=%s", option->value);
	if (strbuf_failed(&left))
		return;
	if (left.len + 2 > HELP_COLUMN)
		fprintf(out, "%s\n%*s%s\n", left.data, HELP_COLUMN, "", option->help);
	else
		fprintf(out, "%-*s%s\n", HELP_COLUMN, left.data, option->help);
}

static void show_options(unsigned where, bool letters, FILE *out)
{
	for (size_t i = 0; i < opttable_n_options; i++) {
		const struct opttable_option *option = &opttable_options[i];

		if ((option->where & where) != 0 && option->help != NULL)
			show_option(option, letters, out);
	}
}

static bool has_options(unsigned where)
{
	for (size_t i = 0; i < opttable_n_options; i++) {
		if ((opttable_options[i].where & where) != 0 && opttable_options[i].help != NULL)
			return true;
	}
	return false;
}

static void show_program(const char *program, FILE *out)
{
	fprintf(out,
		"Usage: %s [OPTION...] COMMAND [OPTION...]\n\n"
		"Finds an NVIDIA GPU's driver files and device nodes from a board's mount lists, "
		"and gives\nthem to containers.\n\nCommands:\n",
		program);
	for (size_t i = 0; i < opttable_n_commands; i++)
		fprintf(out, "  %-26s%s\n", opttable_commands[i].name, opttable_commands[i].help);
	fprintf(out, "\nOptions, before the command (long ones also behind it):\n");
	show_options(IN_GLOBAL, true, out);
	fprintf(out,
		"\n%s COMMAND --help shows a command's options.\n"
		"Exit status: 0 = done, 1 = any failure, with one line on standard error.\n",
		program);
}

void opts_help(const char *program, enum opts_command command, FILE *out)
{
	for (size_t i = 0; i < opttable_n_commands; i++) {
		const struct opttable_command *c = &opttable_commands[i];

		if (c->command != command)
			continue;
		fprintf(out, "Usage: %s [OPTION...] %s [OPTION...]%s%s\n\n%c%s.\n", program,
			c->name, c->operands == NULL ? "" : " ",
			c->operands == NULL ? "" : c->operands, c->help[0] - 'a' + 'A',
			c->help + 1);
		if (c->more != NULL)
			fprintf(out, "%s\n", c->more);
		if (has_options(1u << command))
			fprintf(out, "\nOptions:\n");
		show_options(1u << command, true, out);
		if (command ==
		    COMMAND_RUNTIME) /* the others say where a machine and its settings are */
			return;
		fprintf(out, "\nOptions of all commands:\n");
		show_options(IN_GLOBAL, false, out);
		return;
	}
	show_program(program, out);
}

static void complete_words(unsigned where, FILE *out)
{
	const char *blank = "";

	for (size_t i = 0; i < opttable_n_options; i++) {
		const struct opttable_option *option = &opttable_options[i];

		if ((option->where & where) == 0 || option->help == NULL)
			continue;
		fprintf(out, "%s--%s%s", blank, option->name,
			option->value == NULL || option->value[0] == '[' ? "" : "=");
		blank = " ";
	}
}

void opts_completion(FILE *out)
{
	fprintf(out, "# SPDX-License-Identifier: Apache-2.0\n"
		     "# bash completion for nvc-cli; made by nvc-cli --print-completion\n"
		     "# shellcheck shell=bash\n"
		     "_nvc_cli() {\n"
		     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} command='' words='' word\n"
		     "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
		     "\t\tcase $word in\n\t\t");
	for (size_t i = 0; i < opttable_n_commands; i++)
		fprintf(out, "%s%s", i == 0 ? "" : " | ", opttable_commands[i].name);
	fprintf(out, ") [[ -n $command ]] || command=$word ;;\n\t\tesac\n\tdone\n"
		     "\tcase $command in\n\t'') words='");
	for (size_t i = 0; i < opttable_n_commands; i++)
		fprintf(out, "%s ", opttable_commands[i].name);
	complete_words(IN_GLOBAL, out);
	fprintf(out, "' ;;\n");
	for (size_t i = 0; i < opttable_n_commands; i++) {
		const struct opttable_command *c = &opttable_commands[i];

		fprintf(out, "\t%s) words='%s%s", c->name, c->words == NULL ? "" : c->words,
			c->words == NULL ? "" : " ");
		complete_words(1u << c->command, out);
		fprintf(out, "' ;;\n");
	}
	fprintf(out, "\tesac\n"
		     "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		     "\tif [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then\n"
		     "\t\tcompopt -o nospace\n"
		     "\tfi\n"
		     "}\n"
		     "complete -o default -F _nvc_cli nvc-cli nvidia-container-cli\n");
}

void opts_list(FILE *out)
{
	for (size_t i = 0; i < opttable_n_options; i++) {
		const struct opttable_option *option = &opttable_options[i];

		if (option->help != NULL)
			fprintf(out, "--%s\n", option->name);
	}
}
