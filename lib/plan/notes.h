/* SPDX-License-Identifier: Apache-2.0 */
/* What a person should know about a plan. Pure. */
#ifndef PLAN_NOTES_H
#define PLAN_NOTES_H

#include "model/image.h"
#include "plan/draft.h"

/** Adds the notes of a draft that is complete. image may be NULL. -ENOMEM. */
int notes_add(const struct draft *draft, const struct image *image);

#endif
