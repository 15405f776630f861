/* SPDX-License-Identifier: Apache-2.0 */
#include "model/fact.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void fact_done(struct fact *fact)
{
	free(fact->value);
	free(fact->source);
	*fact = (struct fact){0};
}

int fact_set(struct fact *fact, const char *value, const char *source)
{
	fact_done(fact);
	if (value == NULL)
		return 0;
	fact->value = strdup(value);
	fact->source = strdup(source);
	if (fact->value == NULL || fact->source == NULL) {
		fact_done(fact);
		return -ENOMEM;
	}
	return 0;
}
