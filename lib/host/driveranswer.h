/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to and from the messages of driver_proto.x. What is read is checked: foreign code wrote it,
 * or somebody changed a file. libtirpc's XDR is used here and nowhere else.
 */
#ifndef HOST_DRIVERANSWER_H
#define HOST_DRIVERANSWER_H

#include <stddef.h>

#include "base/err.h"
#include "driver_proto.h"

#define DRIVERANSWER_HEAD 4u  /* bytes before a frame: its length */
#define DRIVERANSWER_STEP 12u /* bytes of a PROTO_STEP with its head */

/** A whole frame with its head; the caller frees it. */
int driveranswer_request(proto_request *request, char **ret, size_t *ret_len, struct err *err);
int driveranswer_message(proto_message *message, char **ret, size_t *ret_len, struct err *err);

/** A PROTO_STEP, without allocating: there are many. */
void driveranswer_step(unsigned call, unsigned char ret[DRIVERANSWER_STEP]);

/** The length that a frame's head gives. -EPROTO above PROTO_MAX_FRAME, or none. */
int driveranswer_length(const unsigned char head[DRIVERANSWER_HEAD], size_t *ret, struct err *err);

/** Reads a frame (without head) that must be all of it. A message's values are what they should be
 *  then: numbers in range, texts printable, UUIDs and numbers each once. -EPROTO. Free *ret by
 *  the _done() in any case; it may be zeroed. */
int driveranswer_read_request(const char *frame, size_t len, proto_request *ret, struct err *err);
int driveranswer_read(const char *frame, size_t len, proto_message *ret, struct err *err);
void driveranswer_request_done(proto_request *request);
void driveranswer_done(proto_message *message);

#endif
