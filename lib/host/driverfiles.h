/* SPDX-License-Identifier: Apache-2.0 */
/* What the driver has besides libraries: programs, modules, configuration, firmware, and sockets of
 * its services. */
#ifndef HOST_DRIVERFILES_H
#define HOST_DRIVERFILES_H

#include "host/hunt.h"

#define DRIVERFILES_MAX_FIRMWARE 64u   /* files */
#define DRIVERFILES_MAX_ENTRIES  4096u /* of a directory that is read */

/** Programs go to /usr/bin, wherever they are here. */
int driverfiles_programs(struct hunt *hunt, struct err *err);

/** Modules beside the libraries: after libsearch_run(). */
int driverfiles_modules(struct hunt *hunt, struct err *err);

/** Data and configuration. */
int driverfiles_data(struct hunt *hunt, struct err *err);

/** gsp*.bin of the driver's version. */
int driverfiles_firmware(struct hunt *hunt, struct err *err);

/** Sockets, whoever owns them: their directory is in /run, to which root alone writes. The
 * directory of MPS lies in /tmp, where anybody could have made it: it must be root's or the
 * caller's, and no link; its mode is not looked at, since its clients write to it. */
int driverfiles_services(struct hunt *hunt, struct err *err);

/** WSL: what lies in Windows' store of drivers, at its own place. */
int driverfiles_store(struct hunt *hunt, struct err *err);

#endif
