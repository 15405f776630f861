/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the programs that the shim hands over to: by name in PATH, never itself. */
#ifndef HOOK_PROGRAMS_H
#define HOOK_PROGRAMS_H

/** The first of names (NULL-terminated) that is an executable file other than this program. Names
 *  with a slash are taken as they are, others are looked up in the folders of path (may be NULL;
 *  only absolute ones) and then in the usual ones. The caller frees; NULL = none. */
char *programs_find(const char *const *names, const char *path);

/** nvc-hook: setting when that is an absolute path, else the one in the folder of this program,
 * else by programs_find(). The caller frees; NULL = none. */
char *programs_find_hook(const char *setting, const char *path);

#endif
