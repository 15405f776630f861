/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/log.h"

struct seen {
	unsigned calls;
	enum log_level level;
	char module[32];
	char text[2 * LOG_TEXT_MAX];
};

static void note(void *arg, enum log_level level, const char *module, const char *text)
{
	struct seen *seen = arg;

	seen->calls++;
	seen->level = level;
	(void)snprintf(seen->module, sizeof(seen->module), "%s", module);
	(void)snprintf(seen->text, sizeof(seen->text), "%s", text);
}

static void log_hands_over_level_module_and_text(void **state)
{
	struct seen seen = {0};
	const struct log log = {LOG_LEVEL_INFO, note, &seen};

	(void)state;
	log_warn(&log, "csv", "'%s' line %d", "/x", 3);
	assert_int_equal(seen.calls, 1);
	assert_int_equal(seen.level, LOG_LEVEL_WARNING);
	assert_string_equal(seen.module, "csv");
	assert_string_equal(seen.text, "'/x' line 3");
}

static void log_level_holds_messages_back(void **state)
{
	struct seen seen = {0};
	const struct log log = {LOG_LEVEL_WARNING, note, &seen};
	const struct log mute = {LOG_LEVEL_DEBUG, NULL, NULL};

	(void)state;
	log_info(&log, "m", "x");
	log_debug(&log, "m", "x");
	assert_int_equal(seen.calls, 0);
	log_error(&log, "m", "x");
	assert_int_equal(seen.calls, 1);
	log_error(NULL, "m", "x");
	log_error(&mute, "m", "x");
	assert_true(log_reaches(&log, LOG_LEVEL_WARNING));
	assert_false(log_reaches(&log, LOG_LEVEL_INFO));
	assert_false(log_reaches(&mute, LOG_LEVEL_ERROR));
	assert_false(log_reaches(NULL, LOG_LEVEL_ERROR));
}

static void log_control_characters_are_escaped(void **state)
{
	struct seen seen = {0};
	const struct log log = {LOG_LEVEL_DEBUG, note, &seen};

	(void)state;
	log_info(&log, "m", "%s", "a\n2026 error: forged\x1b[2J\xc2\x9b\xff");
	assert_string_equal(seen.text, "a\\n2026 error: forged\\x1b[2J\\xc2\\x9b\\xff");
}

static void log_long_messages_are_cut(void **state)
{
	struct seen seen = {0};
	const struct log log = {LOG_LEVEL_DEBUG, note, &seen};
	char text[2 * LOG_TEXT_MAX];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_info(&log, "m", "%s", text);
	assert_int_equal(strlen(seen.text), LOG_TEXT_MAX - 1);
	memset(text, '\x1b', sizeof(text) - 1);
	log_info(&log, "m", "%s", text);
	assert_true(strlen(seen.text) < LOG_TEXT_MAX);
	assert_true(strlen(seen.text) > LOG_TEXT_MAX - 8);
}

static void log_level_names_are_words(void **state)
{
	(void)state;
	assert_string_equal(log_level_name(LOG_LEVEL_ERROR), "error");
	assert_string_equal(log_level_name(LOG_LEVEL_WARNING), "warning");
	assert_string_equal(log_level_name(LOG_LEVEL_INFO), "info");
	assert_string_equal(log_level_name(LOG_LEVEL_DEBUG), "debug");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_hands_over_level_module_and_text),
		cmocka_unit_test(log_level_holds_messages_back),
		cmocka_unit_test(log_control_characters_are_escaped),
		cmocka_unit_test(log_long_messages_are_cut),
		cmocka_unit_test(log_level_names_are_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
