/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/ldcache_update.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "apply/job.h"
#include "apply/keeper.h"
#include "apply/ldconf.h"
#include "base/auto.h"
#include "base/str.h"
#include "oci/image.h"
#include "sys/rootfs.h"

#define MODULE "ldcache"

int ldcache_update_prepare(struct job *job, struct err *err)
{
	struct ldcache_update *ldcache = &job->ldcache;
	int r;

	if (ldcache->opened)
		return 0;
	ldcache->opened = true;
	r = ldconfig_open(job->settings->ldconfig, job->log, &ldcache->ldconfig, err);
	return r < 0 ? r : 0;
}

void ldcache_update_done(struct ldcache_update *ldcache)
{
	ldconfig_done(&ldcache->ldconfig);
}

/* An image of another machine gets an empty cache from this machine's ldconfig, and exit code 0. */
static bool image_fits(const struct job *job)
{
	struct image image = {0};
	struct err err = {0};

	if (image_read(job->rootfd, &image, &err) < 0 || !image.known)
		return true;
	if (image.libc == LIBC_MUSL || image.libc == LIBC_NONE) {
		log_warn(job->log, MODULE,
			 "the image's C library is %s: the loader's cache is not updated",
			 image_libc_name(image.libc));
		return false;
	}
	if (image.machine != 0 && image.machine != job->ldcache.ldconfig.machine) {
		log_warn(job->log, MODULE,
			 "the image is of another architecture (ELF machine %u, this machine's "
			 "ldconfig %u): the loader's cache is not updated",
			 (unsigned)image.machine, (unsigned)job->ldcache.ldconfig.machine);
		return false;
	}
	return true;
}

/* Any later ldconfig in the container, of a package's trigger too, would forget directories that no
 * ld.so.conf names. */
static int add_conf(struct job *job, const struct strv *dirs, struct err *err)
{
	auto_done(ldconf) struct ldconf conf = {0};
	auto_done(strbuf) struct strbuf text = {0};
	struct place place;
	int r = ldconf_read(job->rootfd, &conf, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < dirs->n; i++) {
		if (!ldconf_covers(&conf, dirs->items[i]))
			strbuf_addf(&text, "%s\n", dirs->items[i]);
	}
	if (strbuf_failed(&text))
		return err_nomem(err);
	if (text.len == 0)
		return 0;
	if (!conf.includes_dir) {
		log_info(job->log, MODULE,
			 "'" LDCONF_PATH "' of the image includes no '" LDCONF_DIR
			 "': a later ldconfig in the container will not find the libraries");
		return 0;
	}
	r = place_open(&job->tree, LDCONF_OURS, &place, err);
	if (r < 0 || place.exists)
		return r;
	return place_make_conf(&job->tree, &place, text.data, err);
}

/* ldconfig has no capability, so it must be who /etc belongs to: the container's root, or, where
 * the layers are those of a remapped daemon and the container is not (--userns host), their root.
 */
static void choose_ids(const struct job *job, struct ldconfig_job *args)
{
	auto_fd etc = -1;
	struct stat st;

	if (args->become)
		return;
	etc = rootfs_open(job->rootfd, "/etc", O_PATH | O_DIRECTORY, NULL);
	if (etc < 0 || fstat(etc, &st) < 0 || st.st_uid == 0)
		return;
	args->become = true;
	args->uid = st.st_uid;
	args->gid = st.st_gid;
}

static int run(struct job *job, const struct strv *dirs, struct err *err)
{
	struct ldcache_update *ldcache = &job->ldcache;
	struct ldconfig_job args = {
		.rootfd = job->rootfd,
		.become = job->other_user,
		.uid = job->uid,
		.gid = job->gid,
		.dirs = dirs,
	};
	struct kept *kept = NULL;
	int r = keeper_read(&job->keeper, KEEPER_CACHE, RECORD_MAX_KEPT_BYTES, &kept, err);

	if (r == 0)
		r = keeper_begin(&job->keeper, kept, NULL, err);
	if (r < 0)
		return r;
	choose_ids(job, &args);
	r = ldconfig_run(&ldcache->ldconfig, &args, job->log, err);
	if (r == 0)
		r = keeper_finish(&job->keeper, kept, err);
	return r;
}

int ldcache_update_run(struct job *job, const struct strv *dirs, struct err *err)
{
	struct err refused = {0};
	int r;

	if (job->ldcache.ldconfig.program <= 0 || !image_fits(job))
		return 0;
	r = add_conf(job, dirs, &refused);
	if (r == 0)
		r = run(job, dirs, &refused);
	if (r == -ENOMEM)
		return err_nomem(err);
	if (r < 0) {
		log_warn(job->log, MODULE,
			 "%s; libraries outside of default directories may not "
			 "be found",
			 refused.msg);
		keeper_undo(&job->keeper);
		return 0;
	}
	job->stats.ldcache = true;
	return 0;
}
