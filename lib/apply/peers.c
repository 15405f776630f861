/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/peers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "apply/turn.h"
#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "sys/entry.h"
#include "sys/ns.h"
#include "sys/rootfs.h"

#define MODULE "record"
#define SUFFIX ".state"

void peers_done(struct peers *peers)
{
	vec_each(record, &peers->running) record_done(record);
	vec_done(&peers->running);
	vec_each(record, &peers->gone) record_done(record);
	vec_done(&peers->gone);
}

/* A record that does not say who it is of counts as of one that runs. */
static bool is_running(const struct record *head)
{
	auto_done(ns_process) struct ns_process init = {.proc_fd = -1};
	int r;

	if (head->init == 0)
		return true;
	r = ns_process_open(head->init, &init, NULL);
	/* doubt is yes: what a container that runs needs must stay */
	return r == 0 ? init.start_time == head->started : r != -ESRCH;
}

/* Of a record that was not read: gone meanwhile, or broken, which its own next start sees to; or
 * nobody knows whose it is. */
static int not_read(struct peers *peers, int r, const struct err *failed, const struct log *log,
		    struct err *err)
{
	if (r == 0 || !record_may_pass(-r))
		return 0;
	if (r == -ENOMEM)
		return err_nomem(err);
	if (!peers->doubt)
		log_warn(
			log, MODULE,
			"%s: it may be of a container that runs on the same rootfs, and nothing is "
			"taken back",
			failed->msg);
	peers->doubt = true;
	return 0;
}

static int add(struct peers *peers, int state_dir, const struct record *head, const struct log *log,
	       struct err *err)
{
	struct record record = {0};
	struct record *item;
	struct err failed = {0};
	int r = record_read(state_dir, head->id, &record, &failed);

	if (r <= 0)
		return not_read(peers, r, &failed, log, err);
	item = is_running(head) ? vec_add(&peers->running) : vec_add(&peers->gone);
	if (item == NULL) {
		record_done(&record);
		return err_nomem(err);
	}
	*item = record;
	return 0;
}

static bool is_old(int state_dir, const char *name)
{
	struct timespec now;
	struct stat st;

	return clock_gettime(CLOCK_REALTIME, &now) == 0 && entry_stat(state_dir, name, &st) == 0 &&
	       now.tv_sec - st.st_mtim.tv_sec >= PEERS_KEEP_DAYS * 24 * 3600;
}

/* An engine that removes a container removes the folder that holds its rootfs, sooner or later. A
 * layer's folder ("LAYER/merged": overlay2, fuse-overlayfs, podman) goes with the container only; a
 * bundle's, or a rootfs that is a mount of its own, may be missing while the container is stopped,
 * so that days have to go by. */
static bool is_forgotten(int state_dir, const char *name, const char *rootfs)
{
	auto_free char *folder = path_dirname(rootfs);
	auto_fd slash = -1;
	auto_fd fd = -1;

	if (folder == NULL ||
	    (!str_equal(path_basename(rootfs), "merged") && !is_old(state_dir, name)))
		return false;
	slash = rootfs_open_slash(NULL);
	fd = slash < 0 ? slash : rootfs_open(slash, folder, O_PATH | O_DIRECTORY, NULL);
	return fd == -ENOENT;
}

/* Numbers of a folder whose container has ended may be another one's by now. */
static bool is_there(const struct record *head, const struct peers_place *place)
{
	const struct record_folder *folder = &head->folder;

	if (str_equal(head->rootfs, place->rootfs))
		return true;
	return folder->ino != 0 && folder->ino == place->folder.ino &&
	       folder->dev == place->folder.dev && is_running(head);
}

