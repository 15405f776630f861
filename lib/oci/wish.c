/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/wish.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "oci/request.h"

void wish_done(struct wish *wish)
{
	strv_done(&wish->ids);
	*wish = (struct wish){0};
}

static bool is_alnum(char c)
{
	return (unsigned char)c < 0x80 && isalnum((unsigned char)c);
}

/* Letters and digits at both ends, others of the set only between them. */
static bool is_cdi_part(const char *text, size_t len, const char *inner)
{
	if (len == 0 || !is_alnum(text[0]) || !is_alnum(text[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_alnum(text[i]) && strchr(inner, text[i]) == NULL)
			return false;
	}
	return true;
}

bool wish_is_cdi_name(const char *id)
{
	const char *slash = strchr(id, '/');
	const char *equal = strchr(id, '=');

	if (slash == NULL || equal == NULL || equal < slash)
		return false;
	return is_cdi_part(id, (size_t)(slash - id), "_-.") &&
	       is_cdi_part(slash + 1, (size_t)(equal - slash) - 1, "_-.") &&
	       is_cdi_part(equal + 1, strlen(equal + 1), "_-.:");
}

bool wish_is_printable(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
			return false;
	}
	return true;
}

/* Nothing that could be taken for a path: a slash stands in CDI names and in old MIG names
 * (MIG-GPU-UUID/1/0) only. */
static bool is_id(const char *id)
{
	if (strlen(id) > REQUEST_MAX_ID || !wish_is_printable(id) || strstr(id, "..") != NULL)
		return false;
	return strchr(id, '/') == NULL || str_starts_with(id, "MIG-") ||
	       str_starts_with(id, "GPU") || wish_is_cdi_name(id);
}

/* The names by which NVIDIA's CDI specs know what we call by index, UUID or "all". */
static const char *without_kind(const char *id)
{
	static const char *const kinds[] = {"nvidia.com/gpu=", "runtime.nvidia.com/gpu="};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (str_starts_with(id, kinds[i]))
			return id + strlen(kinds[i]);
	}
	return id;
}

static int fault_id(const struct wish *wish, const char *id, struct err *err)
{
	char shown[128];

	str_escape(id, shown, sizeof(shown));
	return err_set(err, EINVAL, "read %s: '%s' cannot be a device id", wish->name, shown);
}

int wish_read_range(const char *text, uint64_t max, uint64_t *ret_first, uint64_t *ret_last)
{
	size_t dash = strspn(text, "0123456789");
	size_t len = strlen(text);
	uint64_t first;
	uint64_t last;

	if (dash == 0 || text[dash] != '-' || dash + 1 == len ||
	    dash + 1 + strspn(text + dash + 1, "0123456789") != len)
		return 0;
	if (!str_to_u64(text, dash, 10, max, &first) ||
	    !str_to_u64(text + dash + 1, len - dash - 1, 10, max, &last) || first > last)
		return -ERANGE;
	*ret_first = first;
	*ret_last = last;
	return 1;
}

static int fault_number(const struct wish *wish, struct err *err)
{
	return err_set(err, EINVAL, "read %s: more than %d ids", wish->name, REQUEST_MAX_DEVICES);
}

/* A range, or one id that is no word. */
static int add_ids(struct wish *wish, const char *name, struct err *err)
{
	uint64_t first = 0;
	uint64_t last = 0;
	int rc = wish_read_range(name, UINT32_MAX, &first, &last);
	char shown[128];

	if (rc == 0)
		return strv_add_unique(&wish->ids, name) < 0 ? err_nomem(err) : 0;
	if (rc < 0) {
		str_escape(name, shown, sizeof(shown));
		return err_set(err, EINVAL, "read %s: '%s' is not a range of indices", wish->name,
			       shown);
	}
	if (last - first > REQUEST_MAX_DEVICES - wish->n_words)
		return fault_number(wish, err);
	wish->n_words += (size_t)(last - first);
	for (uint64_t index = first; index <= last; index++) {
		auto_free char *id = str_format("%" PRIu64, index);

		if (id == NULL || strv_add_unique(&wish->ids, id) < 0)
			return err_nomem(err);
	}
	return 0;
}

int wish_add_id(struct wish *wish, const char *id, size_t len, struct err *err)
{
	auto_free char *copy = strndup(id, len);
	const char *name;

	if (copy == NULL)
		return err_nomem(err);
	if (wish->n_words >= REQUEST_MAX_DEVICES)
		return fault_number(wish, err);
	wish->n_words++;
	if (!is_id(copy))
		return fault_id(wish, copy, err);
	name = without_kind(copy);
	if (strcmp(copy, "void") == 0) {
		wish->is_void = true;
	} else if (strcmp(name, "all") == 0) {
		wish->all = !wish->none;
	} else if (strcmp(copy, "none") == 0) {
		wish->none = !wish->all;
	} else {
		return add_ids(wish, name, err);
	}
	return 0;
}

struct wish_word wish_next_word(const char **text)
{
	const char *at = *text + strspn(*text, ", \t\r\n\v\f");
	struct wish_word word = {.start = at, .len = strcspn(at, ",")};

	if (*at == '\0')
		return (struct wish_word){0};
	*text = at + word.len;
	while (word.len > 0 && strchr(" \t\r\n\v\f", at[word.len - 1]) != NULL)
		word.len--;
	return word;
}

int wish_each_word(const char *name, const char *text, wish_word_fn fn, void *arg, struct err *err)
{
	if (strlen(text) > REQUEST_MAX_ENV_BYTES)
		return err_set(err, EINVAL, "read %s: longer than %d bytes", name,
			       REQUEST_MAX_ENV_BYTES);
	for (;;) {
		struct wish_word word = wish_next_word(&text);
		int rc;

		if (word.start == NULL)
			return 0;
		rc = fn(arg, word.start, word.len, err);
		if (rc < 0)
			return rc;
	}
}

static int add_word(void *arg, const char *word, size_t len, struct err *err)
{
	return wish_add_id(arg, word, len, err);
}

int wish_add_list(struct wish *wish, const char *text, struct err *err)
{
	return wish_each_word(wish->name, text, add_word, wish, err);
}

bool wish_wants_gpu(const struct wish *wish)
{
	return !wish->is_void && (wish->all || wish->none || wish->ids.n > 0);
}

void wish_grant(struct wish *wish, struct request *request)
{
	strv_done(&request->devices);
	if (!wish_wants_gpu(wish)) {
		request->mode = DEVICES_VOID;
	} else if (wish->all) {
		request->mode = DEVICES_ALL;
	} else if (wish->none) {
		request->mode = DEVICES_NONE;
	} else {
		request->mode = DEVICES_LIST;
		request->devices = wish->ids;
		wish->ids = (struct strv){0};
	}
}
