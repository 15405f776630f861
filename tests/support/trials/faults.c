/* SPDX-License-Identifier: Apache-2.0 */
#include "faults.h"

#include <stdio.h>
#include <string.h>

#include "errnos.h"

/* What was left behind, or is not whole, must be said in the log and be made good by the next
 * start. */
static const char *excuse(struct bench *bench, const struct outcome *outcome, const char *why)
{
	static char text[9000];
	const char *unhealed;

	if (!bench_warned(bench, outcome))
		return why;
	(void)snprintf(text, sizeof(text), "%s; and after the next start", why);
	if (!bench->is_cell)
		bench_reset(bench); /* nothing of it is ever taken back by the program */
	unhealed = bench_heal(bench, false);
	return unhealed == NULL ? NULL : text;
}

/* The line itself could not be written: then it is in the log. An interruption is no reason. */
static bool could_not_say(const struct bench *bench, unsigned long n, const char *code)
{
	const struct listing_call *call = &bench->listing.calls[n - 1];

	return strcmp(call->word, "write") == 0 && strncmp(call->names, "2<", 2) == 0 &&
	       strcmp(code, "EINTR") != 0 && bench_logged(bench, " error ");
}

static void refuse(struct bench *bench, unsigned long n, const char *code)
{
	static struct outcome outcome;
	char fault[128];
	const char *const options[] = {"--fail", fault, NULL};
	const char *why;

	/* two threads do not always come in the same order */
	(void)snprintf(fault, sizeof(fault), "%lu:%s:%s", n, code,
		       bench->listing.calls[n - 1].word);
	bench_run(bench, options, &outcome);
	bench->tried += outcome.calls >= n;
	why = bench_judge_words(bench, &outcome);
	if (why != NULL && outcome.said[0] == '\0' && could_not_say(bench, n, code))
		why = NULL;
	if (why == NULL)
		why = bench_judge_host(bench, outcome.status == 0);
	if (why == NULL) {
		why = bench_judge_files(bench, outcome.status == 0);
		if (why != NULL)
			why = excuse(bench, &outcome, why);
	}
	if (why == NULL)
		return;
	bench_complain(bench, code, n, why, &outcome);
	bench_reset(bench);
}

static void end_by_force(struct bench *bench, unsigned long n, bool only_end)
{
	static struct outcome outcome;
	char number[32];
	const char *const options[] = {"--kill", number, NULL};
	const char *why = NULL;

	(void)snprintf(number, sizeof(number), "%lu", n);
	bench_run(bench, options, &outcome);
	if (outcome.calls < n)
		return;
	bench->tried++;
	if (outcome.status != 137 || outcome.left)
		why = "not killed";
	if (why == NULL)
		why = bench_judge_host(bench, true);
	if (why == NULL && bench->forgets)
		bench_reset(bench);
	if (why == NULL)
		why = bench_heal(bench, only_end);
	if (why == NULL)
		return;
	bench_complain(bench, only_end ? "SIGKILL and the end" : "SIGKILL and the next start", n,
		       why, &outcome);
	bench_reset(bench);
}

static void refuse_all(struct bench *bench, const struct faults *faults, size_t i)
{
	const struct listing_call *call = &bench->listing.calls[i];
	const char *const *codes = errnos_of(call->word);
	size_t count = 0;

	while (codes[count] != NULL)
		count++;
	if (count == 0)
		return;
	if (faults->whole > 0 && call->occurrence >= faults->whole) {
		refuse(bench, i + 1, codes[call->occurrence % count]);
		return;
	}
	for (size_t k = 0; k < count; k++)
		refuse(bench, i + 1, codes[k]);
}

void faults_run(struct bench *bench, const struct faults *faults)
{
	for (size_t i = 0; i < bench->listing.n; i++) {
		if (i % bench->slices != bench->slice)
			continue;
		refuse_all(bench, faults, i);
		if (faults->kill_every == 0 || i / bench->slices % faults->kill_every != 0)
			continue;
		end_by_force(bench, i + 1, false);
		if (bench->is_cell)
			end_by_force(bench, i + 1, true);
	}
}
