/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/requires.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "format/require.h"

#define MAX_SHOWN 96u /* bytes of a name from a container or of a GPU in messages */

/* A GPU, or the driver alone, with what is known of it. */
struct subject {
	const struct gpu *gpu; /* NULL = that of mount lists, or none */
	bool by_driver;        /* facts are those of the driver, not of the board's L4T */
	bool named;            /* there are others that it could be taken for */
	struct require_facts facts;
};

struct checking {
	const struct grants *grants;
	const struct settings *settings;
	struct strv *notes;
	bool told; /* that something is not known */
};

static bool is_asked(const struct request *request, const struct settings *settings)
{
	return request->requires.n > 0 && !request->disable_require && !settings->disable_require &&
	       settings->require_policy != REQUIRE_IGNORE;
}

static const char *expression_of(const char *entry)
{
	const char *equals = strchr(entry, '=');

	return equals == NULL ? entry : equals + 1;
}

bool requires_ask_driver(const struct request *request, const struct settings *settings)
{
	static const char *const words[] = {"cuda", "arch", "brand"};

	if (!is_asked(request, settings))
		return false;
	for (size_t i = 0; i < request->requires.n; i++) {
		const char *expression = expression_of(request->requires.items[i]);

		for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
			if (strcasestr(expression, words[w]) != NULL)
				return true;
		}
	}
	return false;
}

static struct subject board(const struct inventory *inv, const struct gpu *gpu)
{
	const struct platform *platform = &inv->platform;

	return (struct subject){
		.gpu = gpu,
		.facts = {.cuda = platform->cuda.value,
			  .arch = platform->compute.value != NULL || gpu == NULL
					  ? platform->compute.value
					  : gpu->compute,
			  .driver = platform->driver.value},
	};
}

static struct subject of_driver(const struct inventory *inv, const struct gpu *gpu)
{
	const struct driver *driver = &inv->driver;

	return (struct subject){
		.gpu = gpu,
		.by_driver = true,
		.facts = {.cuda = driver->cuda.value,
			  .arch = gpu == NULL ? NULL : gpu->compute,
			  .driver = driver->version.value,
			  .brand = gpu == NULL ? NULL : gpu->brand},
	};
}

static struct subject subject_of(const struct inventory *inv, const struct gpu *gpu)
{
	if (gpu->kind == GPU_INTEGRATED && inv->platform.cuda.value != NULL)
		return board(inv, gpu);
	if (gpu->kind == GPU_INTEGRATED && inv->driver.cuda.value == NULL)
		return board(inv, gpu);
	return of_driver(inv, gpu);
}

static int tell_unknown(struct checking *checking, const struct subject *subject)
{
	static const char text[] = "requirements (NVIDIA_REQUIRE_*) were not looked at: the";
	const struct inventory *inv = checking->grants->inv;
	const char *l4t = inv->platform.l4t.value;

	if (checking->told)
		return 0;
	checking->told = true;
	if (subject->facts.cuda == NULL && subject->by_driver)
		return strv_addf(checking->notes, "%s CUDA version of driver %s is not known", text,
				 subject->facts.driver == NULL ? "here" : subject->facts.driver);
	if (subject->facts.cuda == NULL)
		return strv_addf(checking->notes, "%s CUDA version of L4T %s is not known", text,
				 l4t == NULL ? "here" : l4t);
	if (subject->by_driver && subject->gpu != NULL)
		return strv_addf(checking->notes, "%s compute capability of GPU %u is not known",
				 text, subject->gpu->index);
	return strv_addf(checking->notes, "%s compute capability of this machine is not known",
			 text);
}

/* An expression about what is not known here says nothing either way. */
static bool can_be_judged(const struct subject *subject, const char *expression)
{
	const struct require_facts *facts = &subject->facts;

	if (facts->cuda == NULL && strcasestr(expression, "cuda") != NULL)
		return false;
	return facts->arch != NULL || facts->no_gpu || strcasestr(expression, "arch") == NULL;
}

