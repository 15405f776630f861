/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries of a driver of NVIDIA's whose module is not the loaded one: after an upgrade, until the
 * machine or the module is started anew.
 */
#ifndef HOST_LIBOTHER_H
#define HOST_LIBOTHER_H

#include "base/strv.h"
#include "host/hunt.h"

struct libother {
	char *path; /* of the first one that was seen; owned; NULL = none */
};

void libother_done(struct libother *other);

/** Takes note of a library that is not used for its version; nothing unless the name has one as
 *  drivers have, and no mount list names the file too. -ENOMEM. */
int libother_note(struct libother *other, const struct hunt *hunt, const char *path,
		  struct err *err);

/** Looks for that name in directories, until one is known. -ENOMEM, -EMFILE, -ENFILE. */
int libother_look(struct libother *other, struct hunt *hunt, const struct strv *dirs,
		  const char *name, struct err *err);

/** Sets driver.on_disk, if one is known. -ENOMEM. */
int libother_tell(const struct libother *other, struct inventory *inv, struct err *err);

#endif
