/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of a container and written into its bundle, with each allocation failing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/sysmacros.h>

#include "alloccorpus.h"
#include "apply/job.h"
#include "apply/ldmerge.h"
#include "apply/ldscan.h"
#include "format/ldcache.h"
#include "model/request.h"
#include "oci/request.h"
#include "oci/splice.h"
#include "oci/state.h"
#include "oci/wish.h"
#include "render/bundle.h"
#include "sys/devbpf.h"
#include "treelib.h"

static int run_state(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	auto_done(oci_state) struct oci_state state = {0};
	int r;

	allocfail_start();
	r = oci_state_parse(input->data, input->len, &state, err);
	allocfail_stop();
	if (r == 0)
		strbuf_addf(text, "%s %s %s %s", state.id, state.bundle ? state.bundle : "-",
			    state.root ? state.root : "-", state.status ? state.status : "-");
	return r;
}

static void put_spec(struct strbuf *text, const struct spec *spec)
{
	strbuf_addf(text, "%s %zu %zu %zu %zu %zu\n", spec->root_path ? spec->root_path : "-",
		    spec->mounts.n, spec->device_rules.n, spec->prestart.n, spec->poststop.n,
		    spec->additional_gids.n);
	for (size_t i = 0; i < spec->env.n; i++)
		strbuf_addf(text, "%s\n", spec->env.items[i]);
	vec_each(mount, &spec->mounts) strbuf_addf(text, "%s %s\n", mount->destination,
						   mount->source ? mount->source : "-");
	vec_each(hook, &spec->prestart) strbuf_addf(text, "%s %zu\n", hook->path, hook->args.n);
}

static int run_spec(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	auto_done(spec) struct spec spec = {0};
	int r;

	allocfail_start();
	r = spec_parse("x", input->data, input->len, &spec, err);
	allocfail_stop();
	if (r == 0)
		put_spec(text, &spec);
	return r;
}

static int run_splice(void *arg, struct err *err, struct strbuf *text)
{
	static const char *const path[] = {"hooks", "prestart", NULL};
	static const struct splice_edit edits[] = {
		{.path = path, .where = SPLICE_APPEND, .fragment = "{\"path\":\"/x\"}"},
		{.path = path, .where = SPLICE_PREPEND, .fragment = "7"},
	};
	const struct alloccorpus_input *input = arg;
	auto_free char *edited = NULL;
	size_t len = 0;
	int r;

	allocfail_start();
	r = splice_apply(input->data, input->len, edits, 2, &edited, &len, err);
	allocfail_stop();
	strbuf_adds(text, edited == NULL ? "" : edited);
	return r;
}

static int run_bundle(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	auto_done(spec) struct spec spec = {0};
	struct op ops[] = {{.kind = OP_DEVICE, .rdev = makedev(195, 0)},
			   {.kind = OP_DEVICE, .rdev = makedev(10, 237)}};
	gid_t gids[] = {44, 104};
	const struct plan plan = {.ops = {ops, 2, 2}, .gids = {gids, 2, 2}};
	const struct request request = {.mode = DEVICES_ALL};
	const struct bundle_hook hook = {
		.path = "/usr/bin/nvc-hook", .id = "c", .bundle = "/b", .rootfs = "/b/r"};
	const struct bundle_input edit = {.text = input->data,
					  .len = input->len,
					  .spec = &spec,
					  .plan = &plan,
					  .request = &request};
	auto_free char *edited = NULL;
	size_t len = 0;
	int r = spec_parse("x", input->data, input->len, &spec, err);

	if (r < 0)
		return r;
	allocfail_start();
	r = bundle_edit(&edit, &hook, &edited, &len, err);
	allocfail_stop();
	strbuf_adds(text, edited == NULL ? "" : edited);
	return r;
}

static void put_request(struct strbuf *text, const struct request *request)
{
	auto_free char *encoded = request_encode(request);

	strbuf_addf(text, "%s %s", encoded, request->refused ? request->refused : "");
}

static int run_request_env(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	struct settings settings = {.accept_env_unprivileged = true, .accept_volume_mounts = true};
	auto_done(spec) struct spec spec = {.has_process = true};
	auto_done(request) struct request request = {0};
	struct spec_mount *mount = vec_add(&spec.mounts);
	auto_free char *copy = strdup(input->data);
	char *state = NULL;
	int r;

	mount->destination = strdup("/var/run/nvidia-container-devices/3");
	mount->source = strdup("/dev/null");
	for (char *line = strtok_r(copy, "\n", &state); line != NULL;
	     line = strtok_r(NULL, "\n", &state))
		assert_int_equal(strv_add(&spec.env, line), 0);
	assert_int_equal(strv_add(&settings.supported_capabilities, "compute"), 0);
	allocfail_start();
	r = request_from_spec(&spec, &settings, NULL, &request, err);
	allocfail_stop();
	if (r == 0)
		put_request(text, &request);
	strv_done(&settings.supported_capabilities);
	return r;
}

