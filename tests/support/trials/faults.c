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

static const char *judge_things(struct bench *bench, const struct outcome *outcome)
{
	const char *why = bench_judge_host(bench, outcome->status == 0);

	if (why != NULL)
		return why;
	why = bench_judge_files(bench, outcome->status == 0);
	return why == NULL ? NULL : excuse(bench, outcome, why);
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
	/* a call that did not come was not refused */
	bench->tried += outcome.faults > 0;
	bench->missed += outcome.faults == 0;
	why = bench_judge_words(bench, &outcome);
	if (why != NULL && outcome.said[0] == '\0' && could_not_say(bench, n, code))
		why = NULL;
	if (why == NULL)
		why = judge_things(bench, &outcome);
	if (why == NULL)
		return;
	bench_complain(bench, code, n, why, &outcome);
	bench_reset(bench);
}

/* The next start, or the end alone, makes all good. */
static const char *judge_killed(struct bench *bench, bool only_end)
{
	const char *why = bench_judge_host(bench, true);

	if (why != NULL)
		return why;
	if (bench->forgets)
		bench_reset(bench);
	return bench_heal(bench, only_end);
}

static void end_by_force(struct bench *bench, unsigned long n, bool only_end)
{
	static struct outcome outcome;
	char number[32];
	const char *const options[] = {"--kill", number, NULL};
	const char *why;

	(void)snprintf(number, sizeof(number), "%lu", n);
	bench_run(bench, options, &outcome);
	if (outcome.faults == 0) {
		bench->missed++;
		return;
	}
	bench->tried++;
	if (outcome.left)
		why = "a process is left";
	else if (outcome.status == 137)
		why = judge_killed(bench, only_end);
	else /* it was a process of the program's: to that a call has failed */
		why = bench_judge_words(bench, &outcome);
	if (why == NULL && outcome.status != 137)
		why = judge_things(bench, &outcome);
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
	if (count == 0 || (faults->spare != NULL && strcmp(call->word, faults->spare) == 0))
		return;
	if (faults->whole > 0 && call->occurrence >= faults->whole) {
		refuse(bench, i + 1, codes[call->occurrence % count]);
		return;
	}
	for (size_t k = 0; k < count; k++)
		refuse(bench, i + 1, codes[k]);
}

/* Calls without a list would never fail, and nobody would see. */
static bool all_known(const struct bench *bench)
{
	bool known = true;

	for (size_t i = 0; i < bench->listing.n; i++) {
		const char *word = bench->listing.calls[i].word;

		if (errnos_of(word) != NULL)
			continue;
		(void)fprintf(stderr, "trials: call %zu: errnos.c does not have '%s'\n", i + 1,
			      word);
		known = false;
	}
	return known;
}

bool faults_run(struct bench *bench, const struct faults *faults)
{
	if (!all_known(bench))
		return false;
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
	return true;
}
