/* SPDX-License-Identifier: Apache-2.0 */
#include "format/muslpath.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

static bool is_end(char c)
{
	return c == ':' || c == '\n' || c == '\0';
}

static bool names(const char *text, size_t len, const char *dir)
{
	size_t dir_len = strlen(dir);

	for (size_t at = 0; at < len;) {
		size_t n = 0;

		while (at + n < len && !is_end(text[at + n]))
			n++;
		if (n == dir_len && memcmp(text + at, dir, n) == 0)
			return true;
		at += n + 1;
	}
	return false;
}

int muslpath_add(const char *text, size_t len, const struct strv *dirs, char **ret,
		 struct strv *added, struct err *err)
{
	auto_done(strbuf) struct strbuf buf = {0};

	*ret = NULL;
	if (text == NULL) {
		text = MUSLPATH_DEFAULT "\n";
		len = strlen(text);
	}
	for (size_t i = 0; i < dirs->n; i++) {
		const char *dir = dirs->items[i];

		if (dir[strcspn(dir, ":\n")] != '\0')
			return err_set(err, EINVAL,
				       "musl's loader cannot search '%s': no ':' is possible in "
				       "its list",
				       dir);
		if (names(text, len, dir) || strv_contains(added, dir))
			continue;
		strbuf_adds(&buf, dir);
		strbuf_addc(&buf, '\n');
		if (strv_add(added, dir) < 0)
			return err_nomem(err);
	}
	if (buf.len == 0 && !strbuf_failed(&buf))
		return 0;
	strbuf_add(&buf, text, len);
	*ret = strbuf_take(&buf);
	return *ret == NULL ? err_nomem(err) : 0;
}
