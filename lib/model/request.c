/* SPDX-License-Identifier: Apache-2.0 */
#include "model/request.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

/* "nvc1;" and then fields "key=value;" in this order. Values are percent-encoded: everything but
 * letters, digits and "-_.:/,=<>!*" is %XX, so that no blank, quote or ";" remains. */
#define ENCODED_MAGIC "nvc1;"
#define PLAIN_MARKS   "-_.:/,=<>!*"

static const char *const mode_names[] = {"void", "none", "all", "list"};
static const char *const lists_names[] = {"default", "all", "base"};

void request_done(struct request *request)
{
	strv_done(&request->devices);
	strv_done(&request->requires);
	free(request->origin);
	free(request->refused);
	*request = (struct request){0};
}

bool request_wants_gpu(const struct request *request)
{
	return request->mode != DEVICES_VOID;
}

const char *request_devices_name(enum request_devices mode)
{
	return mode_names[mode];
}

static bool is_plain(unsigned char c)
{
	return c < 0x80 && c != '\0' && (isalnum(c) || strchr(PLAIN_MARKS, c) != NULL);
}

static void put_field(struct strbuf *buf, const char *key, const char *value)
{
	strbuf_adds(buf, key);
	strbuf_addc(buf, '=');
	for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++) {
		if (is_plain(*p))
			strbuf_addc(buf, (char)*p);
		else
			strbuf_addf(buf, "%%%02X", *p);
	}
	strbuf_addc(buf, ';');
}

static void put_flags(struct strbuf *buf, const struct request *request)
{
	if (request->disable_require)
		put_field(buf, "flag", "disable-require");
	if (request->legacy_image)
		put_field(buf, "flag", "legacy-image");
	if (request->gds)
		put_field(buf, "flag", "gds");
	if (request->mofed)
		put_field(buf, "flag", "mofed");
	if (request->nvswitch)
		put_field(buf, "flag", "nvswitch");
	if (request->gdrcopy)
		put_field(buf, "flag", "gdrcopy");
}

char *request_encode(const struct request *request)
{
	struct strbuf buf = {0};
	char caps[16];

	(void)snprintf(caps, sizeof(caps), "%x", request->caps);
	strbuf_adds(&buf, ENCODED_MAGIC);
	put_field(&buf, "mode", mode_names[request->mode]);
	put_field(&buf, "caps", caps);
	put_field(&buf, "lists", lists_names[request->lists]);
	put_flags(&buf, request);
	for (size_t i = 0; i < request->devices.n; i++)
		put_field(&buf, "device", request->devices.items[i]);
	for (size_t i = 0; i < request->requires.n; i++)
		put_field(&buf, "require", request->requires.items[i]);
	if (request->origin != NULL)
		put_field(&buf, "origin", request->origin);
	return strbuf_take(&buf);
}

/* Decodes in place; false when a %XX is not whole or NUL, or at what request_encode() would not
 * have left as it is. Whether a value makes sense is asked where it is used. */
static bool percent_decode(char *text)
{
	char *out = text;

	for (const char *in = text; *in != '\0'; in++) {
		uint64_t byte;

		if (*in != '%') {
			if (!is_plain((unsigned char)*in))
				return false;
			*out++ = *in;
			continue;
		}
		if (in[1] == '\0' || !str_to_u64(in + 1, 2, 16, 255, &byte) || byte == 0)
			return false;
		*out++ = (char)byte;
		in += 2;
	}
	*out = '\0';
	return true;
}

static int find_name(const char *const *names, size_t n, const char *value)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], value) == 0)
			return (int)i;
	}
	return -1;
}

static bool take_flag(struct request *request, const char *value)
{
	bool *const flags[] = {
		&request->disable_require, &request->legacy_image, &request->gds,
		&request->mofed,           &request->nvswitch,     &request->gdrcopy};
	static const char *const names[] = {"disable-require", "legacy-image", "gds",
					    "mofed",           "nvswitch",     "gdrcopy"};
	int i = find_name(names, sizeof(names) / sizeof(names[0]), value);

	if (i < 0)
		return false;
	*flags[i] = true;
	return true;
}

/* 0, -EINVAL for a field that is not ours, -ENOMEM. */
static int take_field(struct request *request, const char *key, const char *value)
{
	uint64_t number;
	int i;

	if (strcmp(key, "mode") == 0) {
		i = find_name(mode_names, 4, value);
		request->mode = i < 0 ? DEVICES_VOID : (enum request_devices)i;
		return i < 0 ? -EINVAL : 0;
	}
	if (strcmp(key, "lists") == 0) {
		i = find_name(lists_names, 3, value);
		request->lists = i < 0 ? LISTS_DEFAULT : (enum request_lists)i;
		return i < 0 ? -EINVAL : 0;
	}
	if (strcmp(key, "caps") == 0) {
		if (!str_to_u64(value, strlen(value), 16, DRIVER_CAP_EVERY, &number))
			return -EINVAL;
		request->caps = (unsigned)number;
		return 0;
	}
	if (strcmp(key, "flag") == 0)
		return take_flag(request, value) ? 0 : -EINVAL;
	if (strcmp(key, "device") == 0 && request->devices.n < REQUEST_MAX_DEVICES &&
	    strlen(value) <= REQUEST_MAX_ID)
		return strv_add(&request->devices, value);
	if (strcmp(key, "require") == 0 && request->requires.n < REQUEST_MAX_REQUIRES)
		return strv_add(&request->requires, value);
	if (strcmp(key, "origin") == 0 && request->origin == NULL) {
		request->origin = strdup(value);
		return request->origin == NULL ? -ENOMEM : 0;
	}
	return -EINVAL;
}

static int decode_fields(char *text, struct request *request)
{
	while (*text != '\0') {
		char *end = strchr(text, ';');
		char *value = strchr(text, '=');
		int ret;

		if (end == NULL || value == NULL || value > end)
			return -EINVAL;
		*end = '\0';
		*value++ = '\0';
		if (!percent_decode(value))
			return -EINVAL;
		ret = take_field(request, text, value);
		if (ret < 0)
			return ret;
		text = end + 1;
	}
	return 0;
}

int request_decode(const char *text, struct request *ret, struct err *err)
{
	auto_done(request) struct request request = {0};
	auto_free char *copy = NULL;
	int rc;

	if (!str_starts_with(text, ENCODED_MAGIC) || strlen(text) > REQUEST_MAX_ENCODED)
		return err_set(err, EINVAL, "read the encoded request: not one of this version");
	copy = strdup(text + strlen(ENCODED_MAGIC));
	if (copy == NULL)
		return err_nomem(err);
	rc = decode_fields(copy, &request);
	if (rc == -ENOMEM)
		return err_nomem(err);
	if (rc < 0)
		return err_set(err, EINVAL, "read the encoded request: a field is malformed");
	*ret = request;
	request = (struct request){0};
	return 0;
}
