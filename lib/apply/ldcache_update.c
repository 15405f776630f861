/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/ldcache_update.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "apply/job.h"
#include "apply/ldconf.h"
#include "apply/ldmerge.h"
#include "base/auto.h"
#include "base/str.h"
#include "format/ldcache.h"
#include "format/ldflags.h"
#include "format/muslpath.h"
#include "oci/image.h"
#include "sys/rootfs.h"

#define MODULE "ldcache"

int ldcache_update_prepare(struct job *job, struct err *err)
{
	struct ldcache_update *update = &job->ldcache;
	int r;

	if (str_equal(job->settings->ldconfig, SETTINGS_LDCONFIG_NATIVE) ||
	    update->ldconfig.program > 0)
		return 0;
	r = ldconfig_open(job->settings->ldconfig, job->log, &update->ldconfig, err);
	return r < 0 ? r : 0;
}

void ldcache_update_done(struct ldcache_update *update)
{
	ldconfig_done(&update->ldconfig);
	free(update->cover);
	update->cover = NULL;
}

/* ---- what a later ldconfig in the container has to find ---- */

/* Where the image's ld.so.conf includes no folder, our directories become its first lines. */
static int add_conf_lines(struct job *job, const char *lines, const struct strv *dirs,
			  struct err *err)
{
	auto_done(strbuf) struct strbuf text = {0};
	struct kept *kept;
	int r = keeper_read(&job->keeper, KEEPER_CONF, LDCONF_MAX_BYTES, &kept, err);

	if (r < 0)
		return r;
	strbuf_adds(&text, lines);
	if (kept->data != NULL)
		strbuf_add(&text, kept->data, kept->len); /* there may be a NUL in it */
	if (strbuf_failed(&text))
		return err_nomem(err);
	return keeper_write(&job->keeper, kept, text.data, text.len, dirs, err);
}

/* Any later ldconfig in the container, of a package's trigger too, would forget directories that no
 * ld.so.conf names. */
static int add_conf(struct job *job, const struct ldconf *conf, const struct strv *dirs,
		    struct err *err)
{
	auto_done(strbuf) struct strbuf text = {0};
	auto_done(strv) struct strv missing = {0};
	struct place place;
	int r;

	for (size_t i = 0; i < dirs->n; i++) {
		/* a line ends at these, so such a name cannot be said there */
		if (ldconf_covers(conf, dirs->items[i]) ||
		    dirs->items[i][strcspn(dirs->items[i], "#=\n \t")] != '\0')
			continue;
		strbuf_addf(&text, "%s\n", dirs->items[i]);
		if (strv_add(&missing, dirs->items[i]) < 0)
			return err_nomem(err);
	}
	if (strbuf_failed(&text))
		return err_nomem(err);
	if (text.len == 0)
		return 0;
	if (!conf->includes_dir)
		return add_conf_lines(job, text.data, &missing, err);
	r = place_open(&job->tree, LDCONF_OURS, &place, err);
	if (r < 0 || (place.exists && !place_is_owned(&job->tree, &place.st)))
		return r;
	return place_make_conf(&job->tree, &place, text.data, err);
}

/* ---- glibc ---- */

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

/* Has the host's ldconfig write the cache, and reads that. 1 = done, 0 = the kernel does not
 * execute it, and nothing was touched. */
static int run_ldconfig(struct job *job, const struct op *op, struct kept *kept, char **ret,
			size_t *ret_len, struct err *err)
{
	struct ldconfig_job args = {
		.rootfd = job->rootfd,
		.become = job->other_user,
		.uid = job->uid,
		.gid = job->gid,
		.dirs = &op->dirs,
	};
	struct err failed = {0};
	int r;

	choose_ids(job, &args);
	r = keeper_begin(&job->keeper, kept, NULL, err);
	if (r < 0)
		return r;
	r = ldconfig_run(&job->ldcache.ldconfig, &args, job->log, &failed);
	if (r == -ENOEXEC) {
		log_warn(job->log, MODULE, "%s: the loader's cache is written without it",
			 failed.msg);
		return 0;
	}
	if (r < 0 && err != NULL)
		*err = failed;
	if (r == 0)
		r = rootfs_read(job->rootfd, KEEPER_CACHE, LDCACHE_MAX_BYTES, ret, ret_len, err);
	return r < 0 ? r : 1;
}

