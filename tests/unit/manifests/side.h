/* One side under test: files in memory, what they become, what was said. */
#ifndef TW_TESTS_UNIT_MANIFESTS_SIDE_H
#define TW_TESTS_UNIT_MANIFESTS_SIDE_H

#include "tests/unit/test.h"

#include "harness/manifests/manifests.h"

struct side {
	struct tw_files *files;
	struct tw_manifests *m;
	struct tw_spec *spec;
	struct tw_diags diags;
	struct tw_buf text; /* every finding, printed */
};

static inline void side_start(struct side *s)
{
	*s = (struct side){0};
	s->files = tw_files_memory_new();
	s->m = tw_manifests_new();
	s->spec = tw_spec_new();
	tw_diags_init(&s->diags);
}

static inline void side_file(
	struct side *s, const char *path, const char *content)
{
	tw_files_memory_add(s->files, path, content, strlen(content));
}

static inline int side_read(struct side *s, const char *pattern)
{
	struct tw_manifest_pattern it = {
		pattern, {.file = "twinrig.yaml", .line = 1, .column = 1}};
	int status =
		tw_manifests_read(s->m, s->files, &it, 1, s->spec, &s->diags);

	for (size_t i = 0; i < s->diags.list.n; i++)
		tw_diag_print(&s->diags, s->diags.list.v[i], false, &s->text);
	return status;
}

static inline void side_end(struct side *s)
{
	tw_buf_release(&s->text);
	tw_diags_release(&s->diags);
	tw_manifests_free(s->m);
	tw_spec_free(s->spec);
	tw_files_free(s->files);
}

static inline bool side_said(const struct side *s, const char *words)
{
	return strstr(tw_buf_text(&s->text), words) != NULL;
}

static inline const struct tw_manifest_edge *side_edge(
	const struct side *s, const char *from, const char *to)
{
	for (size_t i = 0; i < s->m->edges.n; i++)
		if (!strcmp(s->m->edges.v[i].from, from) &&
			!strcmp(s->m->edges.v[i].to, to))
			return &s->m->edges.v[i];
	return NULL;
}

#define SERVICE(name, app)                                                     \
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: " name "}\n"     \
	"spec:\n  selector: {app: " app "}\n  ports: [{port: 80}]\n"

/* A Deployment; `pod` continues the container's mapping. */
#define DEPLOYMENT(name, app, replicas, container)                             \
	"---\napiVersion: apps/v1\nkind: Deployment\n"                         \
	"metadata: {name: " name "}\n"                                         \
	"spec:\n  replicas: " replicas "\n"                                    \
	"  selector: {matchLabels: {app: " app "}}\n"                          \
	"  template:\n    metadata: {labels: {app: " app "}}\n"                \
	"    spec:\n      containers:\n"                                       \
	"      - name: main\n        image: " app ":1\n" container

#endif
