/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/keeper.h"

#include "applyfiles.h"
#include "base/str.h"
#include "format/ldcache.h"
#include "sys/io.h"
#include "tree.h"

#define ID  "c1"
#define OLD "image: \0 bytes"

struct world {
	struct tree files; /* /image /state */
	int root;
	struct place_tree tree;
	struct keeper keeper;
	struct record record;
};

static const char *in(const struct world *world, const char *path)
{
	static char paths[2][PATH_MAX];
	static unsigned next;
	char *full = paths[next++ % 2];

	tree_path(&world->files, path, full);
	return full;
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	tree_make(&world->files, NULL);
	must(mkdir(in(world, "/image"), 0755));
	must(mkdir(in(world, "/image/etc"), 0755));
	world->root = open(in(world, "/image"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	world->tree = (struct place_tree){.journal = -1, .procfd = -1};
	must(place_tree_open(&world->tree, world->root, NULL));
	world->record.id = strdup(ID);
	world->record.rootfs = strdup(in(world, "/image"));
	world->keeper = (struct keeper){
		.tree = &world->tree,
		.id = ID,
		.state_dir = record_open_dir(in(world, "/state"), NULL, NULL),
	};
	must(record_write(world->keeper.state_dir, &world->record, NULL));
	world->keeper.journal = record_open_journal(world->keeper.state_dir, ID, NULL);
	must(world->keeper.journal);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	keeper_done(&world->keeper);
	place_tree_done(&world->tree);
	record_done(&world->record);
	(void)close(world->keeper.state_dir);
	(void)close(world->keeper.journal);
	(void)close(world->root);
	tree_remove(&world->files);
	free(world);
	return 0;
}

static void image_has(const struct world *world, const char *path, const char *data, size_t len)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 2000, .tv_nsec = 7}};

	tree_write(&world->files, path, data, len, 0604);
	must(utimensat(AT_FDCWD, in(world, path), times, 0));
}

/* Replaces path by text; added: one string, or NULL. */
static int replace(struct world *world, const char *path, const char *text, const char *added)
{
	auto_done(strv) struct strv list = {0};
	struct kept *kept = NULL;
	int r = keeper_read(&world->keeper, path, 1000000, &kept, NULL);

	if (r < 0)
		return r;
	if (added != NULL)
		must(strv_add(&list, added));
	return keeper_write(&world->keeper, kept, text, strlen(text), &list, NULL);
}

/* As apply_plan() ends, and as poststop reads it. */
static void take_back_among(struct world *world, struct peers *peers)
{
	auto_done(record) struct record read = {0};

	must(keeper_hand_over(&world->keeper, &world->record, NULL));
	must(record_write(world->keeper.state_dir, &world->record, NULL));
	assert_int_equal(record_read(world->keeper.state_dir, ID, &read, NULL), 1);
	must(keeper_take_back(world->root, world->keeper.state_dir, &read, peers, NULL, NULL));
}

static void take_back(struct world *world)
{
	struct peers none = {0};

	take_back_among(world, &none);
}

static void is_the_images(const struct world *world, const char *path)
{
	auto_free char *data = NULL;
	size_t len;
	struct stat st;

	must(io_read_at(AT_FDCWD, in(world, path), 1000, &data, &len, NULL));
	assert_int_equal(len, sizeof(OLD) - 1);
	assert_memory_equal(data, OLD, sizeof(OLD) - 1);
	must(lstat(in(world, path), &st));
	assert_int_equal(st.st_mode & 07777, 0604);
	assert_int_equal(st.st_mtim.tv_sec, 2000);
	assert_int_equal(st.st_mtim.tv_nsec, 7);
}

static void keeper_file_comes_back_with_mode_and_time(void **state)
{
	struct world *world = *state;
	struct stat st;

	image_has(world, "/image/etc/a", OLD, sizeof(OLD) - 1);
	assert_int_equal(replace(world, "/etc/a", "ours", NULL), 0);
	has_text(in(world, "/image/etc/a"), "ours");
	must(lstat(in(world, "/image/etc/a"), &st));
	assert_int_equal(st.st_mode & 07777, 0604);
	assert_int_equal(st.st_mtim.tv_sec, RECORD_MARK);
	take_back(world);

	is_the_images(world, "/image/etc/a");
}

/* Its record is taken back next. With the saved bytes in it that one does it; a hook that was
 * killed while it deleted the record has left it without. */
