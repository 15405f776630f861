/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/patience.h"

#include <time.h>

#define QUESTIONS 16u /* for one look at the clock */

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool patience_lasts(struct patience *patience, unsigned ms)
{
	if (patience->over || patience->asked++ % QUESTIONS != 0)
		return !patience->over;
	if (patience->end == 0)
		patience->end = now_ms() + ms;
	else
		patience->over = now_ms() >= patience->end;
	return !patience->over;
}
