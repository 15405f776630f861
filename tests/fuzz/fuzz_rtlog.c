/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a message holds, the engine's log gets one line of JSON a message, or one of words. */
#include <jansson.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "fuzz.h"
#include "hook/rtlog.h"

static void to_rtlog(void *arg, enum log_level level, const char *module, const char *text)
{
	rtlog_emit(arg, (enum nvc_log_level)level, module, text);
}

static void check_line(const char *line, size_t len, bool json)
{
	json_t *root;

	for (size_t i = 0; i < len; i++)
		claim((unsigned char)line[i] >= 0x20 && line[i] != 0x7f);
	if (!json)
		return;
	root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	claim(json_is_string(json_object_get(root, "level")) &&
	      json_is_string(json_object_get(root, "msg")) &&
	      json_is_string(json_object_get(root, "time")));
	json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_fd fd = memfd_create("log", MFD_CLOEXEC);
	struct rtlog rtlog = {.path = "x", .json = size % 2 == 0, .fd = fd, .debug_fd = -1};
	const struct log log = {LOG_LEVEL_DEBUG, to_rtlog, &rtlog};
	auto_free char *word = fuzz_word(&data, &size);
	auto_free char *text = NULL;
	char *end;
	off_t len;

	claim(fd >= 0);
	log_error(&log, "fuzz", "%s", word);
	len = lseek(fd, 0, SEEK_END);
	text = calloc(1, (size_t)len + 1);
	claim(text != NULL && len > 0 && pread(fd, text, (size_t)len, 0) == len);
	end = memchr(text, '\n', (size_t)len);
	claim(end == text + len - 1);
	check_line(text, (size_t)len - 1, rtlog.json);
	return 0;
}
