/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What NVIDIA's driver consists of besides its kernel module, by capability, as tables. Pure.
 * Sources: the tables of NVIDIA's container library 1.17 and toolkit 1.20; the manifests of drivers
 * 384 to 580, whose libraries differ: what not each of them has is not told as lacking.
 */
#ifndef HOST_LIBTABLE_H
#define HOST_LIBTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lib_flag {
	LIB_NEEDED = 1 << 0,  /* every driver with the capability has it: its absence is told */
	LIB_OWN = 1 << 1,     /* has a version of its own, not the driver's */
	LIB_ABI = 1 << 2,     /* the one with an ABI note of Linux 2.3.99 is meant: old drivers have
			       * another of the same name, for kernels without thread areas */
	LIB_WINDOWS = 1 << 3, /* on WSL only */
	LIB_OPENED = 1 << 4, /* programs open NAME.so: of the others that is for who links programs,
			      * and would be one more file in each container's layer */
};

struct lib_entry {
	const char *name;   /* "libcuda": all of the file's name in front of ".so" */
	const char *number; /* "1": of the SONAME, NULL = it has the driver's version, or none */
	unsigned caps;      /* DRIVER_CAP_*: any of them; 0 = always */
	unsigned flags;     /* enum lib_flag */
	const char *dir; /* below a library directory, where it may lie as a module; NULL = none */
};

/** NULL behind the last. */
const struct lib_entry *libtable_library(size_t i);

/* Modules that libraries and X load by path, below a library directory. */
struct lib_module {
	const char *dirs[4]; /* in order; NULL = no more */
	const char *name;
	bool versioned; /* ".VERSION" follows, and a link without it is there as well */
	unsigned caps;
};

const struct lib_module *libtable_module(size_t i);

struct lib_program {
	const char *name;
	unsigned caps;
	bool needed;
};

const struct lib_program *libtable_program(size_t i);

/* Data and configuration below /usr/share, /etc and the like: DIR/NAME. */
struct lib_data {
	const char *dir;  /* "glvnd/egl_vendor.d" */
	const char *name; /* "%s" in it: the driver's version; "%m": x86_64 and the like */
	unsigned caps;
	bool stays; /* is looked for at its own place by those who read it; else it goes to
		     * /usr/share, wherever it was found */
	bool needed;
};

const struct lib_data *libtable_data(size_t i);

/* Sockets and directories of services. */
struct lib_service {
	const char *name;
	const char *path;
	unsigned caps;
	unsigned service; /* enum part_service */
	bool dir;         /* a directory in which the container may write; else a socket */
};

const struct lib_service *libtable_service(size_t i);

/** Length of "NAME" in "NAME.so" and "NAME.so.1.2"; 0 = not such a name. The last ".so" counts. */
size_t libtable_stem(const char *name);

/* What a machine calls its libraries. */
struct lib_machine {
	uint16_t machine; /* EM_* */
	const char *name; /* as the kernel says it: "x86_64" */
	const char *triplet;
	uint16_t machine32; /* EM_NONE = there are none of 32 bits */
	const char *triplet32;
};

/** That of the driver, by the text of /proc/driver/nvidia/version; that of this program where it
 *  does not say, or NULL. Never NULL. */
const struct lib_machine *libtable_machine(const char *version_text);

#endif
