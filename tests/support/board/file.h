/* SPDX-License-Identifier: Apache-2.0 */
/* Files below an own folder, made with their directories. */
#ifndef BOARD_FILE_H
#define BOARD_FILE_H

#include <stddef.h>

#include "base/err.h"

/** Makes the directories above path (absolute; taken below fd). */
int file_make_parents(int fd, const char *path, struct err *err);
/** Creates an empty file, open for reading and writing; returns its fd. */
int file_create(int fd, const char *path, struct err *err);
int file_write(int fd, const char *path, const char *data, size_t len, struct err *err);

#endif
