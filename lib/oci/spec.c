/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "oci/jdoc.h"

#define ACCESS_READ  1u
#define ACCESS_WRITE 2u
#define ACCESS_BOTH  (ACCESS_READ | ACCESS_WRITE)

static void hook_done(struct spec_hook *hook)
{
	free(hook->path);
	strv_done(&hook->args);
}

void spec_done(struct spec *spec)
{
	free(spec->root_path);
	strv_done(&spec->env);
	vec_each(mount, &spec->mounts)
	{
		free(mount->destination);
		free(mount->source);
	}
	vec_done(&spec->mounts);
	vec_done(&spec->device_rules);
	vec_each(hook, &spec->prestart) hook_done(hook);
	vec_done(&spec->prestart);
	vec_each(hook, &spec->poststop) hook_done(hook);
	vec_done(&spec->poststop);
	vec_done(&spec->additional_gids);
	free(spec->cgroups_path);
	free(spec->when_missing);
	*spec = (struct spec){0};
}

/* Adds every string of the array at path to list. */
static int read_strings(const struct jdoc *doc, const json_t *object, const char *path,
			struct strv *list, struct err *err)
{
	const json_t *array;
	int rc = jdoc_get(doc, object, path, JSON_ARRAY, &array, err);

	for (size_t i = 0; rc == 0 && i < json_array_size(array); i++) {
		const json_t *value = json_array_get(array, i);

		rc = jdoc_check(doc, value, path, JSON_STRING, err);
		if (rc == 0 && strv_add(list, json_string_value(value)) < 0)
			return err_nomem(err);
	}
	return rc;
}

static int read_bool(const struct jdoc *doc, const json_t *object, const char *path, bool *ret,
		     struct err *err)
{
	const json_t *value;
	int rc = jdoc_get(doc, object, path, JSON_TRUE, &value, err);

	if (rc == 0)
		*ret = value != NULL && json_is_true(value);
	return rc;
}

static int read_root(const struct jdoc *doc, struct spec *spec, struct err *err)
{
	const json_t *root;
	int rc = jdoc_get(doc, doc->root, "root", JSON_OBJECT, &root, err);

	if (rc == 0)
		rc = jdoc_get_string(doc, root, "root.path", &spec->root_path, err);
	if (rc == 0)
		rc = read_bool(doc, root, "root.readonly", &spec->root_readonly, err);
	return rc;
}

static int read_capabilities(const struct jdoc *doc, const json_t *process, struct spec *spec,
			     struct err *err)
{
	static const char path[] = "process.capabilities";
	auto_done(strv) struct strv list = {0};
	const json_t *caps = json_object_get(process, "capabilities");
	int rc;

	/* Before runtime-spec 1.0.0-rc5 it was one list. */
	if (json_is_array(caps)) {
		rc = read_strings(doc, process, path, &list, err);
	} else {
		rc = jdoc_get(doc, process, path, JSON_OBJECT, &caps, err);
		if (rc == 0)
			rc = read_strings(doc, caps, "process.capabilities.bounding", &list, err);
	}
	spec->cap_sys_admin = strv_contains(&list, "CAP_SYS_ADMIN");
	return rc;
}

static int read_user(const struct jdoc *doc, const json_t *process, struct spec *spec,
		     struct err *err)
{
	static const char gids_path[] = "process.user.additionalGids";
	const json_t *user;
	const json_t *gids = NULL;
	const json_t *uid = NULL;
	int64_t number = 0;
	int rc = jdoc_get(doc, process, "process.user", JSON_OBJECT, &user, err);

	if (rc == 0)
		rc = jdoc_get(doc, user, "process.user.uid", JSON_INTEGER, &uid, err);
	if (rc == 0)
		rc = jdoc_get(doc, user, gids_path, JSON_ARRAY, &gids, err);
	if (rc < 0)
		return rc;
	if (uid != NULL && !jdoc_to_integer(uid, 0, UINT32_MAX, &number))
		return jdoc_fault(doc, "process.user.uid", "is not a user id", err);
	spec->uid = (uint32_t)number;
	for (size_t i = 0; i < json_array_size(gids); i++) {
		uint32_t *gid;

		if (!jdoc_to_integer(json_array_get(gids, i), 0, UINT32_MAX, &number))
			return jdoc_fault(doc, gids_path, "holds something else than group ids",
					  err);
		gid = vec_add(&spec->additional_gids);
		if (gid == NULL)
			return err_nomem(err);
		*gid = (uint32_t)number;
	}
	return 0;
}