/* The host's ldconfig gives an image of another machine an empty cache, and exit code 0. */
static bool ldconfig_fits(const struct job *job, const struct image *image)
{
	const struct ldconfig *ldconfig = &job->ldcache.ldconfig;

	if (ldconfig->program <= 0)
		return false;
	if (image->machine == 0 || image->machine == ldconfig->machine ||
	    (image->machine == EM_386 && ldconfig->machine == EM_X86_64))
		return true;
	log_info(job->log, MODULE,
		 "the image is of another architecture (ELF machine %u, this machine's ldconfig "
		 "%u): its loader cache is written without ldconfig",
		 (unsigned)image->machine, (unsigned)ldconfig->machine);
	return false;
}

static int cover_cache(struct job *job, struct err *err)
{
	const struct io_new content = {.data = job->ldcache.cover,
				       .len = job->ldcache.cover_len,
				       .mode = 0644,
				       .uid = job->uid,
				       .gid = job->gid};
	auto_done(mount_source) struct mount_source source = {.fd = -1};
	struct place place;
	int r = place_open(&job->tree, KEEPER_CACHE, &place, err);

	if (r == 0)
		r = mount_source_file(&source, &content,
				      MOUNT_RDONLY | MOUNT_NOSUID | MOUNT_NODEV | MOUNT_NOEXEC,
				      err);
	return r < 0 ? r : job_attach_object(job, &source, &place, "file", err);
}

/* In a root that cannot be written no ldconfig can work either, so ours may lie over the image's.
 */
static int update_unwritable(struct job *job, const struct op *op, const struct image *image,
			     struct err *err)
{
	auto_done(ldconf) struct ldconf conf = {0};
	auto_done(ldmerge) struct ldmerge merge = {0};
	auto_free char *data = NULL;
	struct ldmerge_base base = {.image = image, .conf = &conf};
	struct place place;
	int r = place_open(&job->tree, KEEPER_CACHE, &place, err);

	if (r == 0 && !place.exists)
		r = place_may_create(&job->tree, &place, err);
	if (r == 0)
		r = rootfs_read(job->rootfd, KEEPER_CACHE, LDCACHE_MAX_BYTES, &data, &base.len,
				err);
	base.cache = data;
	if (r == 0)
		r = ldconf_read(job->rootfd, image->machine, &conf, err);
	if (r == 0)
		r = ldmerge_make(job, op, &base, &merge, err);
	if (r < 0)
		return r;
	job->ldcache.cover = take_ptr(&merge.data);
	job->ldcache.cover_len = merge.len;
	return 0;
}

/* A volume there, or a file that is one, must not cost the container its cache. */
static int try_conf(struct job *job, const struct ldconf *conf, const struct strv *dirs,
		    struct err *err)
{
	struct err refused = {0};
	int r = add_conf(job, conf, dirs, &refused);

	if (r == -ENOMEM)
		return err_nomem(err);
	if (r < 0)
		log_warn(job->log, MODULE,
			 "%s; an ldconfig that is run in the container forgets the libraries",
			 refused.msg);
	return 0;
}

static int update_cache(struct job *job, const struct op *op, const struct image *image,
			struct err *err)
{
	auto_done(ldconf) struct ldconf conf = {0};
	auto_done(ldmerge) struct ldmerge merge = {0};
	auto_free char *made = NULL;
	struct ldmerge_base base = {.image = image, .conf = &conf};
	struct kept *kept;
	int r = keeper_read(&job->keeper, KEEPER_CACHE, LDCACHE_MAX_BYTES, &kept, err);

	if (r == 0)
		r = ldconf_read(job->rootfd, image->machine, &conf, err);
	if (r == 0)
		r = try_conf(job, &conf, &op->dirs, err);
	if (r < 0)
		return r;
	if (conf.unread)
		log_warn(job->log, MODULE,
			 "the image's ld.so.conf, or what it includes, could not be opened");
	base.cache = kept->data;
	base.len = kept->len;
	if (ldconfig_fits(job, image)) {
		r = run_ldconfig(job, op, kept, &made, &base.len, err);
		base.cache = r > 0 ? made : base.cache;
	}
	if (r >= 0)
		r = ldmerge_make(job, op, &base, &merge, err);
	if (r < 0)
		return r;
	return keeper_write(&job->keeper, kept, merge.data, merge.len, &merge.added, err);
}

/* ---- musl ---- */

static int fitting_dirs(const struct op *op, const struct image *image, struct strv *ret,
			struct err *err)
{
	vec_each(library, &op->libraries)
	{
		const char *slash = strrchr(library->path, '/');
		auto_free char *dir = NULL;

		if (slash == NULL || !ldflags_same_family(image->machine, library->machine))
			continue;
		dir = strndup(library->path, (size_t)(slash - library->path));
		if (dir == NULL || strv_add_unique(ret, dir) < 0)
			return err_nomem(err);
	}
	return 0;
}

