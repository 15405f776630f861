/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machine code of the stub functions.
 */
#ifndef BOARD_CODE_H
#define BOARD_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "stub.h"

#define CODE_MAX 32u /* bytes of one function, padding included */

/** Puts the code of one function at ret (CODE_MAX zeroed bytes); false for an unknown machine. */
bool code_function(uint16_t machine, const struct stub_function *function, uint8_t *ret);

#endif
