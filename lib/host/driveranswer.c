/* SPDX-License-Identifier: Apache-2.0 */
#include "host/driveranswer.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "host/drivercheck.h"

int driveranswer_length(const unsigned char head[DRIVERANSWER_HEAD], size_t *ret, struct err *err)
{
	size_t len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];

	if (len == 0 || len > PROTO_MAX_FRAME)
		return err_set(err, EPROTO, "a message of %zu bytes, where %u are the most", len,
			       (unsigned)PROTO_MAX_FRAME);
	*ret = len;
	return 0;
}

static void write_length(size_t len, unsigned char head[DRIVERANSWER_HEAD])
{
	for (unsigned i = 0; i < DRIVERANSWER_HEAD; i++)
		head[i] = (unsigned char)(len >> (8 * (DRIVERANSWER_HEAD - 1 - i)));
}

/* To a buffer of the largest size: how long it will be is known only afterwards. */
static int encode(xdrproc_t routine, void *value, char **ret, size_t *ret_len, struct err *err)
{
	auto_free char *frame = malloc(DRIVERANSWER_HEAD + PROTO_MAX_FRAME);
	XDR xdr;
	size_t len;

	if (frame == NULL)
		return err_nomem(err);
	xdrmem_create(&xdr, frame + DRIVERANSWER_HEAD, PROTO_MAX_FRAME, XDR_ENCODE);
	if (!routine(&xdr, value))
		return err_set(err, EMSGSIZE, "write a message for the driver child");
	len = xdr_getpos(&xdr);
	write_length(len, (unsigned char *)frame);
	*ret = take_ptr(&frame);
	*ret_len = DRIVERANSWER_HEAD + len;
	return 0;
}

void driveranswer_step(unsigned call, unsigned char ret[DRIVERANSWER_STEP])
{
	proto_message step = {.kind = PROTO_STEP};
	XDR xdr;

	step.proto_message_u.step = call;
	memset(ret, 0, DRIVERANSWER_STEP);
	write_length(DRIVERANSWER_STEP - DRIVERANSWER_HEAD, ret);
	xdrmem_create(&xdr, (char *)ret + DRIVERANSWER_HEAD, DRIVERANSWER_STEP - DRIVERANSWER_HEAD,
		      XDR_ENCODE);
	(void)xdr_proto_message(&xdr, &step);
}

int driveranswer_request(proto_request *request, char **ret, size_t *ret_len, struct err *err)
{
	return encode((xdrproc_t)xdr_proto_request, request, ret, ret_len, err);
}

int driveranswer_message(proto_message *message, char **ret, size_t *ret_len, struct err *err)
{
	return encode((xdrproc_t)xdr_proto_message, message, ret, ret_len, err);
}

static int decode(xdrproc_t routine, const char *frame, size_t len, void *ret, struct err *err)
{
	XDR xdr;

	if (len > PROTO_MAX_FRAME)
		return err_set(err, EPROTO, "a message of %zu bytes", len);
	/* it is only read */
	xdrmem_create(&xdr, (char *)(uintptr_t)frame, (u_int)len, XDR_DECODE);
	errno = 0;
	if (!routine(&xdr, ret))
		return errno == ENOMEM ? err_nomem(err)
				       : err_set(err, EPROTO, "%zu bytes that are no message", len);
	if (xdr_getpos(&xdr) != len)
		return err_set(err, EPROTO, "a message with %zu bytes too many",
			       len - (size_t)xdr_getpos(&xdr));
	return 0;
}

int driveranswer_read_request(const char *frame, size_t len, proto_request *ret, struct err *err)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	r = decode((xdrproc_t)xdr_proto_request, frame, len, ret, err);
	if (r == 0 && ret->format != PROTO_VERSION)
		r = err_set(err, EPROTO, "a request of another version, %u", ret->format);
	return r;
}

int driveranswer_read(const char *frame, size_t len, proto_message *ret, struct err *err)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	r = decode((xdrproc_t)xdr_proto_message, frame, len, ret, err);
	return r < 0 ? r : drivercheck_message(ret, err);
}

void driveranswer_request_done(proto_request *request)
{
	xdr_free((xdrproc_t)xdr_proto_request, (char *)request);
	memset(request, 0, sizeof(*request));
}

void driveranswer_done(proto_message *message)
{
	xdr_free((xdrproc_t)xdr_proto_message, (char *)message);
	memset(message, 0, sizeof(*message));
}
