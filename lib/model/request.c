/* SPDX-License-Identifier: Apache-2.0 */
#include "model/request.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "model/driver.h"

/* "nvc1;" and then fields "key=value;" in this order. Values are percent-encoded: everything but
 * letters, digits and "-_.:/,=<>!*" is %XX, so that no blank, quote or ";" remains. */
#define ENCODED_MAGIC "nvc1;"
#define PLAIN_MARKS   "-_.:/,=<>!*"

static const char *const mode_names[] = {"void", "none", "all", "list"};
static const char *const lists_names[] = {"default", "all", "base"};
static const char *const compat_names[] = {"default", "auto", "host"};
static const char *const missing_names[] = {"default", "fail", "start"};

#define SERVICE_EVERY                                                                              \
	(SERVICE_PERSISTENCED | SERVICE_FABRICMANAGER | SERVICE_GSP_FIRMWARE | SERVICE_MPS)
#define MAX_CHANNEL_DIGITS 7

#define FLAG(word, field)                                                                          \
	{                                                                                          \
		word, offsetof(struct request, field)                                              \
	}

static const struct {
	const char *name;
	size_t offset; /* of a bool */
} flags[] = {
	FLAG("disable-require", disable_require),
	FLAG("legacy-image", legacy_image),
	FLAG("gds", gds),
	FLAG("mofed", mofed),
	FLAG("nvswitch", nvswitch),
	FLAG("gdrcopy", gdrcopy),
	FLAG("mig-config", mig_config),
	FLAG("mig-monitor", mig_monitor),
};

#define N_FLAGS (sizeof(flags) / sizeof(flags[0]))

void request_done(struct request *request)
{
	strv_done(&request->devices);
	strv_done(&request->requires);
	strv_done(&request->channels);
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

static void put_bits(struct strbuf *buf, const char *key, unsigned bits)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%x", bits);
	put_field(buf, key, text);
}

static void put_flags(struct strbuf *buf, const struct request *request)
{
	for (size_t i = 0; i < N_FLAGS; i++) {
		if (*(const bool *)((const char *)request + flags[i].offset))
			put_field(buf, "flag", flags[i].name);
	}
}

static void put_list(struct strbuf *buf, const char *key, const struct strv *list)
{
	for (size_t i = 0; i < list->n; i++)
		put_field(buf, key, list->items[i]);
}

char *request_encode(const struct request *request)
{
	struct strbuf buf = {0};

	strbuf_adds(&buf, ENCODED_MAGIC);
	put_field(&buf, "mode", mode_names[request->mode]);
	put_bits(&buf, "caps", request->caps);
	put_field(&buf, "lists", lists_names[request->lists]);
	put_flags(&buf, request);
	put_list(&buf, "device", &request->devices);
	put_list(&buf, "require", &request->requires);
	put_list(&buf, "channel", &request->channels);
	if (request->without != 0)
		put_bits(&buf, "without", request->without);
	if (request->compat != COMPAT_DEFAULT)
		put_field(&buf, "compat", compat_names[request->compat]);
	if (request->missing != MISSING_DEFAULT)
		put_field(&buf, "missing", missing_names[request->missing]);
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

/* -EINVAL for none of them. */
static int find_name(const char *const *names, size_t n, const char *value, unsigned *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], value) == 0) {
			*ret = (unsigned)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int take_flag(struct request *request, const char *value)
{
	for (size_t i = 0; i < N_FLAGS; i++) {
		if (strcmp(flags[i].name, value) == 0) {
			*(bool *)((char *)request + flags[i].offset) = true;
			return 0;
		}
	}
	return -EINVAL;
}

static int take_bits(const char *value, unsigned every, unsigned *ret)
{
	uint64_t number;

	if (!str_to_u64(value, strlen(value), 16, every, &number))
		return -EINVAL;
	*ret = (unsigned)number;
	return 0;
}

static int take_channel(struct request *request, const char *value)
{
	size_t len = strlen(value);
	uint64_t number;

	if (request->channels.n >= REQUEST_MAX_CHANNELS || len > MAX_CHANNEL_DIGITS ||
	    !str_to_u64(value, len, 10, DRIVER_MAX_CHANNELS - 1, &number))
		return -EINVAL;
	return strv_add(&request->channels, value);
}

/* Fields that hold one word or number. -ENOENT: it is none of them. */
static int take_word(struct request *request, const char *key, const char *value)
{
	unsigned i = 0;
	int rc;

	if (strcmp(key, "caps") == 0)
		return take_bits(value, DRIVER_CAP_EVERY, &request->caps);
	if (strcmp(key, "without") == 0)
		return take_bits(value, SERVICE_EVERY, &request->without);
	if (strcmp(key, "flag") == 0)
		return take_flag(request, value);
	if (strcmp(key, "mode") == 0) {
		rc = find_name(mode_names, 4, value, &i);
		request->mode = (enum request_devices)i;
	} else if (strcmp(key, "lists") == 0) {
		rc = find_name(lists_names, 3, value, &i);
		request->lists = (enum request_lists)i;
	} else if (strcmp(key, "compat") == 0) {
		rc = find_name(compat_names, 3, value, &i);
		request->compat = (enum request_compat)i;
	} else if (strcmp(key, "missing") == 0) {
		rc = find_name(missing_names, 3, value, &i);
		request->missing = (enum request_missing)i;
	} else {
		rc = -ENOENT;
	}
	return rc;
}

/* 0, -EINVAL for a field that is not ours, -ENOMEM. */
static int take_field(struct request *request, const char *key, const char *value)
{
	int rc = take_word(request, key, value);

	if (rc != -ENOENT)
		return rc;
	if (strcmp(key, "device") == 0 && request->devices.n < REQUEST_MAX_DEVICES &&
	    strlen(value) <= REQUEST_MAX_ID)
		return strv_add(&request->devices, value);
	if (strcmp(key, "require") == 0 && request->requires.n < REQUEST_MAX_REQUIRES)
		return strv_add(&request->requires, value);
	if (strcmp(key, "channel") == 0)
		return take_channel(request, value);
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
