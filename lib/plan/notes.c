/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/notes.h"

#include <elf.h>
#include <errno.h>

#include "base/auto.h"
#include "base/str.h"
#include "plan/libraries.h"

#define MAX_NAMED 8u /* things that one note names */

static const char *machine_name(uint16_t machine)
{
	switch (machine) {
	case EM_AARCH64:
		return "aarch64";
	case EM_ARM:
		return "arm";
	case EM_X86_64:
		return "x86_64";
	case EM_386:
		return "i386";
	case EM_RISCV:
		return "riscv";
	default:
		return "another machine";
	}
}

static int note_image(const struct draft *draft, const struct image *image, struct strv *notes)
{
	bool known = image != NULL && image->known;
	uint16_t machine = libraries_machine(draft, known ? image->machine : 0);
	int rc = 0;

	if (!known || machine == 0)
		return 0;
	if (image->machine != 0 && image->machine != machine)
		rc = strv_addf(notes,
			       "the image's programs are for %s, %s libraries for %s: "
			       "they cannot be loaded there",
			       machine_name(image->machine),
			       draft->grants->rows ? "the board's" : "the driver's",
			       machine_name(machine));
	if (rc == 0 && image->libc == LIBC_MUSL)
		rc = strv_add(notes,
			      "the image's programs use musl; NVIDIA's libraries need glibc");
	return rc;
}

static int note_lists(const struct draft *draft, struct strv *notes)
{
	size_t counts[VERDICT_MALFORMED + 1] = {0};

	if (!draft->grants->rows)
		return 0;
	vec_each(verdict, &draft->plan->verdicts) counts[verdict->verdict]++;
	vec_each(file, &draft->inv->files)
	{
		if (!file->read && (draft->all_lists || file->base) &&
		    strv_addf(notes, "list '%s' is not used: %s", file->path,
			      file->error == NULL ? "not read" : file->error) < 0)
			return -ENOMEM;
	}
	if (counts[VERDICT_REFUSED] + counts[VERDICT_MALFORMED] == 0)
		return 0;
	return strv_addf(
		notes,
		"rows of the lists that are not used: %zu refused, %zu malformed; nvc-cli csv "
		"check names them",
		counts[VERDICT_REFUSED], counts[VERDICT_MALFORMED]);
}

static bool brings(const struct draft *draft, enum part_kind kind)
{
	vec_each(part, &draft->inv->driver.parts)
	{
		if (part->kind == kind && part->n_items > 0 && grants_part(draft->grants, part))
			return true;
	}
	return false;
}

/* Things that were asked for by a variable of their own. */
static int note_gates(const struct draft *draft, struct strv *notes)
{
	const struct request *request = draft->request;
	const struct {
		bool asked;
		enum part_kind kind;
		const char *name;
	} gates[] = {
		{request->gds, PART_GDS, "NVIDIA_GDS=enabled"},
		{request->mofed, PART_MOFED, "NVIDIA_MOFED=enabled"},
		{request->nvswitch, PART_NVSWITCH, "NVIDIA_NVSWITCH=enabled"},
		{request->gdrcopy, PART_GDRCOPY, "NVIDIA_GDRCOPY=enabled"},
		{request->channels.n > 0, PART_CHANNEL, "NVIDIA_IMEX_CHANNELS"},
		{request->mig_config, PART_MIG_CONFIG, "the right to configure MIG"},
		{request->mig_monitor, PART_MIG_MONITOR, "the right to watch MIG"},
	};

	for (size_t i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
		if (gates[i].asked && !brings(draft, gates[i].kind) &&
		    strv_addf(notes, "%s brings nothing: there is nothing of it on this machine",
			      gates[i].name) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The capability under which a lack is told: the first of those asked for. */
static unsigned told_under(const struct draft *draft, const struct lack *lack)
{
	unsigned asked = lack->caps & draft->request->caps;

	return asked & (~asked + 1);
}

static int note_lacks_of(const struct draft *draft, unsigned cap, const char *word,
			 struct strv *notes)
{
	auto_done(strbuf) struct strbuf text = {0};
	const char *reason = NULL;
	size_t n = 0;

	vec_each(lack, &draft->inv->driver.lacks)
	{
		if (told_under(draft, lack) != cap || (cap == 0 && lack->caps != 0))
			continue;
		if (n++ >= MAX_NAMED)
			continue;
		strbuf_addf(&text, "%s%s", n == 1 ? "" : ", ", lack->name);
		if (lack->reason != NULL && !str_equal(lack->reason, reason))
			strbuf_addf(&text, " (%s)", lack->reason);
		reason = lack->reason;
	}
	if (n == 0)
		return 0;
	if (n > MAX_NAMED)
		strbuf_addf(&text, " and %zu more", n - MAX_NAMED);
	if (strbuf_failed(&text))
		return -ENOMEM;
	return strv_addf(notes, "%s: not found: %s", word, text.data);
}

static int note_lacks(const struct draft *draft, struct strv *notes)
{
	const char *word;
	int rc;

	if (!draft->grants->files)
		return 0;
	rc = note_lacks_of(draft, 0, "driver", notes);
	for (size_t i = 0; rc == 0 && (word = drivercaps_word(i)) != NULL; i++)
		rc = note_lacks_of(draft, 1u << i, word, notes);
	return rc;
}

/* A driver that was upgraded is whole, and yet nothing of it can be used: that is no lack like
 * others. */
static int warn_of_upgrade(const struct draft *draft)
{
	const struct driver *driver = &draft->inv->driver;

	if (!draft->grants->files || driver->on_disk.value == NULL)
		return 0;
	return strv_addf(&draft->plan->warnings,
			 "the driver's libraries are of version %s ('%s'), its loaded module is of "
			 "%s: reboot, or load the module anew; till then containers lack libraries",
			 driver->on_disk.value, driver->on_disk.source,
			 driver->version.value == NULL ? "another" : driver->version.value);
}

static bool has_node(const struct draft *draft, size_t g)
{
	vec_each(part, &draft->inv->driver.parts)
	{
		if (part->kind == PART_GPU && part->gpu == g && part->n_items > 0)
			return true;
	}
	return false;
}

static bool has_mig(const struct draft *draft, size_t g)
{
	for (size_t m = 0; m < draft->inv->driver.migs.n; m++) {
		if (draft->inv->driver.migs.items[m].gpu == g)
			return true;
	}
	return false;
}

static int note_gpus(const struct draft *draft, struct strv *notes)
{
	const struct driver *driver = &draft->inv->driver;
	int rc = 0;

	for (size_t g = 0; rc == 0 && g < driver->gpus.n; g++) {
		const struct gpu *gpu = &driver->gpus.items[g];

		if (!draft->grants->gpus[g] || gpu->kind == GPU_INTEGRATED || driver->wsl)
			continue;
		if (!has_node(draft, g))
			rc = strv_addf(notes, "GPU %u cannot be used: it has no device node",
				       gpu->index);
		else if (gpu->mig && !has_mig(draft, g))
			rc = strv_addf(notes,
				       "GPU %u cannot be used: it is in MIG mode, and has no MIG "
				       "devices",
				       gpu->index);
	}
	return rc;
}

int notes_add(const struct draft *draft, const struct image *image)
{
	struct strv *notes = &draft->plan->notes;
	int rc = note_gates(draft, notes);

	if (rc == 0)
		rc = note_image(draft, image, notes);
	if (rc == 0)
		rc = note_lists(draft, notes);
	if (rc == 0)
		rc = note_gpus(draft, notes);
	if (rc == 0)
		rc = warn_of_upgrade(draft);
	return rc < 0 ? rc : note_lacks(draft, notes);
}
