/* SPDX-License-Identifier: Apache-2.0 */
/* How alike two names are, for "did you mean". Pure. */
#ifndef SETTINGS_LIKENESS_H
#define SETTINGS_LIKENESS_H

#define LIKENESS_MAX 96u /* bytes of a name */

/** Insertions, deletions and exchanges that make b of a; both at most LIKENESS_MAX bytes. */
unsigned likeness_distance(const char *a, const char *b);

#endif