static void name_gpu(const struct subject *subject, char *ret, size_t size)
{
	char model[MAX_SHOWN];

	*ret = '\0';
	if (subject->gpu == NULL || !subject->named)
		return;
	if (subject->gpu->model == NULL) {
		(void)snprintf(ret, size, " by GPU %u", subject->gpu->index);
		return;
	}
	str_escape(subject->gpu->model, model, sizeof(model));
	(void)snprintf(ret, size, " by GPU %u (%s)", subject->gpu->index, model);
}

static int check_one(const char *entry, const struct subject *subject, struct err *err)
{
	const char *equals = strchr(entry, '=');
	size_t name_len = equals == NULL ? 0 : (size_t)(equals - entry);
	char shown[MAX_SHOWN] = "a requirement";
	char gpu[MAX_SHOWN + 32];
	struct require_facts facts = subject->facts;
	struct err fault = {0};
	int rc;

	/* what has no name was said on a command line, as NVIDIA's hook says all to its library */
	facts.any_case = name_len == 0 || subject->by_driver;
	if (name_len > 0) {
		auto_free char *name = strndup(entry, name_len);

		if (name == NULL)
			return err_nomem(err);
		str_escape(name, shown, sizeof(shown));
	}
	rc = require_check(expression_of(entry), &facts, &fault);
	if (rc > 0)
		return 0;
	if (rc == 0) {
		name_gpu(subject, gpu, sizeof(gpu));
		(void)err_set(err, ENOTSUP, "%s is not met%s: needs %s", shown, gpu, fault.msg);
		return err_hint(err, "NVIDIA_DISABLE_REQUIRE=1 starts the container anyway");
	}
	(void)err_at(err, -rc, 0, fault.column, "%s: %s", shown, fault.msg);
	return err_hint(err, fault.hint != NULL ? fault.hint
						: "NVIDIA_DISABLE_REQUIRE=1 skips all of them");
}

/* With "all" somebody has to be able to do what the image is for, and on a board with a discrete
 * card that is the card: what is too new for the board's own GPU runs there. */
static bool only_warns(const struct checking *checking, const struct subject *subject)
{
	const struct grants *grants = checking->grants;

	if (checking->settings->require_policy == REQUIRE_WARN)
		return true;
	return grants->request->mode == DEVICES_ALL && subject->gpu != NULL &&
	       subject->gpu->kind == GPU_INTEGRATED && grants_has(grants, GPU_DISCRETE);
}

static int check_subject(struct checking *checking, const struct subject *subject, struct err *err)
{
	const struct strv *entries = &checking->grants->request->requires;

	for (size_t i = 0; i < entries->n; i++) {
		struct err fault = {0};
		int rc;

		if (!can_be_judged(subject, expression_of(entries->items[i]))) {
			if (tell_unknown(checking, subject) < 0)
				return err_nomem(err);
			continue;
		}
		rc = check_one(entries->items[i], subject, &fault);
		if (rc == 0)
			continue;
		if (rc == -ENOMEM || !only_warns(checking, subject)) {
			if (err != NULL)
				*err = fault;
			return rc;
		}
		if (strv_add_unique(checking->notes, fault.msg) < 0)
			return err_nomem(err);
	}
	return 0;
}

/* Without a GPU the driver alone can be wrong. */
static int check_driver(struct checking *checking, struct err *err)
{
	const struct grants *grants = checking->grants;
	struct subject subject =
		grants->files ? of_driver(grants->inv, NULL) : board(grants->inv, NULL);

	subject.facts.no_gpu = !grants->lists_gpu;
	return check_subject(checking, &subject, err);
}

int requires_check(const struct grants *grants, const struct settings *settings, struct strv *notes,
		   struct err *err)
{
	const struct driver *driver = &grants->inv->driver;
	struct checking checking = {.grants = grants, .settings = settings, .notes = notes};
	int rc = 0;

	if (!is_asked(grants->request, settings))
		return 0;
	if (grants_count(grants) == 0 || grants->lists_gpu)
		return check_driver(&checking, err);
	for (size_t g = 0; rc == 0 && g < driver->gpus.n; g++) {
		struct subject subject;

		if (!grants->gpus[g])
			continue;
		subject = subject_of(grants->inv, &driver->gpus.items[g]);
		subject.named = !grants_only_lists(grants->inv);
		rc = check_subject(&checking, &subject, err);
	}
	return rc;
}