static void keeper_file_is_left_to_a_peer_that_can_put_it_back(void **state)
{
	struct world *world = *state;
	char path[] = "/etc/a";
	struct record_kept note = {.path = path, .state = RECORD_REPLACED};
	struct record peer = {.id = (char *)(uintptr_t) "peer"};
	struct peers peers = {0};

	*(struct record_kept *)vec_add(&peer.kept) = note;
	*(struct record *)vec_add(&peers.gone) = peer;
	image_has(world, "/image/etc/a", OLD, sizeof(OLD) - 1);
	assert_int_equal(replace(world, "/etc/a", "ours", NULL), 0);
	must(record_save_kept(world->keeper.state_dir, "peer", 0, OLD, sizeof(OLD) - 1, NULL));
	take_back_among(world, &peers);
	has_text(in(world, "/image/etc/a"), "ours");

	must(unlinkat(world->keeper.state_dir, "peer.kept0", 0));
	take_back_among(world, &peers);
	is_the_images(world, "/image/etc/a");
	vec_done(&peers.gone.items[0].kept);
	vec_done(&peers.gone);
}

/* Killed before the rename: the second file is known. */
static void keeper_second_file_is_in_the_record(void **state)
{
	struct world *world = *state;
	auto_done(record) struct record read = {0};

	assert_int_equal(replace(world, "/etc/a", "ours", NULL), 0);

	assert_int_equal(record_read(world->keeper.state_dir, ID, &read, NULL), 1);
	assert_int_equal(read.items.n, 1);
	assert_int_equal(read.items.items[0].kind, RECORD_CONF);
	assert_int_equal(read.items.items[0].ino, 0);
	assert_true(str_starts_with(read.items.items[0].path, "/etc/.nvc-"));
}

static void keeper_file_comes_back_after_an_error(void **state)
{
	struct world *world = *state;

	image_has(world, "/image/etc/a", OLD, sizeof(OLD) - 1);
	assert_int_equal(replace(world, "/etc/a", "ours", NULL), 0);
	assert_int_equal(replace(world, "/etc/b", "ours", NULL), 0);
	keeper_undo(&world->keeper);

	is_the_images(world, "/image/etc/a");
	assert_false(is_there(in(world, "/image/etc/b")));
}

static void keeper_file_that_was_added_is_removed(void **state)
{
	struct world *world = *state;

	assert_int_equal(replace(world, "/new/dir/a", "ours", NULL), 0);
	assert_int_equal(world->tree.made.n, 2); /* its directories */
	has_text(in(world, "/image/new/dir/a"), "ours");
	take_back(world);

	assert_false(is_there(in(world, "/image/new/dir/a")));
}

static void keeper_reading_makes_nothing(void **state)
{
	struct world *world = *state;
	struct kept *kept = NULL;

	assert_int_equal(keeper_read(&world->keeper, "/new/dir/a", 10, &kept, NULL), 0);

	assert_null(kept->data);
	assert_false(is_there(in(world, "/image/new")));
}

static void keeper_odd_files_are_refused(void **state)
{
	struct world *world = *state;
	struct kept *kept = NULL;

	must(symlink("a", in(world, "/image/etc/link")));
	must(mkfifo(in(world, "/image/etc/fifo"), 0644));
	put(in(world, "/image/etc/a"), "123456");
	assert_int_equal(keeper_read(&world->keeper, "/etc/link", 10, &kept, NULL), -EINVAL);
	assert_int_equal(keeper_read(&world->keeper, "/etc/fifo", 10, &kept, NULL), -EINVAL);
	assert_int_equal(keeper_read(&world->keeper, "/etc", 10, &kept, NULL), -EINVAL);
	assert_int_equal(keeper_read(&world->keeper, "/etc/a", 5, &kept, NULL), -EFBIG);

	assert_null(kept);
}

static void keeper_keeps_a_few_files_only(void **state)
{
	struct world *world = *state;

	for (unsigned i = 0; i < RECORD_MAX_KEPT; i++) {
		const char path[] = {'/', 'e', 't', 'c', '/', (char)('0' + i), '\0'};

		assert_int_equal(replace(world, path, "ours", NULL), 0);
	}
	assert_int_equal(replace(world, "/etc/x", "ours", NULL), -E2BIG);

	assert_false(is_there(in(world, "/image/etc/x")));
}

