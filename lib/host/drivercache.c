/* SPDX-License-Identifier: Apache-2.0 */
#include "host/drivercache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "host/driverdir.h"
#include "host/libdirs.h"
#include "host/proctext.h"
#include "sys/entry.h"
#include "sys/io.h"
#include "sys/procself.h"
#include "sys/rootfs.h"

#define MODULE        "driver"
#define BOOT_ID       "/proc/sys/kernel/random/boot_id"
#define MAX_BOOT_ID   64u
#define MAX_KEY_BYTES (256u * 1024)
#define MAX_BYTES     (MAX_KEY_BYTES + PROTO_MAX_FRAME)
#define NAME_SIZE     32

/* Where the driver root is, whatever the caller calls it. */
static void find_place(const struct host *host, char ret[PATH_MAX])
{
	int proc = procself_dir(NULL);

	if (proc < 0 || procself_path(proc, host->fds[ROOT_DRIVER], ret, PATH_MAX) < 0)
		(void)snprintf(ret, PATH_MAX, "%s", host->paths[ROOT_DRIVER]);
}

/* Windows' driver has no version before it is asked: its folders' names are made of its content,
 * and the library is replaced with it. 1 = known, 0 = not. */
static int add_windows(const struct host *host, struct strbuf *key, struct err *err)
{
	static const char library[] = LIBDIRS_WINDOWS "/libnvidia-ml.so.1";
	auto_fd fd = rootfs_open(host->fds[ROOT_DRIVER], library, O_PATH, NULL);
	auto_done(strv) struct strv stores = {0};
	struct stat st;
	int rc = proctext_list(host, ROOT_DRIVER, LIBDIRS_STORE, "nv", &stores, err);

	if (rc < 0 || stores.n == 0 || fd < 0 || fstat(fd, &st) < 0)
		return rc < 0 ? rc : 0;
	strbuf_addf(key, "library %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 ".%09ld\n",
		    (uint64_t)st.st_dev, (uint64_t)st.st_ino, (int64_t)st.st_size,
		    (int64_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	for (size_t i = 0; i < stores.n; i++)
		strbuf_addf(key, "store %s\n", stores.items[i]);
	return 1;
}

/* 1 = known, 0 = not. */
static int add_version(const struct host *host, const struct driver *driver, struct strbuf *key,
		       struct err *err)
{
	if (driver->version.value == NULL)
		return driver->wsl ? add_windows(host, key, err) : 0;
	strbuf_addf(key, "version %s\n", driver->version.value);
	return 1;
}

/* A line for each thing; the text ends with an empty one. */
int drivercache_key(const struct host *host, const struct inventory *inv, char **ret,
		    struct err *err)
{
	const struct driver *driver = &inv->driver;
	auto_done(strbuf) struct strbuf key = {0};
	auto_free char *boot = NULL;
	char place[PATH_MAX];
	struct stat root;
	size_t len = 0;
	int r;

	*ret = NULL;
	if (fstat(host->fds[ROOT_DRIVER], &root) < 0)
		return 0;
	r = rootfs_read_any(host->fds[ROOT_MACHINE], BOOT_ID, MAX_BOOT_ID, &boot, &len, NULL);
	if (r < 0)
		return r == -ENOMEM ? err_nomem(err) : 0;
	find_place(host, place);
	strbuf_addf(&key, "nvc driver answer %d\nboot %.*s\nroot %" PRIu64 " %" PRIu64 " %s\n",
		    PROTO_VERSION, (int)strcspn(boot, "\n"), boot, (uint64_t)root.st_dev,
		    (uint64_t)root.st_ino, place);
	r = add_version(host, driver, &key, err);
	if (r <= 0)
		return r;
	vec_each(gpu, &driver->gpus) strbuf_addf(&key, "gpu %u %s %d %s\n", (unsigned)gpu->kind,
						 gpu->busid == NULL ? "-" : gpu->busid, gpu->minor,
						 gpu->uuid == NULL ? "-" : gpu->uuid);
	vec_each(mig, &driver->migs)
		strbuf_addf(&key, "mig %zu %u %u\n", mig->gpu, mig->gi, mig->ci);
	strbuf_addc(&key, '\n');
	if (strbuf_failed(&key))
		return err_nomem(err);
	if (key.len <= MAX_KEY_BYTES)
		*ret = strbuf_take(&key);
	return 0;
}

/* One file for each driver root, so that what does not count any more is written over. */
static void file_name(const struct host *host, char ret[NAME_SIZE])
{
	char place[PATH_MAX];

	find_place(host, place);
	(void)snprintf(ret, NAME_SIZE, "driver-%016" PRIx64, str_hash(place));
}

int drivercache_find(const struct host *host, const char *key, char **ret, size_t *ret_len,
		     struct err *err)
{
	auto_fd dir = driverdir_open(host, false);
	auto_fd fd = -1;
	auto_free char *text = NULL;
	size_t key_len = strlen(key);
	char name[NAME_SIZE];
	struct stat st;
	size_t len = 0;
	int r;

	file_name(host, name);
	fd = dir < 0 ? -1 : entry_open(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 077) != 0) {
		log_debug(host->log, MODULE, "the kept answer is not used: others could write it");
		return 0;
	}
	r = io_read_fd(fd, MAX_BYTES, name, &text, &len, err);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (len <= key_len || memcmp(text, key, key_len) != 0)
		return 0;
	memmove(text, text + key_len, len - key_len);
	*ret = take_ptr(&text);
	*ret_len = len - key_len;
	return 1;
}

/* MIG mode without instances looks, from /proc, like none: whether it is on would be found out too
 * late. And what the library could not say this time it may say the next. */
static const char *passing(const proto_answer *answer)
{
	for (u_int i = 0; i < answer->gpus.gpus_len; i++) {
		bool there = answer->gpus.gpus_val[i].mig <= 0;

		for (u_int j = 0; !there && j < answer->migs.migs_len; j++)
			there = answer->migs.migs_val[j].gpu == i;
		if (!there)
			return "a GPU has MIG mode on and no MIG device";
	}
	return answer->faults.faults_len > 0 ? "it has errors" : NULL;
}

/* By a name of its own: hooks of several containers may do it at a time. */
static int replace(int dir, const char *name, const struct io_new *content, struct err *err)
{
	const struct timespec as_written = {.tv_nsec = UTIME_OMIT};
	char temporary[IO_TEMPORARY_MAX];
	struct stat st;
	int r = io_temporary_name(temporary, err);

	if (r == 0)
		r = io_make_at(dir, temporary, content, as_written, &st, err);
	if (r == 0 && entry_rename(dir, temporary, name) < 0) {
		r = err_sys(err, errno, "rename to '%s'", name);
		(void)entry_remove(dir, temporary);
	}
	return r;
}

void drivercache_keep(const struct host *host, const char *key, const proto_answer *answer,
		      const char *frame, size_t len)
{
	auto_done(strbuf) struct strbuf text = {0};
	const char *reason = passing(answer);
	auto_fd dir = reason != NULL ? -1 : driverdir_open(host, true);
	struct io_new content = {.mode = 0600, .uid = geteuid(), .gid = getegid()};
	char name[NAME_SIZE];
	struct err err = {0};

	if (reason != NULL)
		log_debug(host->log, MODULE, "the answer is not kept: %s", reason);
	if (dir < 0)
		return;
	strbuf_adds(&text, key);
	strbuf_add(&text, frame, len);
	if (strbuf_failed(&text))
		return;
	content.data = text.data;
	content.len = text.len;
	file_name(host, name);
	if (replace(dir, name, &content, &err) < 0)
		log_debug(host->log, MODULE, "the answer is not kept: %s", err.msg);
}
