/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of tests/unit/plancase.h about NVIDIA's own driver; "_" stands for a blank, "|" for the end
 * of a line:
 *
 *   driver [version=550.54.15] [disk=560.1] [cuda=12.4] [wsl]       it is loaded, or Windows' own
 *   proc params|version|registry TEXT                   files of /proc/driver/nvidia
 *   gpu INDEX [integrated] [minor=0] [uuid=] [bus=] [model=] [brand=] [compute=] [mig]
 *   mig GPU:INDEX gi=1 ci=0 [uuid=]                     GPU: its place among the gpu lines
 *   part KIND NAME [caps=compute,video] [compat32] [service=mps] [gpu=0] [mig=0] [number=0] [why=]
 *   lack NAME [caps=compute] [reason=]
 */
#ifndef TESTS_PLANDRIVER_H
#define TESTS_PLANDRIVER_H

#include "planwords.h"

static inline void plandriver_driver(struct driver *driver, char **words, size_t n)
{
	driver->loaded = true;
	for (size_t i = 1; i < n; i++) {
		char *value;

		if (strcmp(words[i], "wsl") == 0) {
			driver->wsl = true;
			driver->loaded = false;
		} else if ((value = plancase_value(words[i], "version")) != NULL) {
			assert_int_equal(fact_set(&driver->version, value, "/proc"), 0);
		} else if ((value = plancase_value(words[i], "disk")) != NULL) {
			assert_int_equal(fact_set(&driver->on_disk, value, "/lib/libcuda.so"), 0);
		} else if ((value = plancase_value(words[i], "cuda")) != NULL) {
			assert_int_equal(fact_set(&driver->cuda, value, "NVML"), 0);
		} else {
			fail_msg("no such word: %s", words[i]);
		}
	}
}

static inline void plandriver_proc(struct driver *driver, char **words, size_t n)
{
	assert_true(n >= 2);
	if (strcmp(words[1], "params") == 0)
		driver->params = plancase_text(words[2]);
	else if (strcmp(words[1], "version") == 0)
		driver->version_text = plancase_text(words[2]);
	else
		driver->registry = plancase_text(words[2]);
}

static inline void plandriver_gpu(struct driver *driver, char **words, size_t n)
{
	struct gpu *gpu = vec_add(&driver->gpus);

	assert_non_null(gpu);
	*gpu = (struct gpu){.kind = GPU_DISCRETE, .index = plancase_number(words[1]), .minor = -1};
	for (size_t i = 2; i < n; i++) {
		const struct {
			const char *key;
			char **field;
		} texts[] = {
			{"uuid", &gpu->uuid},   {"bus", &gpu->busid},       {"model", &gpu->model},
			{"brand", &gpu->brand}, {"compute", &gpu->compute},
		};
		char *value = plancase_value(words[i], "minor");
		bool known = value != NULL;

		if (known)
			gpu->minor = (int)plancase_number(value);
		if (strcmp(words[i], "integrated") == 0)
			gpu->kind = GPU_INTEGRATED;
		else if (strcmp(words[i], "mig") == 0)
			gpu->mig = gpu->mig_capable = true;
		else
			for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
				value = plancase_value(words[i], texts[t].key);
				known |= value != NULL;
				if (value != NULL)
					*texts[t].field = plancase_text(value);
			}
		assert_true(known || gpu->kind == GPU_INTEGRATED || gpu->mig);
	}
}

static inline void plandriver_mig(struct driver *driver, char **words, size_t n)
{
	struct mig *mig = vec_add(&driver->migs);
	char *index = strchr(words[1], ':');

	assert_non_null(mig);
	assert_non_null(index);
	*mig = (struct mig){.gpu = plancase_number(words[1]),
			    .index = (int)strtol(index + 1, NULL, 10)};
	for (size_t i = 2; i < n; i++) {
		char *value;

		if ((value = plancase_value(words[i], "gi")) != NULL)
			mig->gi = plancase_number(value);
		else if ((value = plancase_value(words[i], "ci")) != NULL)
			mig->ci = plancase_number(value);
		else if ((value = plancase_value(words[i], "uuid")) != NULL)
			mig->uuid = strdup(value);
		else
			fail_msg("no such word: %s", words[i]);
	}
}

static inline void plandriver_part_word(struct part *part, char *word)
{
	char *value;

	if (strcmp(word, "compat32") == 0)
		part->compat32 = true;
	else if ((value = plancase_value(word, "caps")) != NULL)
		part->caps = plancase_caps(value);
	else if ((value = plancase_value(word, "service")) != NULL)
		part->service = plancase_service(value);
	else if ((value = plancase_value(word, "gpu")) != NULL)
		part->gpu = plancase_number(value);
	else if ((value = plancase_value(word, "mig")) != NULL)
		part->mig = plancase_number(value);
	else if ((value = plancase_value(word, "number")) != NULL)
		part->number = plancase_number(value);
	else if ((value = plancase_value(word, "why")) != NULL)
		part->why = plancase_text(value);
	else
		fail_msg("no such word: %s", word);
}

static inline void plandriver_part(struct plancase *c, char **words, size_t n)
{
	struct part *part = vec_add(&c->inv->driver.parts);
	unsigned kind = 0;

	assert_non_null(part);
	assert_true(n >= 3);
	while (kind <= PART_GDRCOPY && strcmp(part_kind_name((enum part_kind)kind), words[1]) != 0)
		kind++;
	assert_true(kind <= PART_GDRCOPY);
	*part = (struct part){.kind = (enum part_kind)kind,
			      .gpu = NO_INDEX,
			      .mig = NO_INDEX,
			      .name = strdup(words[2]),
			      .first_item = c->inv->items.n};
	for (size_t i = 3; i < n; i++)
		plandriver_part_word(part, words[i]);
	c->in_part = true;
}

static inline void plandriver_lack(struct driver *driver, char **words, size_t n)
{
	struct lack *lack = vec_add(&driver->lacks);

	assert_non_null(lack);
	*lack = (struct lack){.name = strdup(words[1])};
	for (size_t i = 2; i < n; i++) {
		char *value;

		if ((value = plancase_value(words[i], "caps")) != NULL)
			lack->caps = plancase_caps(value);
		else if ((value = plancase_value(words[i], "reason")) != NULL)
			lack->reason = plancase_text(value);
		else
			fail_msg("no such word: %s", words[i]);
	}
}

/* False if the line is about something else. */
static inline bool plandriver_line(struct plancase *c, char **words, size_t n)
{
	struct driver *driver = &c->inv->driver;

	if (strcmp(words[0], "driver") == 0)
		plandriver_driver(driver, words, n);
	else if (strcmp(words[0], "proc") == 0)
		plandriver_proc(driver, words, n);
	else if (strcmp(words[0], "gpu") == 0)
		plandriver_gpu(driver, words, n);
	else if (strcmp(words[0], "mig") == 0)
		plandriver_mig(driver, words, n);
	else if (strcmp(words[0], "part") == 0)
		plandriver_part(c, words, n);
	else if (strcmp(words[0], "lack") == 0)
		plandriver_lack(driver, words, n);
	else
		return false;
	return true;
}

#endif
