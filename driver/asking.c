/* SPDX-License-Identifier: Apache-2.0 */
#include "asking.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "host/driveranswer.h"
#include "host/drivercalls.h"
#include "sys/exile.h"

#define MAX_PATH_BYTES 512

static uint64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void say(const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = write(EXILE_SOCKET_FD, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(1); /* nobody listens */
		at += n;
		len -= (size_t)n;
	}
}

static void say_message(proto_message *message)
{
	auto_free char *frame = NULL;
	size_t len;

	if (driveranswer_message(message, &frame, &len, NULL) < 0)
		_exit(1);
	say(frame, len);
}

void asking_init(struct asking *asking, const proto_request *request)
{
	asking->request = request;
	asking->answer = (proto_answer){
		.format = PROTO_VERSION,
		.nvml_why = asking->nvml_why,
		.cuda_why = asking->cuda_why,
		.driver_version = asking->driver_version,
		.cuda_version = -1,
		.gpus = {0, asking->gpus},
		.migs = {0, asking->migs},
		.missing = {0, asking->missing},
		.faults = {0, asking->faults},
	};
}

void asking_begin(struct asking *asking, unsigned call)
{
	unsigned char step[DRIVERANSWER_STEP];

	driveranswer_step(call, step);
	say(step, sizeof(step));
	asking->began_us = now_us();
}

int asking_end(struct asking *asking, unsigned call, int code)
{
	uint64_t us = now_us() - asking->began_us;

	if (us >= asking->answer.slow_us) {
		asking->answer.slow_call = call;
		asking->answer.slow_us = us > UINT32_MAX ? UINT32_MAX : (unsigned)us;
	}
	return code;
}

void asking_copy(char *ret, size_t size, const char *text)
{
	size_t n = 0;

	while (*text != '\0') {
		size_t len = str_plain_length(text, strnlen(text, 4));
		bool plain = len > 0;

		if (n + (plain ? len : 1) >= size)
			break;
		if (plain)
			memcpy(ret + n, text, len);
		else
			ret[n] = '?';
		n += plain ? len : 1;
		text += plain ? len : 1;
	}
	ret[n] = '\0';
}

static void *load_from(const proto_dir *dirs, unsigned n, const char *soname)
{
	void *library = NULL;

	for (unsigned i = 0; library == NULL && i < n; i++) {
		char path[MAX_PATH_BYTES];

		(void)snprintf(path, sizeof(path), "%s/%s", dirs[i], soname);
		library = dlopen(path, RTLD_NOW);
	}
	return library;
}

void *asking_load(struct asking *asking, unsigned number, const char *soname, char *why,
		  size_t size)
{
	const proto_request *request = asking->request;
	void *library;

	asking_begin(asking, number);
	library = load_from(request->first.first_val, request->first.first_len, soname);
	if (library == NULL)
		library = dlopen(soname, RTLD_NOW);
	if (library == NULL) {
		const char *text = dlerror();

		asking_copy(why, size, text == NULL ? soname : text);
		library = load_from(request->last.last_val, request->last.last_len, soname);
	}
	if (library != NULL)
		why[0] = '\0';
	(void)asking_end(asking, number, 0);
	return library;
}

void *asking_symbol(struct asking *asking, void *library, unsigned number)
{
	void *symbol = dlsym(library, drivercalls_name(number));
	u_int *n = &asking->answer.missing.missing_len;

	if (symbol == NULL && *n < PROTO_MAX_MISSING)
		asking->missing[(*n)++] = number;
	return symbol;
}

void *asking_either(struct asking *asking, void *library, unsigned first, unsigned second,
		    unsigned *ret)
{
	void *symbol = asking_symbol(asking, library, first);

	*ret = first;
	if (symbol == NULL) {
		symbol = asking_symbol(asking, library, second);
		*ret = second;
	}
	return symbol;
}

proto_gpu *asking_add_gpu(struct asking *asking)
{
	u_int n = asking->answer.gpus.gpus_len;

	if (n == PROTO_MAX_GPUS)
		return NULL;
	asking->answer.gpus.gpus_len++;
	asking->gpus[n] = (proto_gpu){
		.minor = -1,
		.domain = -1,
		.brand = -1,
		.compute_major = -1,
		.compute_minor = -1,
		.mig = -1,
		.uuid = asking->gpu_texts[n].uuid,
		.model = asking->gpu_texts[n].model,
	};
	return &asking->gpus[n];
}

proto_mig *asking_add_mig(struct asking *asking)
{
	u_int n = asking->answer.migs.migs_len;

	if (n == PROTO_MAX_MIGS)
		return NULL;
	asking->answer.migs.migs_len++;
	asking->migs[n] = (proto_mig){.uuid = asking->mig_uuids[n]};
	return &asking->migs[n];
}

void asking_fault(struct asking *asking, unsigned call, int code, int gpu, const char *text)
{
	u_int n = asking->answer.faults.faults_len;

	if (n == PROTO_MAX_FAULTS)
		return;
	asking->answer.faults.faults_len++;
	asking_copy(asking->fault_texts[n].text, sizeof(asking->fault_texts[n].text), text);
	asking->faults[n] = (proto_fault){call, code, gpu, asking->fault_texts[n].text};
}

void asking_answer(struct asking *asking)
{
	proto_message message = {.kind = PROTO_ANSWER,
				 .proto_message_u = {.answer = asking->answer}};

	say_message(&message);
}

void asking_refuse(unsigned call, int code, const char *text)
{
	char copy[129];
	proto_message message = {.kind = PROTO_FAULT,
				 .proto_message_u = {.fault = {call, code, -1, copy}}};

	asking_copy(copy, sizeof(copy), text);
	say_message(&message);
	_exit(0);
}

void asking_give_up(int code, const char *text)
{
	char copy[PROTO_MAX_TEXT + 1];
	proto_message message = {.kind = PROTO_FAILURE,
				 .proto_message_u = {.failure = {code > 0 ? code : EIO, copy}}};

	asking_copy(copy, sizeof(copy), text);
	say_message(&message);
	_exit(0);
}
