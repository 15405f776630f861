/* SPDX-License-Identifier: Apache-2.0 */
/* What the CUDA driver library knows, where NVML does not say it. */
#ifndef DRIVER_CUDA_H
#define DRIVER_CUDA_H

#include "asking.h"

/** True if the answer lacks something that CUDA may know. */
bool cuda_is_needed(const struct asking *asking);

/** Completes the answer; without NVML's GPUs it gives its own. Ends the program with the error if
 *  there is nothing else to go by. */
void cuda_ask(struct asking *asking, void *library);

#endif