static int read_process(const struct jdoc *doc, struct spec *spec, struct err *err)
{
	const json_t *process;
	int rc = jdoc_get(doc, doc->root, "process", JSON_OBJECT, &process, err);

	if (rc < 0 || process == NULL)
		return rc;
	spec->has_process = true;
	rc = read_strings(doc, process, "process.env", &spec->env, err);
	if (rc == 0)
		rc = read_user(doc, process, spec, err);
	if (rc == 0)
		rc = read_capabilities(doc, process, spec, err);
	return rc;
}

static int read_mounts(const struct jdoc *doc, struct spec *spec, struct err *err)
{
	const json_t *array;
	int rc = jdoc_get(doc, doc->root, "mounts", JSON_ARRAY, &array, err);

	for (size_t i = 0; rc == 0 && i < json_array_size(array); i++) {
		const json_t *value = json_array_get(array, i);
		struct spec_mount *mount;

		rc = jdoc_check(doc, value, "mounts", JSON_OBJECT, err);
		if (rc < 0)
			return rc;
		mount = vec_add(&spec->mounts);
		if (mount == NULL)
			return err_nomem(err);
		rc = jdoc_get_string(doc, value, "mounts.destination", &mount->destination, err);
		if (rc == 0)
			rc = jdoc_get_string(doc, value, "mounts.source", &mount->source, err);
		if (rc == 0 && mount->destination == NULL)
			rc = jdoc_fault(doc, "mounts.destination", "is missing", err);
	}
	return rc;
}

static int read_device_number(const struct jdoc *doc, const json_t *rule, const char *path,
			      int64_t *ret, struct err *err)
{
	const json_t *value;
	int rc = jdoc_get(doc, rule, path, JSON_INTEGER, &value, err);

	*ret = -1;
	if (rc == 0 && value != NULL && !jdoc_to_integer(value, -1, UINT32_MAX, ret))
		return jdoc_fault(doc, path, "is not a device number", err);
	return rc;
}

static int read_device_access(const struct jdoc *doc, const json_t *value,
			      struct spec_device_rule *rule, struct err *err)
{
	static const char path[] = "linux.resources.devices.access";
	const json_t *access;
	int rc = jdoc_get(doc, value, path, JSON_STRING, &access, err);
	size_t len;

	if (rc < 0 || access == NULL)
		return rc;
	len = json_string_length(access);
	if (len >= sizeof(rule->access) || strspn(json_string_value(access), "rwm") != len)
		return jdoc_fault(doc, path, "is not made of 'r', 'w' and 'm'", err);
	memcpy(rule->access, json_string_value(access), len + 1);
	return 0;
}

static int read_device_rule(const struct jdoc *doc, const json_t *value,
			    struct spec_device_rule *rule, struct err *err)
{
	static const char type_path[] = "linux.resources.devices.type";
	const json_t *type = NULL;
	int rc = read_bool(doc, value, "linux.resources.devices.allow", &rule->allow, err);

	if (rc == 0)
		rc = jdoc_get(doc, value, type_path, JSON_STRING, &type, err);
	if (rc < 0)
		return rc;
	rule->type = 'a';
	if (type != NULL && json_string_length(type) > 0) {
		rule->type = json_string_value(type)[0];
		if (json_string_length(type) > 1 || strchr("abcup", rule->type) == NULL)
			return jdoc_fault(doc, type_path, "is none of 'a', 'b', 'c', 'u' and 'p'",
					  err);
	}
	rc = read_device_number(doc, value, "linux.resources.devices.major", &rule->major, err);
	if (rc == 0)
		rc = read_device_number(doc, value, "linux.resources.devices.minor", &rule->minor,
					err);
	if (rc == 0)
		rc = read_device_access(doc, value, rule, err);
	return rc;
}

static int read_device_rules(const struct jdoc *doc, const json_t *linux_part, struct spec *spec,
			     struct err *err)
{
	static const char path[] = "linux.resources.devices";
	const json_t *resources;
	const json_t *array = NULL;
	int rc = jdoc_get(doc, linux_part, "linux.resources", JSON_OBJECT, &resources, err);

