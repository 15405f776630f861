/* SPDX-License-Identifier: Apache-2.0 */
/* A fact with its evidence. */
#ifndef MODEL_FACT_H
#define MODEL_FACT_H

/* An answer with its evidence. value NULL = not known. Both owned. */
struct fact {
	char *value;
	char *source; /* where it was read, e.g. "/proc/device-tree/compatible" */
};

/** Sets value and source to copies. -ENOMEM. A NULL value clears. */
int fact_set(struct fact *fact, const char *value, const char *source);
void fact_done(struct fact *fact);

#endif