/* id: name without the suffix */
static int look(struct peers *peers, const struct peers_place *place, const char *name,
		const struct log *log, struct err *err)
{
	int state_dir = place->state_dir;
	auto_done(record) struct record head = {0};
	auto_free char *id = strndup(name, strlen(name) - strlen(SUFFIX));
	struct err failed = {0};
	int r;

	if (id == NULL)
		return err_nomem(err);
	r = record_read_head(state_dir, id, &head, &failed);
	if (r <= 0)
		return not_read(peers, r, &failed, log, err);
	if (!str_equal(head.id, id))
		return 0;
	if (is_there(&head, place))
		return add(peers, state_dir, &head, log, err);
	/* another engine's storage may not be seen from this one's mount namespace */
	if (is_forgotten(state_dir, name, head.rootfs) && (head.init == 0 || !is_running(&head))) {
		log_debug(log, MODULE, "the record of container '%s' is deleted: '%s' is gone", id,
			  head.rootfs);
		(void)record_delete(state_dir, id, NULL);
	}
	return 0;
}

static void tell_of_too_many(struct peers *peers, const struct log *log)
{
	if (!peers->doubt)
		log_warn(log, MODULE,
			 "there are more than %u records: one may be of a container that runs on "
			 "the same rootfs, and nothing is taken back (delete those of containers "
			 "that are gone)",
			 PEERS_MAX_RECORDS);
	peers->doubt = true;
}

int peers_find(const struct peers_place *place, const char *id, const struct log *log,
	       struct peers *ret, struct err *err)
{
	auto_done(peers) struct peers peers = {0};
	auto_dir dir = entry_list(place->state_dir);
	const struct dirent *entry;
	unsigned n = 0;

	if (dir == NULL)
		return err_sys(err, errno, "look through the state directory");
	while ((entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;
		int r;

		turn_sweep(place->state_dir, name);
		if (!str_ends_with(name, SUFFIX))
			continue;
		if (n++ == PEERS_MAX_RECORDS) {
			tell_of_too_many(&peers, log);
			break;
		}
		if (strlen(name) == strlen(id) + strlen(SUFFIX) && str_starts_with(name, id))
			continue;
		r = look(&peers, place, name, log, err);
		if (r < 0)
			return r;
	}
	*ret = peers;
	peers = (struct peers){0};
	return 0;
}

size_t peers_drop_ended(struct peers *peers, int state_dir)
{
	size_t all = peers->running.n;
	size_t n = 0;

	vec_each(record, &peers->running)
	{
		auto_fd journal = record_open_journal(state_dir, record->id, NULL);

		if (journal == -ENOENT)
			record_done(record);
		else
			peers->running.items[n++] = *record;
	}
	peers->running.n = n;
	return all - n;
}

bool peers_may_run(const struct peers *peers)
{
	return peers != NULL && (peers->running.n > 0 || peers->doubt);
}

static bool is_taken(const char *state_dir, const char *id, pid_t pid)
{
	auto_done(record) struct record head = {0};
	auto_fd dir = record_find_dir(state_dir, id, NULL);

	return dir >= 0 && record_read_head(dir, id, &head, NULL) > 0 && head.init != 0 &&
	       head.init != pid && is_running(&head);
}

int peers_choose_id(const char *state_dir, const char *id, const char *bundle, pid_t pid,
		    char **ret, struct err *err)
{
	/* no engine's id has that sign in it */
	auto_free char *second =
		bundle == NULL ? NULL : str_format("%s~%016" PRIx64, id, str_hash(bundle));
	auto_fd found = second == NULL ? -1 : record_find_dir(state_dir, second, NULL);

	if (second == NULL && bundle != NULL)
		return err_nomem(err);
	if (second != NULL && (found >= 0 || (pid > 0 && is_taken(state_dir, id, pid))))
		*ret = take_ptr(&second);
	else
		*ret = strdup(id);
	return *ret == NULL ? err_nomem(err) : 0;
}

bool peers_need(const struct peers *peers, const char *path)
{
	vec_each(record, &peers->running)
	{
		vec_each(item, &record->items)
		{
			if (strcmp(item->path, path) == 0)
				return true;
		}
	}
	return false;
}

bool peers_have(const struct peers *peers, const char *id)
{
	vec_each(record, &peers->running)
	{
		if (strcmp(record->id, id) == 0)
			return true;
	}
	return false;
}
