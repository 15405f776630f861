/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/timestamp.h"

#include <stdio.h>

#define DAY_SECONDS 86400u
/* Days of 400, 100 and 4 years that begin on the first of March, so that a leap day comes last. */
#define DAYS_400 146097u
#define DAYS_100 36524u
#define DAYS_4   1461u
/* From 0000-03-01 to 1970-01-01. */
#define DAYS_TO_1970 719468u

static uint64_t at_most(uint64_t value, uint64_t limit)
{
	return value < limit ? value : limit;
}

void timestamp_format(int64_t seconds, char ret[TIMESTAMP_SIZE])
{
	uint64_t all = seconds > 0 ? (uint64_t)seconds : 0;
	uint64_t of_day = all % DAY_SECONDS;
	uint64_t days = all / DAY_SECONDS + DAYS_TO_1970;
	uint64_t year = days / DAYS_400 * 400;
	uint64_t centuries;
	uint64_t years;
	uint64_t month;

	days %= DAYS_400;
	centuries = at_most(days / DAYS_100, 3);
	days -= centuries * DAYS_100;
	year += centuries * 100 + days / DAYS_4 * 4;
	days %= DAYS_4;
	years = at_most(days / 365, 3);
	days -= years * 365;
	year += years;
	/* Months from March on have 31, 30, 31, 30, 31 days over and over: 153 in five. */
	month = (5 * days + 2) / 153;
	days -= (153 * month + 2) / 5;
	year += month >= 10;
	(void)snprintf(ret, TIMESTAMP_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)year,
		       (unsigned)(month < 10 ? month + 3 : month - 9), (unsigned)days + 1,
		       (unsigned)(of_day / 3600), (unsigned)(of_day / 60 % 60),
		       (unsigned)(of_day % 60));
}
