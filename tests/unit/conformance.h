/*
 * Conformance data that lies beside the repository: TWINRIG_SHARED, by default
 * ../shared. Tests do without it where it is not there.
 */
#ifndef TW_TESTS_UNIT_CONFORMANCE_H
#define TW_TESTS_UNIT_CONFORMANCE_H

#include "twins/base/text.h"

#include <cjson/cJSON.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NULL: it is not there, which is said. */
static inline cJSON *tw_conformance(const char *name)
{
	const char *shared = getenv("TWINRIG_SHARED");
	const char *top = getenv("TOP");
	struct tw_buf path = {0}, text = {0};
	char chunk[4096];
	cJSON *all;
	FILE *file;
	size_t n;

	if (shared)
		tw_buf_printf(&path, "%s", shared);
	else
		tw_buf_printf(&path, "%s/../shared", top ? top : ".");
	tw_buf_printf(&path, "/conformance/%s", name);
	file = fopen(tw_buf_text(&path), "r");
	tw_buf_release(&path);
	if (!file) {
		printf("no %s: skipped\n", name);
		return NULL;
	}
	while ((n = fread(chunk, 1, sizeof chunk, file)))
		tw_buf_add(&text, chunk, n);
	fclose(file);
	all = cJSON_Parse(tw_buf_text(&text));
	ck_assert_ptr_nonnull(all);
	tw_buf_release(&text);
	return all;
}

#endif