static int run_wish(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	auto_done(request) struct request request = {0};
	int r;

	allocfail_start();
	r = request_set_devices(&request, input->data, err);
	allocfail_stop();
	if (r == 0)
		put_request(text, &request);
	return r;
}

static int nothing = -1;

static int run_ldmerge(void *arg, struct err *err, struct strbuf *text)
{
	const struct alloccorpus_input *input = arg;
	struct op_library library = {.soname = (char[]){"libcuda.so.1"},
				     .path = (char[]){"/usr/lib/libcuda.so.1"},
				     .file = (char[]){"/usr/lib/libcuda.so.1"},
				     .machine = EM_X86_64,
				     .flags = 0x303};
	struct op op = {.kind = OP_LDCACHE, .libraries = {&library, 1, 1}};
	const struct image image = {.known = true, .machine = EM_X86_64, .libc = LIBC_GLIBC};
	const struct plan plan = {.ops = {&op, 1, 1}};
	const struct ldconf conf = {.cut = false};
	struct job job = {.plan = &plan, .rootfd = nothing};
	const struct ldmerge_base base = {
		.image = &image, .conf = &conf, .cache = input->data + 1, .len = input->len - 1};
	auto_done(ldmerge) struct ldmerge merge = {0};
	int r;

	allocfail_start();
	r = ldmerge_make(&job, &op, &base, &merge, err);
	allocfail_stop();
	for (size_t i = 0; i < merge.len; i++)
		strbuf_addf(text, "%02x", (unsigned char)merge.data[i]);
	return r;
}

static const struct {
	const char *area;
	allocfail_fn run;
} areas[] = {
	{"state", run_state},   {"spec", run_spec},       {"splice", run_splice},
	{"bundle", run_bundle}, {"wish", run_wish},       {"request_env", run_request_env},
	{"spec", run_bundle},   {"ldmerge", run_ldmerge},
};

static void alloc_failures_of_what_is_read_of_a_container_are_errors(void **state)
{
	char path[] = "/tmp/test_alloc.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(path));
	nothing = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(nothing >= 0);
	assert_int_equal(rmdir(path), 0);
	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++)
		alloccorpus_sweep(areas[i].area, areas[i].run);
	(void)close(nothing);
}

static int run_devbpf(void *arg, struct err *err, struct strbuf *text)
{
	const struct devbpf_rule rules[] = {{'c', 195, 0, 6}, {'c', 10, 237, 6}, {'b', 8, 0, 2}};
	auto_free struct bpf_insn *insns = NULL;
	size_t n = 0;
	int r;

	(void)arg;
	allocfail_start();
	r = devbpf_build(rules, 3, NULL, 0, &insns, &n, err);
	allocfail_stop();
	strbuf_addf(text, "%zu", n);
	return r;
}

/* An image without a cache: its directories and the files of ld.so.conf are read. */
static int run_scan(void *arg, struct err *err, struct strbuf *text)
{
	const struct tree *tree = arg;
	auto_fd root = open(tree->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_done(ldcache) struct ldcache cache = {0};
	auto_done(ldscan) struct ldscan scan = {
		.rootfd = root, .machine = EM_AARCH64, .cache = &cache};
	const struct strv none = {0};
	int r;

	allocfail_start();
	r = ldscan_all(&scan, &none, err);
	allocfail_stop();
	vec_each(entry, &cache.entries) strbuf_addf(text, "%s %s\n", entry->key, entry->value);
	vec_each(link, &scan.links) strbuf_addf(text, "%s %s\n", link->path, link->text);
	return r;
}

static void alloc_failures_of_a_scan_are_errors(void **state)
{
	static const struct tree_entry entries[] = {
		{TREE_FILE, "/etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n/opt/a\n", 0},
		{TREE_FILE, "/etc/ld.so.conf.d/x.conf", "/opt/b\n/opt/gone\n", 0},
		{TREE_FILE, "/etc/ld.so.conf.d/y.conf", "/opt/c\n", 0},
		{TREE_DIR, "/opt/c", NULL, 0},
		{0},
	};
	struct tree tree;
	const struct allocfail_case cases[] = {
		{.name = "a scan", .run = run_scan, .arg = &tree},
		{.name = "a device program", .run = run_devbpf},
	};

	(void)state;
	tree_make(&tree, entries);
	treelib_write(&tree, "/opt/a/libx.so.1.0", "libx.so.1");
	treelib_write(&tree, "/opt/b/liby.so.2", "liby.so.2");
	treelib_write(&tree, "/usr/lib/libz.so.3.1", "libz.so.3");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		allocfail_sweep(&cases[i]);
	tree_remove(&tree);
	assert_int_equal(allocfail.bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alloc_failures_of_what_is_read_of_a_container_are_errors),
		cmocka_unit_test(alloc_failures_of_a_scan_are_errors),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	allocfail_note("test_alloc_oci");
	return failed;
}