static int update_musl(struct job *job, const struct op *op, const struct image *image,
		       struct err *err)
{
	auto_done(strv) struct strv dirs = {0};
	auto_done(strv) struct strv added = {0};
	auto_free char *path = str_format("/etc/ld-musl-%s.path", image->musl);
	auto_free char *text = NULL;
	struct kept *kept;
	int r;

	if (image->musl[0] == '\0')
		return err_set(err, ENOENT, "the name of the image's musl loader is not known");
	if (path == NULL)
		return err_nomem(err);
	r = fitting_dirs(op, image, &dirs, err);
	if (r == 0)
		r = keeper_read(&job->keeper, path, MUSLPATH_MAX_BYTES, &kept, err);
	if (r == 0)
		r = muslpath_add(kept->data, kept->len, &dirs, &text, &added, err);
	if (r < 0 || text == NULL)
		return r;
	return keeper_write(&job->keeper, kept, text, strlen(text), &added, err);
}

/* ---- both ---- */

/* An image of 32 bits on a board of 64, mostly: programs of both may be in one image. */
static void tell_of_other_size(const struct job *job, const struct op *op,
			       const struct image *image)
{
	vec_each(library, &op->libraries)
	{
		if (image->machine == 0 || library->machine == image->machine)
			return;
	}
	log_info(job->log, MODULE,
		 "none of the %zu libraries is for the machine of the image's own programs (ELF "
		 "machine %u): only others that are in the image can load them",
		 op->libraries.n, (unsigned)image->machine);
}

/* True when programs of the image could load the libraries; one line says why not. */
static bool can_load(const struct job *job, const struct op *op, const struct image *image)
{
	if (image->libc == LIBC_NONE || image->libc == LIBC_UNKNOWN) {
		log_write(job->log, image->doubtful ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, MODULE,
			  "the image has no loader of glibc or musl at its usual place: programs "
			  "find the %zu libraries by LD_LIBRARY_PATH only, if at all",
			  op->libraries.n);
		return false;
	}
	if (ldmerge_fitting(op, image) > 0) {
		tell_of_other_size(job, op, image);
		return true;
	}
	log_warn(job->log, MODULE,
		 "the image's programs are for another machine (ELF machine %u) than the %zu "
		 "libraries: they cannot load them, and no loader cache is written",
		 (unsigned)image->machine, op->libraries.n);
	return false;
}

static double since_ms(const struct timespec *start)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) * 1e3 +
	       (double)(now.tv_nsec - start->tv_nsec) / 1e6;
}

static int update_libc(struct job *job, const struct op *op, const struct image *image,
		       struct err *err)
{
	struct err refused = {0};
	int r;

	if (image->libc == LIBC_MUSL)
		return update_musl(job, op, image, err);
	if (job->tree.read_only)
		return update_unwritable(job, op, image, err);
	r = update_cache(job, op, image, &refused);
	if (r < 0 && job->keeper.unsaved) {
		log_warn(job->log, MODULE, "%s: ours is mounted over it", refused.msg);
		return update_unwritable(job, op, image, err);
	}
	if (r < 0 && err != NULL)
		*err = refused;
	return r;
}

/* What the image is like must not keep the container from starting. */
static int settle(struct job *job, int r, const struct err *refused, struct err *err)
{
	if (r == -ENOMEM)
		return err_nomem(err);
	if (r == 0) {
		job->stats.ldcache = true;
		return 0;
	}
	log_warn(job->log, MODULE, "%s; libraries outside of default directories may not be found",
		 refused->msg);
	keeper_undo(&job->keeper);
	return 0;
}

static int update(struct job *job, const struct op *op, const struct image *image, struct err *err)
{
	struct err refused = {0};
	int r = update_libc(job, op, image, &refused);

	/* not done before it is mounted */
	return r == 0 && job->ldcache.cover != NULL ? 0 : settle(job, r, &refused, err);
}

int ldcache_update_cover(struct job *job, struct err *err)
{
	struct err refused = {0};

	if (job->ldcache.cover == NULL)
		return 0;
	return settle(job, cover_cache(job, &refused), &refused, err);
}

int ldcache_update_run(struct job *job, const struct op *op, struct err *err)
{
	struct timespec start;
	struct image image = {0};
	int r;

	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	r = image_read(job->rootfd, &image, err);
	if (r < 0)
		return r;
	if (!can_load(job, op, &image))
		return 0;
	r = update(job, op, &image, err);
	log_debug(job->log, MODULE, "made the libraries findable in %.2f ms", since_ms(&start));
	return r;
}
