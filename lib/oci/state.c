/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/state.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "oci/jdoc.h"

#define MAX_ID 1024 /* bytes; the id becomes part of file names, which bounds it further */

static const char state_name[] = "OCI state";

void oci_state_done(struct oci_state *state)
{
	free(state->id);
	free(state->bundle);
	free(state->root);
	free(state->status);
	*state = (struct oci_state){0};
}

/* The set that runc accepts; crun takes more, but no engine uses it. */
static bool is_id(const char *id)
{
	size_t len = 0;

	for (const char *p = id; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c >= 0x80 || (!isalnum(c) && strchr("_+-.", c) == NULL) || ++len > MAX_ID)
			return false;
	}
	return len > 0 && strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

static int read_id(const struct jdoc *doc, struct oci_state *state, struct err *err)
{
	int rc = jdoc_get_string(doc, doc->root, "id", &state->id, err);

	if (rc < 0)
		return rc;
	if (state->id == NULL)
		return jdoc_fault(doc, "id", "is missing", err);
	if (!is_id(state->id))
		return jdoc_fault(doc, "id", "is not a container id", err);
	return 0;
}

static int read_pid(const struct jdoc *doc, struct oci_state *state, struct err *err)
{
	const json_t *value;
	int64_t number = 0;
	int rc = jdoc_get(doc, doc->root, "pid", JSON_INTEGER, &value, err);

	if (rc < 0)
		return rc;
	if (value != NULL && !jdoc_to_integer(value, 0, INT_MAX, &number))
		return jdoc_fault(doc, "pid", "is not a process id", err);
	state->pid = (pid_t)number;
	return 0;
}

/* An empty string says as little as a missing one. */
static int read_text(const struct jdoc *doc, const char *key, char **ret, struct err *err)
{
	int rc = jdoc_get_string(doc, doc->root, key, ret, err);

	if (rc == 0 && *ret != NULL && (*ret)[0] == '\0') {
		free(*ret);
		*ret = NULL;
	}
	return rc;
}

static int read_state(const struct jdoc *doc, struct oci_state *state, struct err *err)
{
	int rc = read_id(doc, state, err);

	if (rc == 0)
		rc = read_pid(doc, state, err);
	if (rc == 0)
		rc = read_text(doc, "bundle", &state->bundle, err);
	/* Before runtime-spec 1.0.0-rc3 the key had another name. */
	if (rc == 0 && state->bundle == NULL)
		rc = read_text(doc, "bundlePath", &state->bundle, err);
	if (rc == 0)
		rc = read_text(doc, "root", &state->root, err);
	if (rc == 0)
		rc = read_text(doc, "status", &state->status, err);
	return rc;
}

int oci_state_parse(const char *text, size_t len, struct oci_state *ret, struct err *err)
{
	auto_done(jdoc) struct jdoc doc = {0};
	auto_done(oci_state) struct oci_state state = {0};
	int rc;

	if (len > OCI_STATE_MAX_BYTES)
		return err_set(err, EINVAL, "read '%s': larger than %d bytes", state_name,
			       OCI_STATE_MAX_BYTES);
	rc = jdoc_load(state_name, text, len, &doc, err);
	if (rc == 0)
		rc = read_state(&doc, &state, err);
	if (rc < 0)
		return rc;
	*ret = state;
	state = (struct oci_state){0};
	return 0;
}
