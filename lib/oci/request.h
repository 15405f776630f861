/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From environment, mounts and privilege of a container, under the policy of config.toml, to a
 * request.
 */
#ifndef OCI_REQUEST_H
#define OCI_REQUEST_H

#include "base/err.h"
#include "base/log.h"
#include "model/request.h"
#include "oci/spec.h"
#include "settings/settings.h"

#define REQUEST_MAX_ENV_BYTES (1024 * 1024) /* of one NVIDIA_* variable */

/** Rules: docs of NVIDIA_VISIBLE_DEVICES and its relatives. A wish that policy turns down is not an
 *  error: the request is void and ret->refused says so. -EINVAL: an id or word that cannot be one
 *  (control characters, too long, too many). */
int request_from_spec(const struct spec *spec, const struct settings *settings,
		      const struct log *log, struct request *ret, struct err *err);

/** "all", "none", "void", or ids with commas. For command lines. */
int request_set_devices(struct request *request, const char *text, struct err *err);

/** Numbers and ranges of IMEX channels with commas. For command lines. */
int request_set_channels(struct request *request, const char *text, struct err *err);

/** "all"; NULL = not asked for. For command lines, after the devices. */
int request_set_mig(struct request *request, const char *config, const char *monitor,
		    struct err *err);

#endif
