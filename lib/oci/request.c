/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "oci/capslist.h"
#include "oci/channels.h"
#include "oci/requirelist.h"
#include "oci/wish.h"

#define MODULE          "request"
#define MOUNT_DIR       "/var/run/nvidia-container-devices"
#define IMEX_PREFIX     "imex/" /* below it */
#define MAX_SHOWN_BYTES 160     /* of a foreign text in a message */

static void read_lists(const struct spec *spec, struct request *request)
{
	if (str_equal(spec_getenv(spec, "NVIDIA_REQUIRE_JETPACK"), "csv-mounts=all"))
		request->lists = LISTS_ALL;
	/* An image that carries its own libraries must not get the board's over them: the
	 * narrower word wins when both are there. */
	if (str_equal(spec_getenv(spec, "NVIDIA_REQUIRE_JETPACK_HOST_MOUNTS"), "base-only"))
		request->lists = LISTS_BASE;
}

static void read_gates(const struct spec *spec, struct request *request)
{
	request->gds = str_equal(spec_getenv(spec, "NVIDIA_GDS"), "enabled");
	request->mofed = str_equal(spec_getenv(spec, "NVIDIA_MOFED"), "enabled");
	request->nvswitch = str_equal(spec_getenv(spec, "NVIDIA_NVSWITCH"), "enabled");
	request->gdrcopy = str_equal(spec_getenv(spec, "NVIDIA_GDRCOPY"), "enabled");
}

static bool is_legacy_image(const struct spec *spec)
{
	const char *version = spec_getenv(spec, "CUDA_VERSION");
	const char *require = spec_getenv(spec, "NVIDIA_REQUIRE_CUDA");

	return version != NULL && version[0] != '\0' && (require == NULL || require[0] == '\0');
}

/* Joins words and value to request->origin, fit to be shown and passed on. */
static int set_origin(struct request *request, const char *name, const char *value, struct err *err)
{
	char shown[MAX_SHOWN_BYTES];

	str_escape(value, shown, sizeof(shown));
	free(request->origin);
	request->origin = str_format("%s%s%s", name, value[0] == '\0' ? "" : "=", shown);
	return request->origin == NULL ? err_nomem(err) : 0;
}

/* What a mount of /dev/null below MOUNT_DIR is called there; NULL in *ret = it is another mount. */
static int mount_name(const struct spec_mount *mount, char **ret, struct err *err)
{
	auto_free char *destination = path_normal(mount->destination);
	auto_free char *source = path_normal(mount->source == NULL ? "/" : mount->source);

	*ret = NULL;
	if (destination == NULL || source == NULL)
		return err_nomem(err);
	if (strcmp(source, "/dev/null") != 0 || !path_is_below(destination, MOUNT_DIR) ||
	    strcmp(destination, MOUNT_DIR) == 0)
		return 0;
	*ret = strdup(destination + strlen(MOUNT_DIR "/"));
	return *ret == NULL ? err_nomem(err) : 0;
}

/* The id that a mount stands for: NULL in *ret = it is not about a GPU. */
static int mount_id(const struct spec_mount *mount, const struct log *log, char **ret,
		    struct err *err)
{
	auto_free char *name = NULL;
	auto_free char *id = NULL;
	bool cdi;
	char *slash;
	int rc = mount_name(mount, &name, err);

	*ret = NULL;
	if (rc < 0 || name == NULL || str_starts_with(name, IMEX_PREFIX))
		return rc;
	cdi = str_starts_with(name, "cdi/");
	id = strdup(cdi ? name + strlen("cdi/") : name);
	if (id == NULL)
		return err_nomem(err);
	/* cdi/VENDOR/CLASS/NAME is another way to write VENDOR/CLASS=NAME. */
	slash = strrchr(id, '/');
	if (cdi && strchr(id, '=') == NULL && slash != NULL)
		*slash = '=';
	if (cdi && !wish_is_cdi_name(id)) {
		log_warn(log, MODULE, "mount '" MOUNT_DIR "/%s' names no CDI device: left out",
			 name);
		return 0;
	}
	*ret = take_ptr(&id);
	return 0;
}

/* 1 = the mounts ask for something. */
static int read_mounts(const struct spec *spec, const struct log *log, struct request *request,
		       struct err *err)
{
	auto_done(wish) struct wish wish = {.name = MOUNT_DIR};
	bool any = false;

	for (size_t i = 0; i < spec->mounts.n; i++) {
		auto_free char *id = NULL;
		int rc = mount_id(&spec->mounts.items[i], log, &id, err);

		if (rc == 0 && id != NULL)
			rc = wish_add_id(&wish, id, strlen(id), err);
		if (rc < 0)
			return rc;
		any = any || id != NULL;
	}
	if (!any)
		return 0;
	wish_grant(&wish, request);
	return set_origin(request, "mounts below " MOUNT_DIR, "", err) < 0 ? -ENOMEM : 1;
}

