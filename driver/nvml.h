/* SPDX-License-Identifier: Apache-2.0 */
/* What NVIDIA's management library knows. */
#ifndef DRIVER_NVML_H
#define DRIVER_NVML_H

#include "asking.h"

/** Asks the library for everything; a function that is missing or fails is a fact less. Ends the
 *  program with the error if the library as a whole refuses. False: it is no NVML. */
bool nvml_ask(struct asking *asking, void *library);

#endif
