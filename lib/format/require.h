/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The language of NVIDIA_REQUIRE_*: blanks = or, commas = and, factor = property op version with op
 * one of = != < <= > >=. Properties cuda, arch, driver (versions) and brand (text). Pure.
 */
#ifndef FORMAT_REQUIRE_H
#define FORMAT_REQUIRE_H

#include <stdbool.h>

#include "base/err.h"

#define REQUIRE_MAX_BYTES 16384u /* of one expression */

struct require_facts {
	const char *cuda; /* NULL or "" = not known: see require_check() */
	const char *arch;
	const char *driver;
	const char *brand;
	bool no_gpu;   /* none is asked for: whatever is said of arch and brand is met */
	bool any_case; /* of names of properties, as NVIDIA's library has it; its toolkit, which
			* judges by the board alone, knows lower case only */
};

/** 1 = met; 0 = not met: err->code is ERANGE and err->msg the first factor that failed, as
 *  "cuda>=12.0 (have 10.2)"; -EINVAL: not an expression, with column. The factor of an unknown
 *  property is skipped, and so is a term that has no other. A version that is not known meets
 *  nothing; a brand that is not known differs from every other. brand knows = and != only, and no
 *  case. */
int require_check(const char *expression, const struct require_facts *facts, struct err *err);

/** Compares versions of up to four numbers with dots, a leading "v" allowed; missing numbers count
 *  as 0; "-rc1" makes a pre-release, "+build" counts for nothing. -1, 0 or 1 in *ret; -EINVAL when
 *  one is no version. */
int require_compare_versions(const char *a, const char *b, int *ret);

#endif