/* Merges the variables that count. *ret_name = the first of them, NULL = none is set. */
static int read_variables(const struct spec *spec, const struct settings *settings,
			  struct wish *wish, const char **ret_name, struct err *err)
{
	static const char usual[] = "NVIDIA_VISIBLE_DEVICES";
	const char *first = NULL;

	for (size_t i = 0; i <= settings->swarm_resource.n; i++) {
		bool last = i == settings->swarm_resource.n;
		const char *name = last ? usual : settings->swarm_resource.items[i];
		const char *value = spec_getenv(spec, name);
		int rc;

		if (value == NULL || (last && first != NULL))
			continue;
		if (first == NULL)
			first = name;
		wish->name = name;
		rc = wish_add_list(wish, value, err);
		if (rc < 0)
			return rc;
	}
	*ret_name = first;
	return 0;
}

static int refuse(const char *name, const char *value, struct request *request, struct err *err)
{
	char shown[MAX_SHOWN_BYTES];

	str_escape(value, shown, sizeof(shown));
	request->refused =
		str_format("%s=%s is not honoured: the container lacks CAP_SYS_ADMIN and "
			   "accept-nvidia-visible-devices-envvar-when-unprivileged is false",
			   name, shown);
	return request->refused == NULL ? err_nomem(err) : 0;
}

static int read_environment(const struct spec *spec, const struct settings *settings,
			    struct request *request, struct err *err)
{
	auto_done(wish) struct wish wish = {0};
	bool allowed = settings->accept_env_unprivileged || spec->cap_sys_admin;
	const char *name = NULL;
	int rc = read_variables(spec, settings, &wish, &name, allowed ? err : NULL);

	/* Who may not ask need not ask properly. */
	if (rc == -ENOMEM)
		return err_nomem(err);
	if (rc < 0 && !allowed)
		return refuse(wish.name, spec_getenv(spec, wish.name), request, err);
	if (rc < 0)
		return rc;
	if (name == NULL && request->legacy_image) {
		wish.all = true;
		name = "CUDA_VERSION";
	}
	if (!wish_wants_gpu(&wish))
		return 0;
	if (!allowed)
		return refuse(name, spec_getenv(spec, name), request, err);
	wish_grant(&wish, request);
	return set_origin(request, name, spec_getenv(spec, name), err);
}

/* 1 = the mounts ask for channels. */
static int read_channel_mounts(const struct spec *spec, struct channels *channels, struct err *err)
{
	int any = 0;

	channels->name = "mounts below " MOUNT_DIR "/imex";
	for (size_t i = 0; i < spec->mounts.n; i++) {
		auto_free char *name = NULL;
		int rc = mount_name(&spec->mounts.items[i], &name, err);

		if (rc == 0 && name != NULL && str_starts_with(name, IMEX_PREFIX)) {
			const char *number = name + strlen(IMEX_PREFIX);

			rc = channels_add(channels, number, strlen(number), err);
			any = 1;
		}
		if (rc < 0)
			return rc;
	}
	return any;
}

static int read_channels(const struct spec *spec, const struct settings *settings,
			 const struct log *log, struct request *request, struct err *err)
{
	auto_done(channels) struct channels channels = {0};
	const char *text = spec_getenv(spec, "NVIDIA_IMEX_CHANNELS");
	int rc = 0;

	if (settings->ignore_channels)
		return 0;
	if (settings->accept_volume_mounts)
		rc = read_channel_mounts(spec, &channels, err);
	if (rc == 0 && text != NULL && (settings->accept_env_unprivileged || spec->cap_sys_admin)) {
		channels.name = "NVIDIA_IMEX_CHANNELS";
		rc = channels_add_list(&channels, text, err);
	}
	if (rc < 0)
		return rc;
	if (channels.all)
		log_warn(log, MODULE, "read %s: 'all' is not honoured, only numbers are",
			 channels.name);
	if (!channels.is_void && !channels.all && !channels.none) {
		request->channels = channels.numbers;
		channels.numbers = (struct strv){0};
	}
	return 0;
}

static bool is_digits(const char *text, size_t len)
{
	return len > 0 && strspn(text, "0123456789") >= len;
}

/* "MIG-..." in any case, as plan/deviceid has it, or "GPU:INSTANCE". */
static bool is_mig(const char *id)
{
	size_t colon = strcspn(id, ":");

	return strncasecmp(id, "MIG-", strlen("MIG-")) == 0 ||
	       (id[colon] == ':' && is_digits(id, colon) &&
		is_digits(id + colon + 1, strlen(id + colon + 1)));
}

static int set_mig(const char *name, const char *text, const struct request *request, bool *ret,
		   struct err *err)
{
	char shown[MAX_SHOWN_BYTES];

