/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "format/elfinfo.h"
#include "fuzz.h"

struct file {
	const uint8_t *data;
	size_t size;
	size_t reads;
};

/* Never asked for what is not there, nor endlessly. elfinfo_read_fn */
static bool read_file(void *arg, uint64_t offset, void *ret, size_t len)
{
	struct file *file = arg;

	claim(offset <= file->size && len <= file->size - offset);
	claim(++file->reads < 20000);
	if (len > 0)
		memcpy(ret, file->data + offset, len);
	return true;
}

static void check_info(const struct elfinfo *info)
{
	claim(info->isa_level <= 31 && (info->bits == 32 || info->bits == 64));
	claim(info->needed.n <= ELFINFO_MAX_NEEDED);
	claim(info->soname == NULL || strlen(info->soname) <= ELFINFO_MAX_SONAME);
}

/* From memory and by a function the same is read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_done(elfinfo) struct elfinfo info = {0};
	auto_done(elfinfo) struct elfinfo by = {0};
	struct file file = {data, size, 0};
	struct err err = {0};
	int r = elfinfo_parse(data, size, &info, &err);

	claim((r < 0) == (err.msg[0] != '\0'));
	claim((elfinfo_parse_notes_by(read_file, &file, size, &by, NULL) < 0) == (r < 0));
	if (r < 0)
		return 0;
	claim(info.noted);
	check_info(&info);
	claim(by.bits == info.bits && by.machine == info.machine && by.flags == info.flags &&
	      str_equal(by.soname, info.soname) && str_equal(by.interp, info.interp) &&
	      by.needed.n == info.needed.n);
	return 0;
}
