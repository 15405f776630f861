/* SPDX-License-Identifier: Apache-2.0 */
/*
 * askdriver [OPTION VALUE]...
 *
 * host_ask_driver() as a program: prints what is known of the driver afterwards, its log goes to
 * standard error. Exits with 1 and the error in one line. Settings: --root --host-root --program
 * --timeout (ms) --cache (a folder; without it nothing is kept) --user --library-dir. What the
 * kernel would have told before: --version TEXT, --gpu BUSID,MINOR (or "integrated"), --mig
 * GPU,GI,CI.
 * --repeat N asks so often and tells the time of each in microseconds; --confine 1 goes through the
 * fence of nvc_confine() first.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply/apply.h"
#include "host/host.h"
#include "model/inventory.h"
#include "settings/settings.h"

struct wish {
	const char *version;
	const char *gpus[DRIVER_MAX_GPUS];
	const char *migs[DRIVER_MAX_MIGS];
	size_t n_gpus, n_migs;
	unsigned repeat;
	bool confine;
};

static void put(void *arg, enum log_level level, const char *module, const char *text)
{
	(void)arg;
	(void)fprintf(stderr, "%s: %s: %s\n", log_level_name(level), module, text);
}

static void set(char **setting, const char *value)
{
	free(*setting);
	*setting = strdup(value);
}

static bool take_setting(struct settings *settings, const char *name, const char *value)
{
	if (strcmp(name, "--root") == 0)
		set(&settings->root, value);
	else if (strcmp(name, "--host-root") == 0)
		set(&settings->host_root, value);
	else if (strcmp(name, "--program") == 0)
		set(&settings->driver_program, value);
	else if (strcmp(name, "--timeout") == 0)
		settings->driver_timeout = (unsigned)strtoul(value, NULL, 10);
	else if (strcmp(name, "--user") == 0)
		set(&settings->user, value);
	else if (strcmp(name, "--library-dir") == 0)
		return strv_add(&settings->library_dirs, value) == 0;
	else if (strcmp(name, "--cache") == 0) {
		settings->driver_cache = true;
		set(&settings->cache_dir, value);
	} else
		return false;
	return true;
}

static bool take(struct settings *settings, struct wish *wish, const char *name, const char *value)
{
	if (strcmp(name, "--version") == 0)
		wish->version = value;
	else if (strcmp(name, "--gpu") == 0 && wish->n_gpus < DRIVER_MAX_GPUS)
		wish->gpus[wish->n_gpus++] = value;
	else if (strcmp(name, "--mig") == 0 && wish->n_migs < DRIVER_MAX_MIGS)
		wish->migs[wish->n_migs++] = value;
	else if (strcmp(name, "--repeat") == 0)
		wish->repeat = (unsigned)strtoul(value, NULL, 10);
	else if (strcmp(name, "--confine") == 0)
		wish->confine = true;
	else
		return take_setting(settings, name, value);
	return true;
}

/* As host_read_driver() would leave it. */
static struct inventory *known(const struct wish *wish)
{
	struct inventory *inv = inventory_new();

	if (inv == NULL)
		abort();
	inv->driver.loaded = true;
	(void)fact_set(&inv->driver.version, wish->version, "the command line");
	for (size_t i = 0; i < wish->n_gpus; i++) {
		struct gpu *gpu = vec_add(&inv->driver.gpus);
		const char *comma = strchr(wish->gpus[i], ',');

		gpu->index = (unsigned)i;
		gpu->kind = comma == NULL ? GPU_INTEGRATED : GPU_DISCRETE;
		gpu->minor = comma == NULL ? -1 : (int)strtol(comma + 1, NULL, 10);
		gpu->busid = comma == NULL
				     ? NULL
				     : strndup(wish->gpus[i], (size_t)(comma - wish->gpus[i]));
		gpu->source = strdup("/proc");
	}
	for (size_t i = 0; i < wish->n_migs; i++) {
		struct mig *mig = vec_add(&inv->driver.migs);
		char *at = NULL;

		mig->index = -1;
		mig->gpu = strtoul(wish->migs[i], &at, 10);
		mig->gi = (unsigned)strtoul(at + 1, &at, 10);
		mig->ci = (unsigned)strtoul(at + 1, NULL, 10);
	}
	return inv;
}

static const char *or_dash(const char *text)
{
	return text == NULL ? "-" : text;
}

static void show(const struct driver *driver)
{
	(void)printf("asked=%d version=%s cuda=%s\n", driver->asked, or_dash(driver->version.value),
		     or_dash(driver->cuda.value));
	vec_each(gpu, &driver->gpus)(void)
		printf("gpu index=%u kind=%s minor=%d busid=%s uuid=%s brand=%s compute=%s "
		       "mig=%s source=%s model=%s\n",
		       gpu->index, gpu_kind_name(gpu->kind), gpu->minor, or_dash(gpu->busid),
		       or_dash(gpu->uuid), or_dash(gpu->brand), or_dash(gpu->compute),
		       gpu->mig ? "on" : (gpu->mig_capable ? "off" : "none"), or_dash(gpu->source),
		       or_dash(gpu->model));
	vec_each(mig, &driver->migs)(void)
		printf("mig gpu=%zu index=%d gi=%u ci=%u uuid=%s\n", mig->gpu, mig->index, mig->gi,
		       mig->ci, or_dash(mig->uuid));
	if (driver->slow != NULL)
		(void)printf("slow=%s\n", driver->slow);
}

static int64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

static int ask(const struct host *host, const struct wish *wish, struct err *err)
{
	struct inventory *inv = known(wish);
	int64_t began = now_us();
	int r = host_ask_driver(host, inv, err);

	if (wish->repeat > 0)
		(void)printf("%" PRId64 " us\n", now_us() - began);
	else if (r == 0)
		show(&inv->driver);
	inventory_free(inv);
	return r;
}

int main(int argc, char **argv)
{
	struct settings *settings = settings_new();
	static struct wish wish;
	struct log log = {.level = LOG_LEVEL_DEBUG, .emit = put};
	struct host host = {.n = 0};
	struct err err = {0};
	int r = 0;

	if (settings == NULL)
		return 2;
	settings->driver_cache = false;
	for (int i = 1; i < argc; i += 2)
		if (i + 1 == argc || !take(settings, &wish, argv[i], argv[i + 1])) {
			(void)fprintf(stderr, "askdriver: '%s'?\n", argv[i]);
			return 2;
		}
	if (wish.confine)
		r = apply_confine(settings,
				  &(struct apply_target){.confined = true,
							 .asks_driver = host_may_ask(settings)},
				  &log, &err);
	if (r == 0)
		r = host_open(&host, settings, &log, &err);
	for (unsigned i = 0; r == 0 && i < (wish.repeat > 0 ? wish.repeat : 1); i++)
		r = ask(&host, &wish, &err);
	if (r < 0)
		(void)printf("error %d: %s\n", err.code, err.msg);
	host_close(&host);
	settings_free(settings);
	return r < 0;
}
