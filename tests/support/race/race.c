/* SPDX-License-Identifier: Apache-2.0 */
/*
 * race [--pause US] [--seed N] exchange|move A B: the neighbour of a hook. Until it gets SIGTERM,
 * 'exchange' swaps what goes by the names A and B in one step, 'move' moves A to B and back; after
 * each step, or when one of the names is not there just now, it waits for up to US microseconds
 * (default 2000), sometimes not at all. At the end all is as it was, and the number of steps is
 * printed. It does not outlive its parent.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXCHANGE 2u /* RENAME_EXCHANGE */

static volatile sig_atomic_t over;

static void end(int signal)
{
	(void)signal;
	over = 1;
}

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

struct race {
	const char *a;
	const char *b;
	bool moves;
	bool away; /* not as it was */
};

static long rename_to(const char *from, const char *to, unsigned flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

/* A hook may have made something in the place from which a directory was moved: it is given up for
 * this once. */
static bool step(struct race *race)
{
	const char *from = race->moves && race->away ? race->b : race->a;
	const char *to = from == race->a ? race->b : race->a;

	if (rename_to(from, to, race->moves ? 0 : EXCHANGE) < 0) {
		if (!race->moves || (errno != ENOTEMPTY && errno != EEXIST) ||
		    rename_to(from, to, EXCHANGE) < 0)
			return false;
	}
	race->away = !race->away;
	return true;
}

int main(int argc, char **argv)
{
	const struct sigaction action = {.sa_handler = end};
	uint64_t seed = UINT64_C(88172645463325252);
	unsigned long most = 2000;
	unsigned long steps = 0;
	struct race race = {0};
	int i = 1;

	for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		if (strcmp(argv[i], "--pause") == 0)
			most = strtoul(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--seed") == 0)
			seed ^= strtoull(argv[i + 1], NULL, 10) * UINT64_C(2654435761);
		else
			break;
	}
	if (i + 3 != argc || (strcmp(argv[i], "exchange") != 0 && strcmp(argv[i], "move") != 0)) {
		(void)fputs("usage: race [--pause US] [--seed N] exchange|move A B\n", stderr);
		return 2;
	}
	race.moves = strcmp(argv[i], "move") == 0;
	race.a = argv[i + 1];
	race.b = argv[i + 2];
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)sigaction(SIGTERM, &action, NULL);
	while (!over) {
		if (!step(&race)) {
			if (errno != ENOENT) {
				(void)fprintf(stderr, "race: %s and %s: %s\n", race.a, race.b,
					      strerror(errno));
				return 1;
			}
		} else {
			steps++;
		}
		if (next(&seed) % 4 != 0 && most > 0)
			(void)usleep((useconds_t)(next(&seed) % most));
	}
	if (race.away && !step(&race))
		return 1;
	(void)printf("%lu\n", steps);
	return 0;
}
