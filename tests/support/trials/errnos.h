/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of ENOMEM, EIO, ENOSPC, EMFILE, EACCES, EINTR a system call can return.
 */
#ifndef TRIALS_ERRNOS_H
#define TRIALS_ERRNOS_H

/** Words, NULL-terminated; an empty list for calls that cannot fail so, NULL for those that nobody
 *  has looked up. Source: the man pages (man-pages 6.03), EIO for all that reads or writes a file
 *  system, and ENOMEM where Linux allocates in spite of them. */
const char *const *errnos_of(const char *call);

#endif
