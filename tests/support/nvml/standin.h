/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stand-ins for NVIDIA's libnvidia-ml.so.1 and libcuda.so.1: they answer what a text file says that
 * lies inside the driver root at /etc/stand-in-nvml, one line each; # begins a comment line.
 *
 *     driver 550.54.15
 *     cuda 12.4
 *     gpu minor=0 busid=00000000:01:00.0 uuid=GPU-... brand=14 compute=9.0 mig=none name=NVIDIA
 * H200 mig gpu=0 index=0 gi=1 ci=0 uuid=MIG-...
 *
 * GPUs count from 0 in the order of their lines, as NVML does: write them by rising busid. Each
 * word of a gpu line may be left out (NVML answers that it is not supported then), name comes last
 * and goes to the end of the line, brand is NVML's number, mig is none (cannot), off or on.
 *
 * Behaviour, with CALL a function of either library ("nvmlInit_v2", "cuInit"):
 *
 *     missing SYMBOL    the symbol is not there: any name that begins with nvml or cu
 *     error CALL CODE   the function gives that number of NVML or CUDA
 *     sleep CALL MS     it takes so many milliseconds longer
 *     hang CALL         it never comes back
 *     busy CALL         the same, without sleeping
 *     crash CALL        it ends the process by SIGSEGV
 *     exit CALL CODE    it ends the process by _exit()
 *     garbage CALL      it writes bytes without sense to each descriptor above 2
 *     huge CALL         it writes a gigabyte, announced as such, to each descriptor above 2
 *     attack CALL       it tries what the child must not be able to, and writes what it could do
 *                       after all into the model's name: see attack()
 *     visible nodes     GPUs without a node /dev/nvidiaMINOR are not there
 *     wrong sums        the kernel of support/cuda-vector computes wrong
 *
 * The build makes tests/support/nvml/libnvidia-ml.so.1 and libcuda.so.1, which need the C library
 * alone. To test without one of them leave it out of the root.
 */
#ifndef NVML_STANDIN_H
#define NVML_STANDIN_H

#include <stdbool.h>
#include <stddef.h>

#define STANDIN_FILE  "/etc/stand-in-nvml"
#define STANDIN_GPUS  129
#define STANDIN_MIGS  128
#define STANDIN_RULES 64
#define STANDIN_TEXT  96

struct standin_gpu {
	char uuid[STANDIN_TEXT], busid[STANDIN_TEXT], name[STANDIN_TEXT], compute[STANDIN_TEXT];
	char mig[STANDIN_TEXT], minor[STANDIN_TEXT], brand[STANDIN_TEXT];
};

struct standin_mig {
	unsigned gpu, index, gi, ci;
	char uuid[STANDIN_TEXT];
};

struct standin_rule {
	char verb[STANDIN_TEXT], call[STANDIN_TEXT];
	long number;
};

struct standin {
	char driver[STANDIN_TEXT], cuda[STANDIN_TEXT];
	struct standin_gpu gpus[STANDIN_GPUS];
	struct standin_mig migs[STANDIN_MIGS];
	struct standin_rule rules[STANDIN_RULES];
	size_t n_gpus, n_migs, n_rules;
};

extern struct standin standin;

/** What the file says of the call happens; gives the error number it shall return, 0 = none. */
int standin_call(const char *call);

/** Reads n numbers with one character between them; false if there are fewer. */
bool standin_numbers(const char *text, int base, unsigned *ret, size_t n);

/* An exported function NAME, whose code is impl_NAME(). It is there unless the file says "missing
 * NAME": its symbol is taken out as soon as the library is loaded. */
#define STANDIN_EXPORT(name)                                                                       \
	__typeof__(impl_##name) name __attribute__((alias("impl_" #name), visibility("default")))

#endif
