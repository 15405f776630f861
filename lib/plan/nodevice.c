/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/nodevice.h"

#include <errno.h>

#include "base/auto.h"
#include "base/str.h"
#include "plan/grants.h"

#define MAX_SHOWN    96u /* bytes of a name from a container in messages */
#define MAX_LISTED   12u /* devices that are named in a message */
#define MORE_UNKNOWN "; more is not known, since NVIDIA's library could not be asked"

/* What exists, or of it what begins with the word. */
struct listing {
	struct strbuf text;
	const struct deviceid *begins; /* NULL = all */
	size_t n;
};

static void list_one(struct listing *listing, const char *name, const char *uuid)
{
	if (listing->begins != NULL && !deviceid_begins(listing->begins, uuid))
		return;
	if (listing->n++ >= MAX_LISTED)
		return;
	strbuf_addf(&listing->text, "%s%s", listing->n == 1 ? "" : ", ", name);
	if (uuid != NULL)
		strbuf_addf(&listing->text, " (%s)", uuid);
}

static void list_devices(struct listing *listing, const struct driver *driver)
{
	char name[32];

	vec_each(gpu, &driver->gpus)
	{
		(void)snprintf(name, sizeof(name), "%u", gpu->index);
		list_one(listing, name, gpu->uuid);
	}
	vec_each(mig, &driver->migs)
	{
		if (mig->index < 0)
			continue;
		(void)snprintf(name, sizeof(name), "%u:%d", driver->gpus.items[mig->gpu].index,
			       mig->index);
		list_one(listing, name, mig->uuid);
	}
	if (listing->n > MAX_LISTED)
		strbuf_addf(&listing->text, " and %zu more", listing->n - MAX_LISTED);
}

int nodevice_ambiguous(const struct inventory *inv, const struct deviceid *id, struct err *err)
{
	struct listing listing = {.begins = id};
	auto_free char *list = NULL;
	char shown[MAX_SHOWN];

	list_devices(&listing, &inv->driver);
	list = strbuf_take(&listing.text);
	if (list == NULL)
		return err_nomem(err);
	str_escape(id->text, shown, sizeof(shown));
	(void)err_set(err, ENODEV, "'%s' is the beginning of more than one UUID: %s", shown, list);
	return err_hint(err, "write more of the UUID");
}

/* The word may be right, and nobody told. */
static bool is_uncertain(const struct driver *driver, const struct deviceid *id)
{
	bool lacks = grants_lacks_uuids(driver);

	vec_each(mig, &driver->migs) lacks |= mig->uuid == NULL || mig->index < 0;
	return lacks && !driver->asked &&
	       (id->form == DEVICEID_UUID || id->form == DEVICEID_MIG_PATH ||
		id->form == DEVICEID_PAIR);
}

static int unknown_of_lists(const struct inventory *inv, const char *shown, struct err *err)
{
	const char *board = inv->platform.board.value;

	if (board != NULL)
		(void)err_set(err, ENODEV, "no GPU '%s' here: this machine (%s) has one, 0", shown,
			      board);
	else
		(void)err_set(err, ENODEV, "no GPU '%s' here: this machine has one, 0", shown);
	return err_hint(err, "ask for 0 or all");
}

int nodevice_unknown(const struct inventory *inv, const struct deviceid *id, struct err *err)
{
	struct listing listing = {.begins = NULL};
	auto_free char *list = NULL;
	char shown[MAX_SHOWN];

	str_escape(id->text, shown, sizeof(shown));
	if (grants_only_lists(inv) && inv->driver.gpus.n <= 1 && inv->list_dir_found)
		return unknown_of_lists(inv, shown, err);
	list_devices(&listing, &inv->driver);
	list = strbuf_take(&listing.text);
	if (list == NULL)
		return err_nomem(err);
	(void)err_set(err, ENODEV, "no GPU '%s' here: there %s %s%s", shown,
		      listing.n == 1 ? "is" : "are", listing.n == 0 ? "none" : list,
		      is_uncertain(&inv->driver, id) ? MORE_UNKNOWN : "");
	return err_hint(err, "nvc-cli info lists the GPUs");
}

static bool is_channel(const struct part *part, const char *number)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", part->number);
	return part->kind == PART_CHANNEL && (number == NULL || str_equal(text, number));
}

static const struct part *find_channel(const struct driver *driver, const char *number)
{
	vec_each(part, &driver->parts)
	{
		if (is_channel(part, number))
			return part;
	}
	return NULL;
}

static int unknown_channel(const struct driver *driver, const char *number, struct err *err)
{
	auto_free char *list = NULL;
	struct strbuf text = {0};
	char shown[MAX_SHOWN];
	size_t n = 0;

	vec_each(part, &driver->parts)
	{
		if (is_channel(part, NULL) && n++ < MAX_LISTED)
			strbuf_addf(&text, "%s%u", n == 1 ? "" : ", ", part->number);
	}
	if (n > MAX_LISTED)
		strbuf_addf(&text, " and %zu more", n - MAX_LISTED);
	list = strbuf_take(&text);
	if (list == NULL)
		return err_nomem(err);
	str_escape(number, shown, sizeof(shown));
	(void)err_set(err, ENODEV, "no IMEX channel '%s' here: there %s %s", shown,
		      n == 1 ? "is" : "are", n == 0 ? "none" : list);
	return err_hint(err, "NVIDIA_IMEX_CHANNELS names those of /dev/nvidia-caps-imex-channels");
}

int nodevice_check_channels(const struct grants *grants, struct err *err)
{
	const struct driver *driver = &grants->inv->driver;

	/* mount lists know nothing of channels: a note tells that */
	if (!grants->nodes || grants_only_lists(grants->inv))
		return 0;
	for (size_t i = 0; i < grants->request->channels.n; i++) {
		const char *number = grants->request->channels.items[i];

		if (find_channel(driver, number) == NULL)
			return unknown_channel(driver, number, err);
	}
	return 0;
}
