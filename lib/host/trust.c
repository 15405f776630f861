/* SPDX-License-Identifier: Apache-2.0 */
#include "host/trust.h"

#include <unistd.h>

#include "base/auto.h"
#include "base/procfs.h"
#include "sys/io.h"
#include "sys/procself.h"

#define TRUST_MAX_MAP_BYTES 65536u /* of /proc/self/uid_map: at most a page, or 340 lines */
#define TRUST_OVERFLOW_ID   65534u /* /proc/sys/kernel/overflowuid, never changed in practice */

bool trust_read_ids(char **ret, size_t *ret_len)
{
	int proc = procself_dir(NULL);

	return proc >= 0 &&
	       io_read_at(proc, "self/uid_map", TRUST_MAX_MAP_BYTES, ret, ret_len, NULL) == 0;
}

static bool trust_ids_are_confined(void)
{
	auto_free char *text = NULL;
	size_t len = 0;

	return trust_read_ids(&text, &len) && !procfs_map_is_initial(text, len);
}

void trust_init(struct trust *trust)
{
	trust->uid = geteuid();
	trust->confined = trust_ids_are_confined();
}

void trust_again(struct trust *trust, const struct trust *before)
{
	*trust = *before;
	if (trust->uid != geteuid())
		trust_init(trust);
}

const char *trust_fault(const struct trust *trust, const struct stat *st)
{
	bool owner = st->st_uid == 0 || st->st_uid == trust->uid ||
		     (trust->confined && st->st_uid == TRUST_OVERFLOW_ID);
	bool group = st->st_gid == 0 || (trust->confined && st->st_gid == TRUST_OVERFLOW_ID);

	if (S_ISLNK(st->st_mode) || S_ISCHR(st->st_mode))
		return NULL;
	if (!owner)
		return "can be written by its owner, who is neither root nor the caller";
	if ((st->st_mode & S_IWOTH) != 0)
		return "can be written by everybody";
	if ((st->st_mode & S_IWGRP) != 0 && !group)
		return "can be written by its group, which is not root's";
	return NULL;
}
