/* SPDX-License-Identifier: Apache-2.0 */
#include "lineage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CHAIN 64

enum role {
	ROLE_OTHER,
	ROLE_HOOK,
	ROLE_RUNTIME,
	ROLE_DRIVER, /* nvc-driver */
	ROLE_EXEMPT,
};

/* They live as long as the program: any of them may be asked for later. */
struct image {
	const struct image *parent; /* of the process it was forked from, or which it replaced */
	char *file;
	char *name;
	enum role role;
};

int lineage_init(struct lineage *lineage, struct err *err)
{
	lineage->processes = calloc(LINEAGE_MAX_PID, sizeof(lineage->processes[0]));
	return lineage->processes == NULL ? err_nomem(err) : 0;
}

/* name is what the kernel shows, 15 bytes: it counts where the file was given by descriptor. */
static enum role role_of(const char *file, const char *name)
{
	static const struct {
		const char *name;
		enum role role;
	} known[] = {
		{"nvc-hook", ROLE_HOOK},
		{"nvc-cli", ROLE_HOOK},
		{"nvidia-container-runtime-hook", ROLE_HOOK},
		{"nvidia-container-toolkit", ROLE_HOOK},
		{"nvidia-container-cli", ROLE_HOOK},
		{"nvc-runtime", ROLE_RUNTIME},
		{"nvidia-container-runtime", ROLE_RUNTIME},
		{"exempt", ROLE_EXEMPT},
	};
	const char *slash = strrchr(file, '/');
	const char *base = slash == NULL ? file : slash + 1;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(base, known[i].name) == 0)
			return known[i].role;
	}
	/* our own child, the one program that ours execute, and only so */
	if (strcmp(name, "nvc-driver") == 0 && strncmp(file, "/dev/fd/", 8) == 0)
		return ROLE_DRIVER;
	return strcmp(name, "nvc-hook") == 0 ? ROLE_HOOK : ROLE_OTHER;
}

static void print(FILE *file, const struct trace_event *event, const struct image *image)
{
	if (file == NULL)
		return;
	fprintf(file, "%" PRIu64 ".%06" PRIu64 " %d %s (%s)", event->us / 1000000,
		event->us % 1000000, event->pid, image->file, image->name);
	image = image->parent;
	for (int i = 0; image != NULL && i < MAX_CHAIN; i++, image = image->parent)
		fprintf(file, " < %s", image->name);
	fputc('\n', file);
}

static struct image *image_new(const struct process *process, const struct trace_event *event)
{
	struct image *image = malloc(sizeof(*image));

	if (image == NULL)
		abort();
	*image = (struct image){.parent = process->image,
				.file = strdup(event->text),
				.name = strdup(process->name),
				.role = role_of(event->text, process->name)};
	if (image->file == NULL || image->name == NULL)
		abort();
	return image;
}

static void take_exec(struct lineage *lineage, struct process *process,
		      const struct trace_event *event)
{
	const struct image *old = process->image;
	const struct image *image = image_new(process, event);

	lineage->execs++;
	lineage->hooks += image->role == ROLE_HOOK;
	lineage->runtimes += image->role == ROLE_RUNTIME;
	print(lineage->out, event, image);
	if (!process->exempt && image->role != ROLE_DRIVER &&
	    (process->hook || (old != NULL && old->role == ROLE_RUNTIME && process->forked))) {
		lineage->offences++;
		print(lineage->offenders, event, image);
	}
	process->image = image;
	process->forked = false;
	process->hook = process->hook || image->role == ROLE_HOOK;
	process->exempt = process->exempt || image->role == ROLE_EXEMPT;
}

void lineage_take(struct lineage *lineage, const struct trace_event *event)
{
	struct process *process;

	if (event->pid < 0 || event->pid >= LINEAGE_MAX_PID || event->child < 0 ||
	    event->child >= LINEAGE_MAX_PID)
		return;
	process = &lineage->processes[event->pid];
	switch (event->kind) {
	case TRACE_FORK:
		lineage->processes[event->child] = *process;
		lineage->processes[event->child].forked = true;
		break;
	case TRACE_NAME:
		snprintf(process->name, sizeof(process->name), "%s", event->text);
		if (!lineage->has_root && strcmp(event->text, lineage->root_name) == 0)
			lineage->has_root = process->ours = true;
		break;
	case TRACE_EXEC:
	default:
		if (process->ours)
			take_exec(lineage, process, event);
	}
}
