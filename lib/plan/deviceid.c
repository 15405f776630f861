/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/deviceid.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define GPU_PREFIX "GPU-"
#define MIG_PREFIX "MIG-"
#define PREFIX_LEN 4u

static bool begins_with(const char *text, const char *prefix)
{
	return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

static bool read_number(const char *text, size_t len, unsigned *ret)
{
	uint64_t value;

	if (!str_to_u64(text, len, 10, UINT_MAX, &value))
		return false;
	*ret = (unsigned)value;
	return true;
}

/* Hexadecimal digits up to the character stop, which is stepped over. */
static bool read_hex(const char **text, size_t max_len, char stop, unsigned *ret)
{
	const char *end = strchr(*text, stop);
	uint64_t value;
	size_t len;

	if (end == NULL)
		return false;
	len = (size_t)(end - *text);
	if (len == 0 || len > max_len || !str_to_u64(*text, len, 16, UINT_MAX, &value))
		return false;
	*ret = (unsigned)value;
	*text = stop == '\0' ? end : end + 1;
	return true;
}

static void write_hex(char *at, unsigned value, size_t digits, char behind)
{
	at[digits] = behind;
	for (; digits > 0; value /= 16)
		at[--digits] = "0123456789abcdef"[value % 16];
}

/* "0000:01:00.0", "0:1:0", and as lspci writes it, "01:00.0" */
static bool read_bus(struct deviceid *id)
{
	const char *text = id->text;
	const char *first = strchr(text, ':');
	const char *second = first == NULL ? NULL : strchr(first + 1, ':');
	const char *dot = strchr(text, '.');
	unsigned domain = 0, bus, device, function = 0;

	if (first == NULL || (second == NULL && dot == NULL))
		return false;
	if (second != NULL && !read_hex(&text, 8, ':', &domain))
		return false;
	if (!read_hex(&text, 2, ':', &bus) ||
	    !read_hex(&text, 2, dot == NULL ? '\0' : '.', &device))
		return false;
	if (dot != NULL && !read_hex(&text, 1, '\0', &function))
		return false;
	write_hex(id->bus, domain, 8, ':');
	write_hex(id->bus + 9, bus, 2, ':');
	write_hex(id->bus + 12, device, 2, '.');
	write_hex(id->bus + 15, function, 1, '\0');
	return true;
}

static bool read_pair(struct deviceid *id)
{
	const char *colon = strchr(id->text, ':');

	return colon != NULL && read_number(id->text, (size_t)(colon - id->text), &id->gpu) &&
	       read_number(colon + 1, strlen(colon + 1), &id->mig);
}

static bool read_mig_path(struct deviceid *id)
{
	const char *slash = strchr(id->text, '/');
	const char *last = slash == NULL ? NULL : strchr(slash + 1, '/');

	if (last == NULL || !begins_with(id->text, MIG_PREFIX GPU_PREFIX))
		return false;
	id->uuid_len = (size_t)(slash - id->text) - PREFIX_LEN;
	return read_number(slash + 1, (size_t)(last - slash) - 1, &id->gi) &&
	       read_number(last + 1, strlen(last + 1), &id->ci);
}

struct deviceid deviceid_read(const char *word)
{
	struct deviceid id = {.form = DEVICEID_UUID, .text = word};

	if (strcasecmp(word, "all") == 0)
		id.form = DEVICEID_ALL;
	else if (strcasecmp(word, "igpu") == 0)
		id.form = DEVICEID_IGPU;
	else if (strcasecmp(word, "dgpu") == 0)
		id.form = DEVICEID_DGPU;
	else if (read_number(word, strlen(word), &id.gpu))
		id.form = DEVICEID_INDEX;
	else if (read_pair(&id))
		id.form = DEVICEID_PAIR;
	else if (read_bus(&id))
		id.form = DEVICEID_BUS;
	else if (read_mig_path(&id))
		id.form = DEVICEID_MIG_PATH;
	return id;
}

bool deviceid_is(const struct deviceid *id, const char *uuid)
{
	return uuid != NULL && strcasecmp(id->text, uuid) == 0;
}

bool deviceid_begins(const struct deviceid *id, const char *uuid)
{
	return uuid != NULL && strlen(id->text) >= PREFIX_LEN &&
	       (begins_with(id->text, GPU_PREFIX) || begins_with(id->text, MIG_PREFIX)) &&
	       begins_with(uuid, id->text);
}
