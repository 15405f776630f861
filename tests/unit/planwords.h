/* SPDX-License-Identifier: Apache-2.0 */
/* What the lines of tests/unit/plancase.h fill, and their words. Include behind cmocka.h. */
#ifndef TESTS_PLANWORDS_H
#define TESTS_PLANWORDS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "model/image.h"
#include "model/inventory.h"
#include "model/request.h"
#include "settings/settings.h"

struct plancase {
	struct inventory *inv;
	struct request request;
	struct settings settings; /* owns nothing */
	struct image image;
	unsigned line; /* in the list */
	size_t n_alt;
	bool in_part; /* items are those of the last part, not of the last row */
};

static inline void plancase_done(struct plancase *c)
{
	inventory_free(c->inv);
	request_done(&c->request);
	image_done(&c->image);
	*c = (struct plancase){0};
}

/* The value of "key=value" when word has that key. */
static inline char *plancase_value(char *word, const char *key)
{
	size_t len = strlen(key);

	return strncmp(word, key, len) == 0 && word[len] == '=' ? word + len + 1 : NULL;
}

static inline void plancase_blanks(char *text)
{
	for (; *text != '\0'; text++)
		*text = *text == '_' ? ' ' : *text;
}

/* A copy with blanks, and "|" for the end of a line. */
static inline char *plancase_text(const char *value)
{
	char *text = strdup(value);

	assert_non_null(text);
	plancase_blanks(text);
	for (char *c = text; *c != '\0'; c++)
		*c = *c == '|' ? '\n' : *c;
	return text;
}

static inline unsigned plancase_number(const char *value)
{
	return (unsigned)strtoul(value, NULL, 10);
}

static inline unsigned plancase_caps(char *value)
{
	char *save = NULL;
	unsigned caps = 0;

	for (char *word = strtok_r(value, ",", &save); word != NULL;
	     word = strtok_r(NULL, ",", &save)) {
		unsigned bit = drivercaps_of_word(word, strlen(word));

		assert_int_not_equal(bit, 0);
		caps |= bit;
	}
	return caps;
}

static inline unsigned plancase_service(const char *name)
{
	static const char *const names[] = {"persistenced", "fabricmanager", "gsp-firmware", "mps"};

	for (unsigned i = 0; i < 4; i++) {
		if (strcmp(names[i], name) == 0)
			return 1u << i;
	}
	fail_msg("no such service: %s", name);
	return 0;
}

/* A word of a request line. */
static inline void plancase_wish(struct request *request, char *word)
{
	const struct {
		const char *name;
		bool *field;
	} flags[] = {
		{"gds", &request->gds},
		{"gdrcopy", &request->gdrcopy},
		{"mofed", &request->mofed},
		{"nvswitch", &request->nvswitch},
		{"mig-config", &request->mig_config},
		{"mig-monitor", &request->mig_monitor},
		{"disable-require", &request->disable_require},
	};
	char *value;
	char *save = NULL;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(flags[i].name, word) == 0) {
			*flags[i].field = true;
			return;
		}
	}
	if ((value = plancase_value(word, "caps")) != NULL) {
		request->caps = plancase_caps(value);
	} else if ((value = plancase_value(word, "without")) != NULL) {
		request->without = plancase_service(value);
	} else if ((value = plancase_value(word, "channels")) != NULL) {
		for (char *one = strtok_r(value, ",", &save); one != NULL;
		     one = strtok_r(NULL, ",", &save))
			assert_int_equal(strv_add(&request->channels, one), 0);
	} else if ((value = plancase_value(word, "compat")) != NULL) {
		request->compat = strcmp(value, "host") == 0 ? COMPAT_HOST : COMPAT_AUTO;
	} else if ((value = plancase_value(word, "missing")) != NULL) {
		request->missing = strcmp(value, "start") == 0 ? MISSING_START : MISSING_FAIL;
	} else {
		fail_msg("no such wish: %s", word);
	}
}

#endif
