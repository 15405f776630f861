/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/procfiles.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

#define PROC_DIR "/proc/driver/nvidia"
#define MODIFIES "ModifyDeviceFiles: 1"
#define LEAVES   "ModifyDeviceFiles: 0"

char *procfiles_params(const char *text)
{
	struct strbuf buf = {0};
	bool changed = false;

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		bool modifies = len == strlen(MODIFIES) && strncmp(text, MODIFIES, len) == 0;

		strbuf_add(&buf, modifies ? LEAVES : text, len);
		text += len;
		changed |= modifies;
		if (*text == '\n' || changed)
			strbuf_addc(&buf, '\n');
		text += *text == '\n';
	}
	return strbuf_take(&buf);
}

static int add_text(struct draft *draft, const char *path, const char *content, struct err *err)
{
	const struct draft_made made = {.path = path,
					.content = content,
					.flags = OP_RDONLY | OP_NOEXEC | OP_IN_PROC,
					.mode = 0444,
					.why = "the driver's, as this container sees it"};

	return content == NULL ? 0 : draft_add_made(draft, &made, err);
}

int procfiles_add(struct draft *draft, struct err *err)
{
	const struct driver *driver = &draft->inv->driver;
	const struct draft_made dir = {.path = PROC_DIR,
				       .flags = OP_DIR | OP_RDONLY | OP_NOEXEC | OP_IN_PROC,
				       .mode = 0555,
				       .why = "no GPU but those of this container"};
	auto_free char *params = NULL;
	int rc;

	if (!draft->grants->files || !driver->loaded)
		return 0;
	params = driver->params == NULL ? NULL : procfiles_params(driver->params);
	if (driver->params != NULL && params == NULL)
		return err_nomem(err);
	rc = draft_add_made(draft, &dir, err);
	if (rc == 0)
		rc = add_text(draft, PROC_DIR "/params", params, err);
	if (rc == 0)
		rc = add_text(draft, PROC_DIR "/version", driver->version_text, err);
	if (rc == 0)
		rc = add_text(draft, PROC_DIR "/registry", driver->registry, err);
	return rc;
}
