/* SPDX-License-Identifier: Apache-2.0 */
#include "host/drivercheck.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "host/drivercalls.h"
#include "model/driver.h"

_Static_assert(PROTO_MAX_GPUS == DRIVER_MAX_GPUS, "an answer holds as many as an inventory");
_Static_assert(PROTO_MAX_MIGS == DRIVER_MAX_MIGS, "an answer holds as many as an inventory");

#define MAX_INDEX   1024u
#define MAX_MINOR   1048575 /* of Linux */
#define MAX_BUS     255u
#define MAX_SLOT    31u
#define MAX_COMPUTE 999
#define MAX_CUDA    999999
#define MAX_PREFIX  8u

static bool is_printable(const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t n = str_plain_length(text, left);

		if (n == 0)
			return false;
		text += n;
		left -= n;
	}
	return true;
}

/* It becomes part of paths. */
static bool is_version(const char *text)
{
	static const char allowed[] =
		"0123456789.-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return text[strspn(text, allowed)] == '\0' && text[0] != '.' && strstr(text, "..") == NULL;
}

static const char *skip_words(const char *text, unsigned words)
{
	for (; words > 0; words--) {
		size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

		if (len == 0 || len > MAX_PREFIX || text[len] != '-')
			break;
		text += len + 1;
	}
	return text;
}

static bool is_tail(const char *text)
{
	for (int i = 0; i < 2; i++) {
		size_t digits = text[0] == '/' ? strspn(text + 1, "0123456789") : 0;

		if (digits == 0 || digits > 3)
			return false;
		text += 1 + digits;
	}
	return *text == '\0';
}

bool drivercheck_is_uuid(const char *text, unsigned words, bool tail)
{
	static const unsigned char groups[] = {8, 4, 4, 4, 12};

	text = skip_words(text, words);
	for (size_t i = 0; i < sizeof(groups); i++) {
		if (i > 0 && *text++ != '-')
			return false;
		if (strspn(text, "0123456789abcdefABCDEF") != groups[i])
			return false;
		text += groups[i];
	}
	return *text == '\0' || (tail && is_tail(text));
}

static int check_gpu(const proto_gpu *gpu, struct err *err)
{
	if (gpu->index >= MAX_INDEX || gpu->minor < -1 || gpu->minor > MAX_MINOR ||
	    gpu->domain < -1 || gpu->bus > MAX_BUS || gpu->device > MAX_SLOT ||
	    gpu->compute_major < -1 || gpu->compute_major > MAX_COMPUTE ||
	    gpu->compute_minor < -1 || gpu->compute_minor > MAX_COMPUTE || gpu->mig < -1 ||
	    gpu->mig > 1)
		return err_set(err, EPROTO, "numbers of a GPU that cannot be");
	if (gpu->uuid[0] != '\0' && !drivercheck_is_uuid(gpu->uuid, 1, false))
		return err_set(err, EPROTO, "a UUID of a GPU that is none");
	if (!is_printable(gpu->model))
		return err_set(err, EPROTO, "a name of a GPU that is none");
	return 0;
}

static bool are_one(const proto_gpu *a, const proto_gpu *b)
{
	return a->index == b->index || (a->minor >= 0 && a->minor == b->minor) ||
	       (a->domain >= 0 && a->domain == b->domain && a->bus == b->bus &&
		a->device == b->device) ||
	       (a->uuid[0] != '\0' && strcmp(a->uuid, b->uuid) == 0);
}

static int check_gpus(const proto_answer *answer, struct err *err)
{
	const proto_gpu *gpus = answer->gpus.gpus_val;
	int r = 0;

	for (u_int i = 0; r == 0 && i < answer->gpus.gpus_len; i++) {
		r = check_gpu(&gpus[i], err);
		for (u_int j = 0; r == 0 && j < i; j++)
			if (are_one(&gpus[i], &gpus[j]))
				r = err_set(err, EPROTO, "the same GPU twice");
	}
	return r;
}

static int check_mig(const proto_answer *answer, const proto_mig *mig, struct err *err)
{
	if (mig->gpu >= answer->gpus.gpus_len || answer->gpus.gpus_val[mig->gpu].mig != 1 ||
	    mig->index >= MAX_INDEX || mig->gi >= MAX_INDEX || mig->ci >= MAX_INDEX)
		return err_set(err, EPROTO, "numbers of a MIG device that cannot be");
	if (mig->uuid[0] != '\0' && !drivercheck_is_uuid(mig->uuid, 2, true))
		return err_set(err, EPROTO, "a UUID of a MIG device that is none");
	return 0;
}

static int check_migs(const proto_answer *answer, struct err *err)
{
	const proto_mig *migs = answer->migs.migs_val;
	int r = 0;

	for (u_int i = 0; r == 0 && i < answer->migs.migs_len; i++) {
		r = check_mig(answer, &migs[i], err);
		for (u_int j = 0; r == 0 && j < i; j++)
			if ((migs[i].gpu == migs[j].gpu &&
			     (migs[i].index == migs[j].index ||
			      (migs[i].gi == migs[j].gi && migs[i].ci == migs[j].ci))) ||
			    (migs[i].uuid[0] != '\0' && strcmp(migs[i].uuid, migs[j].uuid) == 0))
				r = err_set(err, EPROTO, "the same MIG device twice");
	}
	return r;
}

static int check_fault(const proto_fault *fault, struct err *err)
{
	return fault->call < DRIVERCALLS_N && is_printable(fault->text)
		       ? 0
		       : err_set(err, EPROTO, "an error of a call that is none");
}

static bool is_library(proto_library library)
{
	return library == PROTO_NOT_NEEDED || library == PROTO_LOADED || library == PROTO_ABSENT;
}

static int check_answer(const proto_answer *answer, struct err *err)
{
	int r;

	if (answer->format != PROTO_VERSION)
		return err_set(err, EPROTO, "an answer of another version, %u", answer->format);
	if (!is_library(answer->nvml) || !is_library(answer->cuda) ||
	    !is_printable(answer->nvml_why) || !is_printable(answer->cuda_why) ||
	    !is_version(answer->driver_version) || answer->cuda_version < -1 ||
	    answer->cuda_version > MAX_CUDA || answer->slow_call >= DRIVERCALLS_N)
		return err_set(err, EPROTO, "versions that cannot be");
	r = check_gpus(answer, err);
	if (r == 0)
		r = check_migs(answer, err);
	for (u_int i = 0; r == 0 && i < answer->missing.missing_len; i++)
		if (answer->missing.missing_val[i] >= DRIVERCALLS_N)
			r = err_set(err, EPROTO, "a missing symbol that is none");
	for (u_int i = 0; r == 0 && i < answer->faults.faults_len; i++)
		r = check_fault(&answer->faults.faults_val[i], err);
	return r;
}

int drivercheck_message(const proto_message *message, struct err *err)
{
	switch (message->kind) {
	case PROTO_STEP:
		return message->proto_message_u.step < DRIVERCALLS_N
			       ? 0
			       : err_set(err, EPROTO, "a call that is none");
	case PROTO_ANSWER:
		return check_answer(&message->proto_message_u.answer, err);
	case PROTO_FAULT:
		return check_fault(&message->proto_message_u.fault, err);
	case PROTO_FAILURE:
		if (is_printable(message->proto_message_u.failure.text) &&
		    message->proto_message_u.failure.code > 0)
			return 0;
		break;
	}
	return err_set(err, EPROTO, "a message that is none");
}
