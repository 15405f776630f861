/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/window.h"

#include <string.h>
#include <unistd.h>

void window_init(struct window *window, int fd)
{
	window->fd = fd;
	window->start = 0;
	window->len = 0;
}

bool window_read(void *arg, uint64_t offset, void *ret, size_t len)
{
	struct window *window = arg;
	ssize_t n;

	if (len > WINDOW_LEN - WINDOW_BEFORE)
		return pread(window->fd, ret, len, (off_t)offset) == (ssize_t)len;
	if (offset < window->start || offset - window->start > window->len ||
	    len > window->len - (offset - window->start)) {
		/* a little of what lies before, as names are not read in order */
		window->start = offset - offset % WINDOW_BEFORE;
		n = pread(window->fd, window->data, sizeof(window->data), (off_t)window->start);
		window->len = n < 0 ? 0 : (size_t)n;
		if (offset - window->start + len > window->len)
			return false;
	}
	memcpy(ret, window->data + (offset - window->start), len);
	return true;
}
