/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include <string.h>

const uint8_t *bytes_take(struct bytes *bytes, size_t n)
{
	const uint8_t *start;

	if (bytes->failed || n > bytes->len - bytes->pos) {
		bytes->failed = true;
		return NULL;
	}
	start = bytes->data + bytes->pos;
	bytes->pos += n;
	return start;
}

static uint64_t little(struct bytes *bytes, size_t n)
{
	const uint8_t *start = bytes_take(bytes, n);
	uint64_t value = 0;

	if (start == NULL)
		return 0;
	for (size_t i = n; i > 0; i--)
		value = value << 8 | start[i - 1];
	return value;
}

uint16_t bytes_u16(struct bytes *bytes)
{
	return (uint16_t)little(bytes, 2);
}

uint32_t bytes_u32(struct bytes *bytes)
{
	return (uint32_t)little(bytes, 4);
}

uint64_t bytes_u64(struct bytes *bytes)
{
	return little(bytes, 8);
}

void bytes_seek(struct bytes *bytes, size_t pos)
{
	if (pos > bytes->len)
		bytes->failed = true;
	else
		bytes->pos = pos;
}

const char *bytes_string_at(const struct bytes *bytes, size_t pos)
{
	if (pos >= bytes->len || memchr(bytes->data + pos, '\0', bytes->len - pos) == NULL)
		return NULL;
	return (const char *)bytes->data + pos;
}
