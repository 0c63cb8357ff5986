/*
 * Manifests: the first byte says as what the rest is read: Kubernetes
 * documents, a kustomization over a fixed base, a Compose file. Whatever the
 * bytes, reading ends, what is refused has a finding, and what was read
 * differs from itself in nothing.
 */
#include "harness/lint/lint.h"
#include "harness/manifests/manifests.h"
#include "tests/fuzz/fuzz.h"
#include "twins/base/assert.h"

static const char base[] =
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"
	"spec:\n  selector: {matchLabels: {app: a}}\n  template:\n"
	"    metadata: {labels: {app: a}}\n    spec:\n      containers:\n"
	"      - {name: x, image: 'i:1', env: [{name: A, value: 'b:80'}]}\n"
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: b}\n"
	"spec: {selector: {app: a}, ports: [{port: 80}]}\n";

static void check(struct tw_manifests *m, struct tw_files *files,
	const char *pattern, struct tw_diags *diags)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_pos pos = {.file = "fuzz", .line = 1, .column = 1};
	struct tw_manifest_pattern it = {pattern, pos};
	struct tw_manifest_changes changes = {0};
	struct tw_manifest_doubts doubts = {0};
	struct tw_arena arena;
	int rc = tw_manifests_read(m, files, &it, 1, spec, diags);

	tw_assert((rc != 0) == (diags->errors > 0));
	tw_manifests_link(m, spec, diags);
	tw_lint(spec, NULL, diags);
	tw_arena_init(&arena);
	tw_manifests_diff(m, m, &arena, &changes);
	tw_assert(!changes.list.n);
	/* What is compared with itself has lost no address. */
	tw_assert(!tw_manifests_compare(m, spec, m, spec, &arena, &doubts));
	tw_assert(!doubts.list.n);
	tw_arena_release(&arena);
	tw_spec_free(spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
		"a.yaml", "prod/kustomization.yaml", "compose.yaml"};
	struct tw_files *files = tw_files_memory_new();
	struct tw_manifests *m = tw_manifests_new();
	struct tw_diags diags;
	const char *name;

	if (size) {
		name = names[data[0] % 3];
		tw_diags_init(&diags);
		tw_files_memory_add(
			files, "prod/base.yaml", base, sizeof base - 1);
		tw_files_memory_add(files, ".env", "A=b\n", 4);
		tw_files_memory_add(files, name, data + 1, size - 1);
		check(m, files, name, &diags);
		tw_diags_release(&diags);
	}
	tw_manifests_free(m);
	tw_files_free(files);
	return 0;
}
