/*
 * The YAML reader: whatever the bytes, it ends, each document that it gives
 * can be walked, compared and written, and what was written reads as an equal
 * document. What is refused has a finding.
 */
#include "harness/yaml/yaml.h"

#include "tests/fuzz/fuzz.h"
#include "twins/base/assert.h"

static const struct tw_yaml_options lenient = {.duplicates = true};

static void count(void *to, const char *path, const struct tw_yaml *leaf)
{
	size_t *leaves = to;

	(void)leaf;
	*leaves += strlen(path) < SIZE_MAX;
}

static void never(void *to, const char *path, const struct tw_yaml *a,
	const struct tw_yaml *b)
{
	(void)to, (void)path, (void)a, (void)b;
	tw_unreachable();
}

static void check_document(struct tw_arena *arena, struct tw_diags *diags,
	const struct tw_yaml *doc)
{
	const struct tw_yaml *copy = tw_yaml_copy(arena, doc);
	struct tw_yaml_docs again = {0};
	struct tw_buf out = {0};
	size_t leaves = 0;

	tw_yaml_walk(doc, count, &leaves);
	tw_assert(leaves);
	tw_assert(tw_yaml_equal(doc, copy));
	tw_yaml_diff(doc, copy, never, NULL);
	tw_yaml_emit(doc, &out);
	tw_assert(!tw_yaml_parse(arena, "again", tw_buf_text(&out), out.n,
		&lenient, diags, &again));
	tw_assert(again.n <= 1);
	if (again.n)
		tw_assert(tw_yaml_equal(doc, again.v[0]));
	tw_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct tw_yaml_docs docs = {0};
	struct tw_arena arena;
	struct tw_diags diags;
	struct tw_buf told = {0};
	int rc;

	tw_arena_init(&arena);
	tw_diags_init(&diags);
	rc = tw_yaml_parse(
		&arena, "fuzz", (const char *)p, n, &lenient, &diags, &docs);
	tw_assert((rc != 0) == (diags.errors > 0));
	tw_diags_sort(&diags);
	for (size_t i = 0; i < diags.list.n; i++)
		tw_diag_print(&diags, diags.list.v[i], i % 2, &told);
	for (size_t i = 0; !rc && i < docs.n; i++)
		check_document(&arena, &diags, docs.v[i]);
	tw_buf_release(&told);
	tw_diags_release(&diags);
	tw_arena_release(&arena);
	return 0;
}
