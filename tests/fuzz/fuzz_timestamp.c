/* SPDX-License-Identifier: Apache-2.0 */
/* The first eight bytes are seconds: the same as the C library's calendar. */
#include <stdio.h>
#include <time.h>

#include "fuzz.h"
#include "hook/timestamp.h"

#define YEAR_10000 253402300800

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t seconds = 0;
	char text[TIMESTAMP_SIZE];
	char expected[TIMESTAMP_SIZE];
	struct tm tm;
	time_t time;

	memcpy(&seconds, data, size < sizeof(seconds) ? size : sizeof(seconds));
	timestamp_format(seconds, text);
	claim(memchr(text, '\0', sizeof(text)) != NULL);
	time = seconds < 0 ? 0 : seconds % YEAR_10000;
	timestamp_format(time, text);
	claim(gmtime_r(&time, &tm) != NULL);
	(void)strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &tm);
	/* years before 1000 do not occur: time begins in 1970 */
	claim(strcmp(text, expected) == 0);
	return 0;
}
