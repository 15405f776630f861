/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/build.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>

#include "base/auto.h"
#include "plan/draft.h"
#include "plan/libraries.h"
#include "plan/loadcache.h"
#include "plan/order.h"
#include "plan/select.h"

#define VOID_HINT                                                                                  \
	"NVIDIA_VISIBLE_DEVICES=void starts the container without a GPU; nvc-cli info shows what " \
	"was looked at"

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
	uint16_t machine = libraries_machine(draft);
	int rc = 0;

	if (image == NULL || !image->known || machine == 0)
		return 0;
	if (image->machine != 0 && image->machine != machine)
		rc = strv_addf(notes,
			       "the image's programs are for %s, the board's libraries for %s: "
			       "they cannot be loaded there",
			       machine_name(image->machine), machine_name(machine));
	if (rc == 0 && image->libc == LIBC_MUSL)
		rc = strv_add(notes,
			      "the image's programs use musl; NVIDIA's libraries need glibc");
	return rc;
}

static int note_lists(const struct draft *draft, struct strv *notes)
{
	size_t counts[VERDICT_MALFORMED + 1] = {0};

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

static int note_requires(const struct platform *platform, struct strv *notes)
{
	static const char text[] = "requirements (NVIDIA_REQUIRE_*) were not looked at: the";

	if (platform->cuda.value == NULL)
		return strv_addf(notes, "%s CUDA version of L4T %s is not known", text,
				 platform->l4t.value == NULL ? "here" : platform->l4t.value);
	return strv_addf(notes, "%s compute capability of this machine is not known", text);
}

/* NVIDIA's programs look for these nodes themselves; here lists are the only way. */
static int note_gates(const struct request *request, struct strv *notes)
{
	const struct {
		bool asked;
		const char *name;
	} gates[] = {
		{request->gds, "NVIDIA_GDS"},
		{request->mofed, "NVIDIA_MOFED"},
		{request->nvswitch, "NVIDIA_NVSWITCH"},
		{request->gdrcopy, "NVIDIA_GDRCOPY"},
	};

	for (size_t i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
		if (gates[i].asked &&
		    strv_addf(notes, "%s=enabled brings nothing that no mount list names",
			      gates[i].name) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_notes(const struct draft *draft, const struct image *image,
		     const struct settings *settings)
{
	struct strv *notes = &draft->plan->notes;
	const struct platform *platform = &draft->inv->platform;
	int rc = 0;

	if (select_requires_asked(draft->request, settings) && !select_requires_known(platform))
		rc = note_requires(platform, notes);
	if (rc == 0)
		rc = note_gates(draft->request, notes);
	if (rc == 0)
		rc = note_image(draft, image, notes);
	return rc < 0 ? rc : note_lists(draft, notes);
}

static int nothing_here(const struct inventory *inv, struct err *err)
{
	const char *dir = inv->list_dir == NULL ? SETTINGS_DEFAULT_LIST_DIR : inv->list_dir;

	if (!inv->list_dir_found)
		(void)err_set(err, ENODEV,
			      "no GPU found: there is no folder of mount lists '%s', and no other "
			      "way on this machine",
			      dir);
	else
		(void)err_set(err, ENODEV,
			      "no GPU found: nothing that the mount lists in '%s' name is on this "
			      "machine",
			      dir);
	return err_hint(err, VOID_HINT);
}

static int add_rows(struct draft *draft, struct err *err)
{
	for (size_t r = 0; r < draft->inv->rows.n; r++) {
		struct row_verdict *verdict = vec_add(&draft->plan->verdicts);
		int rc;

		if (verdict == NULL)
			return err_nomem(err);
		rc = draft_add_row(draft, r, verdict, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_extras(struct draft *draft, struct err *err)
{
	vec_each(extra, &draft->inv->extras)
	{
		int rc = draft_add_extra(draft, extra, "L4T release of the board", err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Nodes that are there and were not asked for show that the machine has its GPU. */
static bool found_any(const struct draft *draft)
{
	for (size_t r = 0; r < draft->inv->rows.n; r++) {
		const struct row *row = &draft->inv->rows.items[r];

		if (row->state == ROW_FOUND && row->n_items > 0 && draft_row_selected(draft, row))
			return true;
	}
	return false;
}

static int fill(struct draft *draft, const struct image *image, const struct settings *settings,
		struct err *err)
{
	int rc = add_rows(draft, err);

	if (rc == 0 && !found_any(draft))
		rc = nothing_here(draft->inv, err);
	if (rc == 0)
		rc = add_extras(draft, err);
	if (rc == 0)
		rc = libraries_add_links(draft, err);
	if (rc == 0)
		rc = loadcache_add(draft, err);
	if (rc == 0)
		rc = order_ops(draft->plan, err);
	if (rc == 0 && add_notes(draft, image, settings) < 0)
		rc = err_nomem(err);
	return rc;
}

static int nothing_asked(const struct inventory *inv, const struct request *request,
			 struct plan *plan, struct err *err)
{
	plan->empty_request = true;
	if (request->refused != NULL && strv_add(&plan->notes, request->refused) < 0)
		return err_nomem(err);
	for (size_t r = 0; r < inv->rows.n; r++) {
		struct row_verdict *verdict = vec_add(&plan->verdicts);

		if (verdict == NULL)
			return err_nomem(err);
		*verdict = (struct row_verdict){VERDICT_NOT_ASKED, NO_ROW};
	}
	return 0;
}

static int decide(const struct inventory *inv, const struct request *request,
		  const struct image *image, const struct settings *settings, struct plan *plan,
		  struct err *err)
{
	auto_done(draft) struct draft draft = {0};
	int rc = 0;

	if (!request_wants_gpu(request))
		return nothing_asked(inv, request, plan, err);
	if (!inv->list_dir_found)
		return nothing_here(inv, err);
	rc = select_check_devices(inv, request, err);
	if (rc == 0)
		rc = select_check_requires(&inv->platform, request, settings, err);
	if (rc == 0)
		rc = draft_init(&draft, inv, request,
				select_all_lists(&inv->platform, request, settings), plan, err);
	return rc != 0 ? rc : fill(&draft, image, settings, err);
}

int plan_build(const struct inventory *inv, const struct request *request,
	       const struct image *image, const struct settings *settings, struct plan **ret,
	       struct err *err)
{
	struct plan *plan = plan_new();
	int rc;

	if (plan == NULL)
		return err_nomem(err);
	rc = decide(inv, request, image, settings, plan, err);
	if (rc < 0) {
		plan_free(plan);
		return rc;
	}
	*ret = plan;
	return 0;
}
