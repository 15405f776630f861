/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int strv_give(struct strv *list, char *text)
{
	if (text == NULL)
		return -ENOMEM;
	if (list->n + 2 > list->cap) {
		size_t cap = list->cap == 0 ? 8 : list->cap * 2;
		char **items = reallocarray(list->items, cap, sizeof(*items));

		if (items == NULL) {
			free(text);
			return -ENOMEM;
		}
		list->items = items;
		list->cap = cap;
	}
	list->items[list->n++] = text;
	list->items[list->n] = NULL;
	return 0;
}

int strv_addn(struct strv *list, const char *text, size_t len)
{
	return strv_give(list, strndup(text, len));
}

int strv_add(struct strv *list, const char *text)
{
	return strv_give(list, strdup(text));
}

int strv_addf(struct strv *list, const char *fmt, ...)
{
	va_list ap;
	char *text = NULL;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	return strv_give(list, len < 0 ? NULL : text);
}

bool strv_contains(const struct strv *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->items[i], text) == 0)
			return true;
	}
	return false;
}

int strv_add_unique(struct strv *list, const char *text)
{
	int ret;

	if (strv_contains(list, text))
		return 0;
	ret = strv_add(list, text);
	return ret < 0 ? ret : 1;
}

int strv_copy(struct strv *list, const struct strv *other)
{
	strv_done(list);
	for (size_t i = 0; i < other->n; i++) {
		if (strv_add(list, other->items[i]) < 0) {
			strv_done(list);
			return -ENOMEM;
		}
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *list)
{
	if (list->n > 1)
		qsort(list->items, list->n, sizeof(*list->items), compare);
}

void strv_done(struct strv *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct strv){0};
}
