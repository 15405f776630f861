/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cursor over foreign bytes that cannot leave them. Failure is sticky: read all, then ask once.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	const uint8_t *data; /* borrowed */
	size_t len;
	size_t pos;
	bool failed; /* something lay outside */
};

static inline struct bytes bytes_of(const void *data, size_t len)
{
	return (struct bytes){.data = data, .len = len};
}

/** The next n bytes, or NULL when there are fewer left. */
const uint8_t *bytes_take(struct bytes *bytes, size_t n);
/** Unsigned numbers, least significant byte first; 0 when outside. */
uint16_t bytes_u16(struct bytes *bytes);
uint32_t bytes_u32(struct bytes *bytes);
uint64_t bytes_u64(struct bytes *bytes);
/** Goes to an absolute position; failure when that lies behind the end. */
void bytes_seek(struct bytes *bytes, size_t pos);
/** The NUL-terminated string at an absolute position, NULL when it is not whole. */
const char *bytes_string_at(const struct bytes *bytes, size_t pos);

#endif
