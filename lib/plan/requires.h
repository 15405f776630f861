/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NVIDIA_REQUIRE_*: whether every GPU that a container is given, and its driver, are what the image
 * needs. Pure.
 */
#ifndef PLAN_REQUIRES_H
#define PLAN_REQUIRES_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"
#include "plan/grants.h"
#include "settings/settings.h"

/** 0 when all are met, or not to be looked at; what could not be looked at, a board newer than our
 *  tables must not stop every container, goes to notes, and so does all that follows where the
 *  policy is to warn. -ENOTSUP when one is not met, with the GPU, its value, the one needed, and
 * the override; -EINVAL for an expression that is none. */
int requires_check(const struct grants *grants, const struct settings *settings, struct strv *notes,
		   struct err *err);

/** True if one of the requirements that count is about what only the driver's library tells. */
bool requires_ask_driver(const struct request *request, const struct settings *settings);

#endif
