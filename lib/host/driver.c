/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only the driver's own library knows. With NVC_NVML=OFF this file alone is compiled of those
 * that ask it.
 */
#include "host/host.h"

#define MODULE "driver"

#ifdef NVC_NVML

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"
#include "host/driveranswer.h"
#include "host/driverask.h"
#include "host/drivercache.h"
#include "host/drivermerge.h"

/* 1 = taken from the cache, 0 = not there. */
static int take_kept(const struct host *host, const char *key, struct inventory *inv,
		     struct err *err)
{
	auto_done(driveranswer) proto_message message = {0};
	auto_free char *frame = NULL;
	struct err why = {0};
	size_t len = 0;
	int r = drivercache_find(host, key, &frame, &len, err);

	if (r <= 0)
		return r;
	r = driveranswer_read(frame, len, &message, &why);
	if (r == -ENOMEM)
		return err_nomem(err);
	if (r < 0 || message.kind != PROTO_ANSWER) {
		log_debug(host->log, MODULE, "the kept answer is none: %s", why.msg);
		return 0;
	}
	r = drivermerge(&message.proto_message_u.answer, inv, host->log, err);
	return r < 0 ? r : 1;
}

static int ask(const struct host *host, const char *key, struct inventory *inv, struct err *err)
{
	auto_done(driveranswer) proto_message message = {0};
	auto_free char *frame = NULL;
	const proto_answer *answer = &message.proto_message_u.answer;
	size_t len = 0;
	struct err why = {0};
	int r = driverask(host, &frame, &len, &message, &why);

	if (r == -EPERM && geteuid() != 0) {
		log_info(host->log, MODULE, "the driver's library was not asked: %s", why.msg);
		return 0;
	}
	if (r < 0) {
		if (err != NULL)
			*err = why;
		return r;
	}
	if (answer->nvml != PROTO_LOADED && answer->cuda != PROTO_LOADED) {
		log_info(host->log, MODULE, "the driver's library was not asked: %s; %s",
			 answer->nvml_why, answer->cuda_why);
		return 0;
	}
	r = drivermerge(answer, inv, host->log, err);
	if (r == 0 && key != NULL)
		drivercache_keep(host, key, answer, frame, len);
	return r;
}

int host_ask_driver(const struct host *host, struct inventory *inv, struct err *err)
{
	auto_free char *key = NULL;
	int r = 0;

	if (host->settings->driver_cache)
		r = drivercache_key(host, inv, &key, err);
	if (r == 0 && key != NULL)
		r = take_kept(host, key, inv, err);
	if (r != 0)
		return r < 0 ? r : 0;
	return ask(host, key, inv, err);
}

#else

int host_ask_driver(const struct host *host, struct inventory *inv, struct err *err)
{
	(void)inv;
	(void)err;
	log_debug(host->log, MODULE, "the driver's library was not asked: built without NVC_NVML");
	return 0;
}

#endif