static void keeper_takes_its_lines_out_of_what_the_container_wrote(void **state)
{
	static const struct {
		const char *path, *had, *wrote, *left;
	} cases[] = {
		{"/etc/ld.so.conf", "/a\n", "/ours\n/a\n/b\n", "/a\n/b\n"},
		{"/etc/ld.so.conf", "/a\n", "/ours\n", ""},
		{"/etc/ld.so.conf", NULL, "/ours\n", NULL},
		{"/etc/ld.so.conf", NULL, "/ours\n/b\n", "/b\n"},
		{"/etc/ld.so.conf", "/a\n", "/b\n", "/b\n"},
		{"/etc/ld-musl-x.path", "/a\n", "/lib:/ours:/b\n", "/lib:/b\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world *world;
		struct stat st;
		auto_free char *path = str_format("/image%s", cases[i].path);
		void *own = NULL;

		must(setup(&own));
		world = own;
		if (cases[i].had != NULL)
			image_has(world, path, cases[i].had, strlen(cases[i].had));
		assert_int_equal(replace(world, cases[i].path, "/ours\n", "/ours"), 0);
		must(unlink(in(world, path)));
		put(in(world, path), cases[i].wrote);
		must(chmod(in(world, path), 0640));
		take_back(world);

		if (cases[i].left == NULL) {
			assert_false(is_there(in(world, path)));
		} else {
			has_text(in(world, path), cases[i].left);
			must(lstat(in(world, path), &st));
			assert_int_equal(st.st_mode & 07777, 0640);
		}
		(void)teardown(&own);
	}
	(void)state;
}

static void keeper_leaves_what_the_container_removed(void **state)
{
	struct world *world = *state;

	image_has(world, "/image/etc/a", OLD, sizeof(OLD) - 1);
	assert_int_equal(replace(world, "/etc/a", "ours", NULL), 0);
	must(unlink(in(world, "/image/etc/a")));
	take_back(world);

	assert_false(is_there(in(world, "/image/etc/a")));
}

/* Marked and as long as ours, but another file: an image's leftover under an id that came round. */
static void keeper_puts_nothing_over_a_file_that_only_looks_like_ours(void **state)
{
	const struct timespec mark[2] = {{.tv_sec = RECORD_MARK}, {.tv_sec = RECORD_MARK}};
	struct world *world = *state;

	image_has(world, "/image/etc/a", OLD, sizeof(OLD) - 1);
	assert_int_equal(replace(world, "/etc/a", "ours", NULL), 0);
	must(rename(in(world, "/image/etc/a"), in(world, "/image/etc/b"))); /* holds the inode */
	put(in(world, "/image/etc/a"), "OURS");
	must(utimensat(AT_FDCWD, in(world, "/image/etc/a"), mark, 0));
	take_back(world);

	has_text(in(world, "/image/etc/a"), "OURS");
}

static void write_cache(const struct world *world, const char *path, const char *const *values)
{
	auto_done(ldcache) struct ldcache cache = {0};
	auto_free char *data = NULL;
	size_t len;

	for (; *values != NULL; values++) {
		const struct ldcache_entry entry = {
			.key = strrchr(*values, '/') + 1, .value = *values, .flags = 0x303};

		must(ldcache_add(&cache, &entry, NULL));
	}
	must(ldcache_sort(&cache, NULL));
	must(ldcache_format(&cache, &data, &len, NULL));
	tree_write(&world->files, path, data, len, 0644);
}

static bool cache_names(const struct world *world, const char *value)
{
	auto_done(ldcache) struct ldcache cache = {0};
	auto_free char *data = NULL;
	size_t len;
	bool found = false;

	must(io_read_at(AT_FDCWD, in(world, "/image" KEEPER_CACHE), 100000, &data, &len, NULL));
	must(ldcache_parse(data, len, &cache, NULL));
	vec_each(entry, &cache.entries) found |= strcmp(entry->value, value) == 0;
	return found;
}

static void keeper_takes_its_entries_out_of_a_new_cache(void **state)
{
	static const char *const wrote[] = {"/l/gone.so",  "/l/empty.so", "/l/there.so",
					    "/l/other.so", "/l/none.so",  NULL};
	struct world *world = *state;
	auto_done(strv) struct strv added = {0};
	struct kept *kept = NULL;

	tree_write(&world->files, "/image/l/empty.so", "", 0, 0644);
	tree_write(&world->files, "/image/l/there.so", "x", 1, 0644);
	must(strv_add(&added, "/l/there.so"));
	must(strv_add(&added, "/l/gone.so"));
	must(strv_add(&added, "/l/empty.so"));
	assert_int_equal(keeper_read(&world->keeper, KEEPER_CACHE, 10, &kept, NULL), 0);
	assert_int_equal(keeper_write(&world->keeper, kept, "ours", 4, &added, NULL), 0);
	must(unlink(in(world, "/image" KEEPER_CACHE)));
	write_cache(world, "/image" KEEPER_CACHE, wrote);
	take_back(world);

	assert_false(cache_names(world, "/l/gone.so"));
	assert_false(cache_names(world, "/l/empty.so"));
	assert_true(cache_names(world, "/l/there.so"));
	assert_true(cache_names(world, "/l/other.so"));
	assert_true(cache_names(world, "/l/none.so")); /* not ours to judge */
}

static void keeper_leaves_a_cache_that_it_cannot_read(void **state)
{
	struct world *world = *state;

	assert_int_equal(replace(world, KEEPER_CACHE, "ours", "/l/a"), 0);
	must(unlink(in(world, "/image" KEEPER_CACHE)));
	put(in(world, "/image" KEEPER_CACHE), "not a cache");
	take_back(world);

	has_text(in(world, "/image" KEEPER_CACHE), "not a cache");
}

static void keeper_takes_its_lines_out_when_the_images_bytes_are_lost(void **state)
{
	struct world *world = *state;

	image_has(world, "/image/etc/ld.so.conf", "/a\n", 3);
	assert_int_equal(replace(world, "/etc/ld.so.conf", "/ours\n/a\n", "/ours"), 0);
	must(unlinkat(world->keeper.state_dir, ID ".kept0", 0));
	take_back(world);

	has_text(in(world, "/image/etc/ld.so.conf"), "/a\n");
}

/* The hook was killed after its note; now another image lies below the same id. */
static void keeper_unfinished_note_touches_no_older_file(void **state)
{
	struct world *world = *state;
	auto_done(record) struct record read = {0};
	struct peers none = {0};
	struct record_kept note = {.path = (char[]){"/etc/a"}, .state = RECORD_ADDED};

	put(in(world, "/image/etc/a"), "another image's");
	assert_int_equal(record_note_kept(world->keeper.journal, &note, true, NULL), 0);
	assert_int_equal(record_read(world->keeper.state_dir, ID, &read, NULL), 1);
	read.since.tv_sec += 60;
	must(keeper_take_back(world->root, world->keeper.state_dir, &read, &none, NULL, NULL));
	has_text(in(world, "/image/etc/a"), "another image's");

	read.since.tv_sec -= 3600;
	must(keeper_take_back(world->root, world->keeper.state_dir, &read, &none, NULL, NULL));
	assert_false(is_there(in(world, "/image/etc/a")));
}

/* And that image was unpacked after the note: only its files' own dates are older. */
static void keeper_unfinished_note_touches_no_file_unpacked_since(void **state)
{
	const struct timespec packed[2] = {{.tv_sec = 1600000000}, {.tv_sec = 1600000000}};
	struct world *world = *state;
	auto_done(record) struct record read = {0};
	struct peers none = {0};
	struct record_kept note = {.path = (char[]){"/etc/a"}, .state = RECORD_ADDED};

	assert_int_equal(record_note_kept(world->keeper.journal, &note, true, NULL), 0);
	put(in(world, "/image/etc/a"), "another image's");
	must(utimensat(AT_FDCWD, in(world, "/image/etc/a"), packed, 0));
	assert_int_equal(record_read(world->keeper.state_dir, ID, &read, NULL), 1);
	must(keeper_take_back(world->root, world->keeper.state_dir, &read, &none, NULL, NULL));

	has_text(in(world, "/image/etc/a"), "another image's");
}

/* An earlier start's file, whose record is lost. */
static void keeper_file_of_an_earlier_start_gets_its_lines_taken_out(void **state)
{
	const struct timespec mark[2] = {{.tv_sec = RECORD_MARK}, {.tv_sec = RECORD_MARK}};
	struct world *world = *state;
	struct stat st;

	put(in(world, "/image/etc/ld.so.conf"), "/ours\n/a\n");
	must(utimensat(AT_FDCWD, in(world, "/image/etc/ld.so.conf"), mark, 0));
	world->tree.owned = true;
	assert_int_equal(replace(world, "/etc/ld.so.conf", "/ours\n/a\n", "/ours"), 0);
	take_back(world);

	has_text(in(world, "/image/etc/ld.so.conf"), "/a\n");
	must(lstat(in(world, "/image/etc/ld.so.conf"), &st));
	assert_int_not_equal(st.st_mtim.tv_sec, RECORD_MARK);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(keeper_file_comes_back_with_mode_and_time),
		CASE(keeper_file_is_left_to_a_peer_that_can_put_it_back),
		CASE(keeper_second_file_is_in_the_record),
		CASE(keeper_file_comes_back_after_an_error),
		CASE(keeper_file_that_was_added_is_removed),
		CASE(keeper_reading_makes_nothing),
		CASE(keeper_odd_files_are_refused),
		CASE(keeper_keeps_a_few_files_only),
		CASE(keeper_takes_its_lines_out_of_what_the_container_wrote),
		CASE(keeper_leaves_what_the_container_removed),
		CASE(keeper_puts_nothing_over_a_file_that_only_looks_like_ours),
		CASE(keeper_takes_its_entries_out_of_a_new_cache),
		CASE(keeper_leaves_a_cache_that_it_cannot_read),
		CASE(keeper_takes_its_lines_out_when_the_images_bytes_are_lost),
		CASE(keeper_unfinished_note_touches_no_older_file),
		CASE(keeper_unfinished_note_touches_no_file_unpacked_since),
		CASE(keeper_file_of_an_earlier_start_gets_its_lines_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