	if (strcmp(text, "all") != 0) {
		str_escape(text, shown, sizeof(shown));
		return err_set(err, EINVAL, "read %s: '%s' is not 'all'", name, shown);
	}
	for (size_t i = 0; i < request->devices.n; i++) {
		if (is_mig(request->devices.items[i]))
			return err_set(err, EINVAL,
				       "read %s: cannot be had together with the MIG device '%s'",
				       name, request->devices.items[i]);
	}
	*ret = true;
	return 0;
}

static int read_mig(const struct spec *spec, const char *name, const struct request *request,
		    bool *ret, struct err *err)
{
	const char *text = spec_getenv(spec, name);

	if (text == NULL || text[0] == '\0')
		return 0;
	if (!spec->cap_sys_admin) {
		(void)err_set(err, EPERM, "read %s: the container lacks CAP_SYS_ADMIN", name);
		(void)err_hint(err, "start it with --cap-add SYS_ADMIN or --privileged, or leave "
				    "the variable out");
		return -EPERM;
	}
	return set_mig(name, text, request, ret, err);
}

static int read_missing(const struct spec *spec, struct request *request, struct err *err)
{
	char shown[MAX_SHOWN_BYTES];

	if (spec->when_missing == NULL)
		return 0;
	if (strcmp(spec->when_missing, "fail") == 0) {
		request->missing = MISSING_FAIL;
		return 0;
	}
	if (strcmp(spec->when_missing, "start") == 0) {
		request->missing = MISSING_START;
		return 0;
	}
	str_escape(spec->when_missing, shown, sizeof(shown));
	return err_set(err, EINVAL,
		       "read annotation " SPEC_WHEN_MISSING ": '%s' is not 'fail' or 'start'",
		       shown);
}

/* What the hook could not read back must not be written into its arguments. */
static int check_size(const struct request *request, struct err *err)
{
	auto_free char *text = request_encode(request);

	if (text == NULL)
		return err_nomem(err);
	if (strlen(text) > REQUEST_MAX_ENCODED)
		return err_set(err, EINVAL,
			       "read NVIDIA_* variables: together larger than %u bytes",
			       REQUEST_MAX_ENCODED);
	return 0;
}

static int read_details(const struct spec *spec, const struct settings *settings,
			const struct log *log, struct request *request, struct err *err)
{
	int rc = capslist_read(spec_getenv(spec, "NVIDIA_DRIVER_CAPABILITIES"),
			       request->legacy_image, settings, &request->caps, err);

	if (rc == 0)
		rc = requirelist_read(spec, settings, request, err);
	if (rc == 0)
		rc = read_channels(spec, settings, log, request, err);
	if (rc == 0)
		rc = read_mig(spec, "NVIDIA_MIG_CONFIG_DEVICES", request, &request->mig_config,
			      err);
	if (rc == 0)
		rc = read_mig(spec, "NVIDIA_MIG_MONITOR_DEVICES", request, &request->mig_monitor,
			      err);
	if (rc == 0)
		rc = read_missing(spec, request, err);
	if (rc < 0)
		return rc;
	read_lists(spec, request);
	read_gates(spec, request);
	return check_size(request, err);
}

int request_from_spec(const struct spec *spec, const struct settings *settings,
		      const struct log *log, struct request *ret, struct err *err)
{
	auto_done(request) struct request request = {.mode = DEVICES_VOID};
	int rc = 0;

	request.legacy_image = is_legacy_image(spec);
	if (settings->accept_volume_mounts)
		rc = read_mounts(spec, log, &request, err);
	if (rc == 0)
		rc = read_environment(spec, settings, &request, err);
	/* The rest of the variables is nobody's concern where no GPU is asked for. */
	if (rc >= 0 && request_wants_gpu(&request))
		rc = read_details(spec, settings, log, &request, err);
	if (rc < 0)
		return rc;
	*ret = request;
	request = (struct request){0};
	return 0;
}

int request_set_devices(struct request *request, const char *text, struct err *err)
{
	auto_done(wish) struct wish wish = {.name = "the device list"};
	int rc = wish_add_list(&wish, text, err);

	if (rc < 0)
		return rc;
	wish_grant(&wish, request);
	return 0;
}

int request_set_channels(struct request *request, const char *text, struct err *err)
{
	auto_done(channels) struct channels channels = {.name = "the channel list"};
	int rc = channels_add_list(&channels, text, err);

	if (rc < 0)
		return rc;
	if (channels.is_void || channels.all || channels.none)
		return err_set(err, EINVAL, "read the channel list: channels have numbers");
	strv_done(&request->channels);
	request->channels = channels.numbers;
	channels.numbers = (struct strv){0};
	return 0;
}

int request_set_mig(struct request *request, const char *config, const char *monitor,
		    struct err *err)
{
	int rc = 0;

	if (config != NULL)
		rc = set_mig("the MIG config list", config, request, &request->mig_config, err);
	if (rc == 0 && monitor != NULL)
		rc = set_mig("the MIG monitor list", monitor, request, &request->mig_monitor, err);
	return rc;
}
