/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A config.json and the edits for a container with a GPU: what comes out is still read, has each
 * rule and hook once, and is not changed a second time. The bytes that were there stay.
 */
#include <jansson.h>
#include <sys/sysmacros.h>

#include "fuzz.h"
#include "render/bundle.h"

static const struct bundle_hook hook = {.path = "/usr/bin/nvc-hook",
					.config = "/etc/c.toml",
					.id = "c1",
					.bundle = "/run/b",
					.rootfs = "/run/b/rootfs"};

static int edit(const struct plan *plan, const char *text, size_t len, char **ret, size_t *ret_len)
{
	auto_done(spec) struct spec spec = {0};
	const struct request request = {.mode = DEVICES_ALL, .caps = DRIVER_CAP_COMPUTE};
	const struct bundle_input input = {
		.text = text, .len = len, .spec = &spec, .plan = plan, .request = &request};
	struct err err = {0};
	int r = spec_parse("input", text, len, &spec, &err);

	if (r == 0)
		r = bundle_edit(&input, &hook, ret, ret_len, &err);
	claim((r < 0) == (err.msg[0] != '\0'));
	return r;
}

/* The old text is the new one with stretches left out; a "null" may have given way to a value. */
static bool is_kept(const char *before, size_t len, const char *after, size_t after_len)
{
	size_t at = 0;

	if (memmem(before, len, "null", 4) != NULL)
		return true;
	for (size_t i = 0; i < len; i++) {
		const char *found = memchr(after + at, before[i], after_len - at);

		if (found == NULL)
			return false;
		at = (size_t)(found - after) + 1;
	}
	return true;
}

static void check_spec(const struct plan *plan, const char *text, size_t len)
{
	auto_done(spec) struct spec spec = {0};
	size_t ours = 0;

	claim(spec_parse("input", text, len, &spec, NULL) == 0);
	vec_each(op, &plan->ops)
	{
		unsigned major = major(op->rdev);
		unsigned minor = minor(op->rdev);

		claim(!spec_wants_rule(&spec, 'c', major, minor));
		claim(spec_grants_device(&spec, 'c', major, minor) ||
		      !spec_can_grant_device(&spec, 'c', major, minor));
	}
	vec_each(entry, &spec.prestart) ours += strcmp(entry->path, hook.path) == 0;
	claim(ours >= 1 || spec.prestart.n >= 1);
	claim(spec.poststop.n >= 1);
}

static void add_device(struct plan *plan, unsigned major, unsigned minor)
{
	struct op *op = vec_add(&plan->ops);
	gid_t *gid = vec_add(&plan->gids);

	claim(op != NULL && gid != NULL);
	*op = (struct op){.kind = OP_DEVICE, .rdev = makedev(major, minor), .row = NO_ROW};
	*gid = minor;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan *plan = plan_new();
	auto_free char *once = NULL;
	auto_free char *twice = NULL;
	size_t len = 0;
	size_t again = 0;

	claim(plan != NULL);
	add_device(plan, 195, 0);
	add_device(plan, 10, 237);
	add_device(plan, 195, 0);
	if (edit(plan, (const char *)data, size, &once, &len) == 0 && once != NULL) {
		claim(is_kept((const char *)data, size, once, len));
		check_spec(plan, once, len);
		claim(edit(plan, once, len, &twice, &again) == 0 && twice == NULL);
	}
	plan_free(plan);
	return 0;
}
