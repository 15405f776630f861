/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the libraries are asked, the answer as it grows, and word to the parent of each call before
 * it begins: one that never comes back is known by its name then.
 */
#ifndef DRIVER_ASKING_H
#define DRIVER_ASKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver_proto.h"

/* With the NUL; a longer text is cut. */
struct asking_gpu_text {
	char uuid[97];
	char model[129];
};

struct asking_fault_text {
	char text[129];
};

struct asking {
	proto_answer answer;
	proto_gpu gpus[PROTO_MAX_GPUS];
	proto_mig migs[PROTO_MAX_MIGS];
	unsigned missing[PROTO_MAX_MISSING];
	proto_fault faults[PROTO_MAX_FAULTS];
	char nvml_why[PROTO_MAX_TEXT + 1];
	char cuda_why[PROTO_MAX_TEXT + 1];
	char driver_version[81];
	struct asking_gpu_text gpu_texts[PROTO_MAX_GPUS];
	char mig_uuids[PROTO_MAX_MIGS][129];
	struct asking_fault_text fault_texts[PROTO_MAX_FAULTS];
	const proto_request *request;
	uint64_t began_us; /* the call that is going on */
};

void asking_init(struct asking *asking, const proto_request *request);

/** Tells the parent that the call begins. */
void asking_begin(struct asking *asking, unsigned call);
/** It came back with code, which is given on. */
int asking_end(struct asking *asking, unsigned call, int code);

/* code = ASKING_CALL(asking, NUMBER, function(arguments)) */
#define ASKING_CALL(asking, number, call)                                                          \
	(asking_begin((asking), (number)), asking_end((asking), (number), (call)))

/** Loads the library by its number (DRIVERCALLS_LOAD_...); NULL with the loader's words in why. */
void *asking_load(struct asking *asking, unsigned number, const char *soname, char *why,
		  size_t size);

/** The symbol of that number, NULL if the library lacks it, which the answer tells then. */
void *asking_symbol(struct asking *asking, void *library, unsigned number);
/** The first that is there; *ret is its number. */
void *asking_either(struct asking *asking, void *library, unsigned first, unsigned second,
		    unsigned *ret);

/** A new GPU or MIG device of the answer, nothing known of it; NULL: there are too many. */
proto_gpu *asking_add_gpu(struct asking *asking);
proto_mig *asking_add_mig(struct asking *asking);

/** A call that gave an error; gpu -1 = of none. */
void asking_fault(struct asking *asking, unsigned call, int code, int gpu, const char *text);

/** Copies text of at most size - 1 bytes, with ? for what is no printable character. */
void asking_copy(char *ret, size_t size, const char *text);

/** The last message; returns if the parent took it. */
void asking_answer(struct asking *asking);
/** The same, for one that ends everything: an error of the library, or of this program. */
__attribute__((noreturn)) void asking_refuse(unsigned call, int code, const char *text);
__attribute__((noreturn)) void asking_give_up(int code, const char *text);

#endif