	if (rc == 0)
		rc = jdoc_get(doc, resources, path, JSON_ARRAY, &array, err);
	for (size_t i = 0; rc == 0 && i < json_array_size(array); i++) {
		const json_t *value = json_array_get(array, i);
		struct spec_device_rule *rule;

		rc = jdoc_check(doc, value, path, JSON_OBJECT, err);
		if (rc < 0)
			return rc;
		rule = vec_add(&spec->device_rules);
		if (rule == NULL)
			return err_nomem(err);
		rc = read_device_rule(doc, value, rule, err);
	}
	return rc;
}

static int read_linux(const struct jdoc *doc, struct spec *spec, struct err *err)
{
	static const char path[] = "linux.namespaces";
	const json_t *part;
	const json_t *namespaces = NULL;
	int rc = jdoc_get(doc, doc->root, "linux", JSON_OBJECT, &part, err);

	if (rc == 0)
		rc = jdoc_get_string(doc, part, "linux.cgroupsPath", &spec->cgroups_path, err);
	if (rc == 0)
		rc = jdoc_get(doc, part, path, JSON_ARRAY, &namespaces, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < json_array_size(namespaces); i++) {
		const char *type =
			json_string_value(json_object_get(json_array_get(namespaces, i), "type"));

		if (type != NULL && strcmp(type, "user") == 0)
			spec->has_user_namespace = true;
	}
	return read_device_rules(doc, part, spec, err);
}

static int read_hook(const struct jdoc *doc, const json_t *value, const char *path,
		     struct spec_hook *hook, struct err *err)
{
	int rc = jdoc_check(doc, value, path, JSON_OBJECT, err);

	if (rc == 0)
		rc = jdoc_get_string(doc, value, "hooks.path", &hook->path, err);
	if (rc == 0)
		rc = read_strings(doc, value, "hooks.args", &hook->args, err);
	if (rc == 0 && hook->path == NULL)
		rc = jdoc_fault(doc, path, "has an entry without 'path'", err);
	return rc;
}

static int read_hooks(const struct jdoc *doc, struct spec *spec, struct err *err)
{
	const json_t *hooks;
	const json_t *array = NULL;
	int rc = jdoc_get(doc, doc->root, "hooks", JSON_OBJECT, &hooks, err);

	if (rc == 0)
		rc = jdoc_get(doc, hooks, "hooks.prestart", JSON_ARRAY, &array, err);
	for (size_t i = 0; rc == 0 && i < json_array_size(array); i++) {
		struct spec_hook *hook = vec_add(&spec->prestart);

		if (hook == NULL)
			return err_nomem(err);
		rc = read_hook(doc, json_array_get(array, i), "hooks.prestart", hook, err);
	}
	if (rc == 0)
		rc = jdoc_get(doc, hooks, "hooks.poststop", JSON_ARRAY, &array, err);
	for (size_t i = 0; rc == 0 && i < json_array_size(array); i++) {
		struct spec_hook *hook = vec_add(&spec->poststop);

		if (hook == NULL)
			return err_nomem(err);
		rc = read_hook(doc, json_array_get(array, i), "hooks.poststop", hook, err);
	}
	return rc;
}

static int read_annotations(const struct jdoc *doc, struct spec *spec, struct err *err)
{
	const json_t *annotations;
	const json_t *value;
	int rc = jdoc_get(doc, doc->root, "annotations", JSON_OBJECT, &annotations, err);

	value = rc < 0 ? NULL : json_object_get(annotations, SPEC_WHEN_MISSING);
	if (rc < 0 || value == NULL || json_is_null(value))
		return rc;
	rc = jdoc_check(doc, value, "annotations[" SPEC_WHEN_MISSING "]", JSON_STRING, err);
	if (rc < 0)
		return rc;
	spec->when_missing = strdup(json_string_value(value));
	return spec->when_missing == NULL ? err_nomem(err) : 0;
}

int spec_parse(const char *name, const char *text, size_t len, struct spec *ret, struct err *err)
{
	static int (*const parts[])(const struct jdoc *, struct spec *, struct err *) = {
		read_root, read_process, read_mounts, read_linux, read_hooks, read_annotations};
	auto_done(jdoc) struct jdoc doc = {0};
	auto_done(spec) struct spec spec = {0};
	int rc;

	if (len > OCI_SPEC_MAX_BYTES)
		return err_set(err, EINVAL, "read '%s': larger than %d bytes", name,
			       OCI_SPEC_MAX_BYTES);
	rc = jdoc_load(name, text, len, &doc, err);
	for (size_t i = 0; rc == 0 && i < sizeof(parts) / sizeof(parts[0]); i++)
		rc = parts[i](&doc, &spec, err);
	if (rc < 0)
		return rc;
	*ret = spec;
	spec = (struct spec){0};
	return 0;
}

