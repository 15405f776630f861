/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs something once for each allocation that it makes, and lets that one fail. Every time there
 * must be an error with its text, or the same result as without; and nothing may be left allocated
 * or open. Include cmocka.h first; one .c file of a program includes this.
 */
#ifndef UNIT_ALLOCFAIL_H
#define UNIT_ALLOCFAIL_H

#include "allocmalloc.h"
#include "base/auto.h"
#include "base/err.h"
#include "base/str.h"

/* Between allocfail_start() and allocfail_stop() what is tested; then its result as text, and
 * everything freed. Gives what it gave. */
typedef int (*allocfail_fn)(void *arg, struct err *err, struct strbuf *text);

struct allocfail_case {
	const char *name;
	allocfail_fn run;
	void *arg;
	unsigned most; /* runs; more allocations than that are taken in steps; 0 = all */
	bool succeeds; /* without failures */
};

static inline void allocfail_complain(const struct allocfail_case *test, const char *what,
				      const char *detail)
{
	print_message("%s, allocation %lu%s: %s '%s'\n", test->name, allocfail.at,
		      allocfail.from ? " and all others" : "", what, detail);
	allocfail.bad++;
}

/* The lowest number that is free: a descriptor that was left open takes it. */
static inline int allocfail_next_fd(void)
{
	int fd = dup(STDERR_FILENO);

	(void)close(fd);
	return fd;
}

/* The rest of the second text, a few words before where they part. */
static inline const char *allocfail_difference(const char *expected, const char *text)
{
	size_t same = 0;

	if (expected == NULL || text == NULL)
		return text == NULL ? "" : text;
	while (expected[same] == text[same] && text[same] != '\0')
		same++;
	return text + (same < 40 ? 0 : same - 40);
}

static inline void allocfail_once(const struct allocfail_case *test, int expected,
				  const char *expected_text)
{
	struct err err = {0};
	struct strbuf text = {0};
	long before = allocfail.live;
	int next_fd = allocfail_next_fd();
	bool same;
	int r;

	allocfail.faults++;
#ifndef ALLOCFAIL_WRAP
	if (setjmp(allocfail_stopped) != 0) {
		allocfail.stopped++;
		return;
	}
#endif
	r = test->run(test->arg, &err, &text);
	same = text.data != NULL && expected_text != NULL && strcmp(text.data, expected_text) == 0;
	if (r < 0 && (err.code <= 0 || err.msg[0] == '\0'))
		allocfail_complain(test, "an error without words", strerror(-r));
	else if (r < 0 && expected >= 0 && err.code != ENOMEM)
		allocfail_complain(test, "another error", err.msg);
	else if (r >= 0 && expected < 0)
		allocfail_complain(test, "no error any more", "");
	else if (r >= 0 && !same)
		allocfail_complain(test, "another result",
				   allocfail_difference(expected_text, text.data));
	strbuf_done(&text);
	if (allocfail_next_fd() != next_fd)
		allocfail_complain(test, "a descriptor was left open", "");
#ifndef ALLOCFAIL_WRAP /* the leak sanitizer looks at the end */
	if (allocfail.live != before)
		allocfail_complain(test, "a leak", allocfail.live > before ? "" : "freed twice");
#else
	(void)before;
#endif
}

static inline void allocfail_sweep(const struct allocfail_case *test)
{
	struct strbuf text = {0};
	struct err err = {0};
	unsigned long total;
	unsigned long step;
	int r;

	allocfail.at = 0;
	allocfail.from = false;
	r = test->run(test->arg, &err, &text); /* makes what is made once */
	strbuf_done(&text);
	r = test->run(test->arg, &err, &text);
	strbuf_adds(&text, "");
	total = allocfail.seen;
	if (test->succeeds && r < 0)
		allocfail_complain(test, "fails by itself", err.msg);
	step = test->most == 0 || total <= test->most ? 1 : (total + test->most - 1) / test->most;
	if (step > 1)
		print_message("%s: every %luth of %lu allocations\n", test->name, step, total);
	for (unsigned long at = 1; at <= total; at += step) {
		allocfail.at = at;
		allocfail.from = at % 2 == 0;
		allocfail_once(test, r, text.data);
		allocfail.from = !allocfail.from;
		if (total <= 64)
			allocfail_once(test, r, text.data);
	}
	allocfail.at = 0;
	strbuf_done(&text);
}

/* For tests/run; name: of the program. */
static inline void allocfail_note(const char *name)
{
	const char *folder = getenv("NVC_FIGURES");
	char path[4096];

	print_message("%lu failed allocations, %lu bad; jansson gave up %lu times\n",
		      allocfail.faults, allocfail.bad, allocfail.stopped);
	if (folder == NULL)
		return;
	(void)snprintf(path, sizeof(path), "%s/%s.%d.tsv", folder, name, (int)getpid());
	{
		auto_file file = fopen(path, "we");

		if (file != NULL)
			fprintf(file, "faults\t%lu\t%lu\n", allocfail.faults, allocfail.bad);
	}
}

#endif
