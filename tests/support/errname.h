/* SPDX-License-Identifier: Apache-2.0 */
/* strerrorname_np(3) for tests: neither musl nor glibc before 2.32 has it. */
#ifndef SUPPORT_ERRNAME_H
#define SUPPORT_ERRNAME_H

#include <errno.h>

/** "?" for one that is not in the table. */
static inline const char *errname(int code)
{
#define ERRNAME(name) [name] = #name
	static const char *const names[] = {
		ERRNAME(EPERM),     ERRNAME(ENOENT),     ERRNAME(ESRCH),           ERRNAME(EINTR),
		ERRNAME(EIO),       ERRNAME(ENXIO),      ERRNAME(E2BIG),           ERRNAME(ENOEXEC),
		ERRNAME(EBADF),     ERRNAME(ECHILD),     ERRNAME(EAGAIN),          ERRNAME(ENOMEM),
		ERRNAME(EACCES),    ERRNAME(EFAULT),     ERRNAME(ENOTBLK),         ERRNAME(EBUSY),
		ERRNAME(EEXIST),    ERRNAME(EXDEV),      ERRNAME(ENODEV),          ERRNAME(ENOTDIR),
		ERRNAME(EISDIR),    ERRNAME(EINVAL),     ERRNAME(ENFILE),          ERRNAME(EMFILE),
		ERRNAME(ENOTTY),    ERRNAME(ETXTBSY),    ERRNAME(EFBIG),           ERRNAME(ENOSPC),
		ERRNAME(ESPIPE),    ERRNAME(EROFS),      ERRNAME(EMLINK),          ERRNAME(EPIPE),
		ERRNAME(ERANGE),    ERRNAME(EDEADLK),    ERRNAME(ENAMETOOLONG),    ERRNAME(ENOSYS),
		ERRNAME(ENOTEMPTY), ERRNAME(ELOOP),      ERRNAME(EPROTO),          ERRNAME(EBADMSG),
		ERRNAME(EOVERFLOW), ERRNAME(EOPNOTSUPP), ERRNAME(ETIMEDOUT),       ERRNAME(ESTALE),
		ERRNAME(EDQUOT),    ERRNAME(ECANCELED),  ERRNAME(ENOTRECOVERABLE),
	};
#undef ERRNAME

	if (code < 0 || code >= (int)(sizeof(names) / sizeof(names[0])) || names[code] == 0)
		return "?";
	return names[code];
}

#endif