const char *spec_getenv(const struct spec *spec, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = spec->env.n; i-- > 0;) {
		const char *entry = spec->env.items[i];

		if (strncmp(entry, name, len) == 0 && entry[len] == '=')
			return entry + len + 1;
	}
	return NULL;
}

static unsigned access_bits(const struct spec_device_rule *rule)
{
	if (rule->access[0] == '\0')
		return ACCESS_BOTH;
	return (strchr(rule->access, 'r') != NULL ? ACCESS_READ : 0) |
	       (strchr(rule->access, 'w') != NULL ? ACCESS_WRITE : 0);
}

static bool is_about(const struct spec_device_rule *rule, char type, unsigned major, unsigned minor)
{
	char rule_type = rule->type == 'u' ? 'c' : rule->type;

	return (rule_type == 'a' || rule_type == type) &&
	       (rule->major < 0 || rule->major == (int64_t)major) &&
	       (rule->minor < 0 || rule->minor == (int64_t)minor);
}

#define SLOT_ANY_MINOR 1u
#define SLOT_ANY_MAJOR 2u
#define SLOTS          4u

/* What the v1 controller makes of the rules for one node. */
struct v1_state {
	bool allow_default;
	unsigned exceptions[SLOTS]; /* access bits, by the wildcards of the rule */
};

/* security/device_cgroup.c of Linux 4.9 to 6.x: a default and a list of exceptions. A rule against
 * the default adds an exception; one for it takes access away from the exception of exactly the
 * same numbers, wildcards included. Of all exceptions only four can concern one node. */
static struct v1_state v1_read(const struct spec *spec, char type, unsigned major, unsigned minor)
{
	struct v1_state state = {.allow_default = false};

	vec_each(rule, &spec->device_rules)
	{
		unsigned slot = (rule->major < 0 ? SLOT_ANY_MAJOR : 0u) |
				(rule->minor < 0 ? SLOT_ANY_MINOR : 0u);

		if (rule->type == 'a') {
			memset(state.exceptions, 0, sizeof(state.exceptions));
			state.allow_default = rule->allow;
		} else if (is_about(rule, type, major, minor)) {
			if (rule->allow == state.allow_default)
				state.exceptions[slot] &= ~access_bits(rule);
			else
				state.exceptions[slot] |= access_bits(rule);
		}
	}
	return state;
}

static bool v1_grants(const struct spec *spec, char type, unsigned major, unsigned minor)
{
	const struct v1_state state = v1_read(spec, type, major, minor);
	bool whole = false;
	bool some = false;

	for (size_t i = 0; i < SLOTS; i++) {
		whole = whole || state.exceptions[i] == ACCESS_BOTH;
		some = some || state.exceptions[i] != 0;
	}
	return state.allow_default ? !some : whole;
}

bool spec_can_grant_device(const struct spec *spec, char type, unsigned major, unsigned minor)
{
	const struct v1_state state = v1_read(spec, type, major, minor);
	unsigned wide = 0;

	for (size_t i = 1; i < SLOTS; i++)
		wide |= state.exceptions[i];
	return !state.allow_default || wide == 0;
}

static bool last_match_grants(const struct spec *spec, char type, unsigned major, unsigned minor)
{
	unsigned granted = 0;

	vec_each(rule, &spec->device_rules)
	{
		if (!is_about(rule, type, major, minor))
			continue;
		if (rule->allow)
			granted |= access_bits(rule);
		else
			granted &= ~access_bits(rule);
	}
	return granted == ACCESS_BOTH;
}

/* Two judges, and both have to say yes: the v1 controller (runc computes its v2 program by the same
 * rules), and "the last rule that matches decides", as crun's v2 program has it. A "no" too many
 * costs one superfluous rule, a "yes" too many the GPU. */
bool spec_grants_device(const struct spec *spec, char type, unsigned major, unsigned minor)
{
	return v1_grants(spec, type, major, minor) && last_match_grants(spec, type, major, minor);
}

bool spec_wants_rule(const struct spec *spec, char type, unsigned major, unsigned minor)
{
	return !last_match_grants(spec, type, major, minor) ||
	       (!v1_grants(spec, type, major, minor) &&
		spec_can_grant_device(spec, type, major, minor));
}
