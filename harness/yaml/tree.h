/* What the files of this folder share; not for others. */
#ifndef TW_HARNESS_YAML_TREE_H
#define TW_HARNESS_YAML_TREE_H

#include "harness/yaml/yaml.h"

#include <yaml.h>

/* The place of a key, or pairs.n. */
size_t tw_yaml_find_n(const struct tw_yaml *map, const char *key, size_t n);
/* Adds without looking whether the key is there. */
void tw_yaml_add_pair(
	struct tw_arena *arena, struct tw_yaml *map, struct tw_yaml_pair pair);

/* Paths as tw_yaml_walk() builds them: a key's, and a list item's. `seen` holds
 * the names of the list so far. */
void tw_yaml_path_key(struct tw_buf *path, const struct tw_yaml *key, size_t i);
void tw_yaml_path_item(struct tw_buf *path, const struct tw_yaml *item,
	size_t i, struct tw_map *seen);

/*
 * What stopped libyaml, as a finding in plain words. `text` is what the
 * parser was given, and its first line is line `line` of the file.
 */
void tw_yaml_problem(struct tw_diags *diags, const char *file,
	struct tw_str text, int line, const yaml_parser_t *parser);

/* Appends `s` as UTF-8 without a byte order mark; UTF-16 needs one. */
void tw_yaml_decode(struct tw_str s, struct tw_buf *out);
/*
 * Reports what libyaml would stop at (no UTF-8, control characters; one a
 * line) and puts question marks there, so that the rest is still read.
 */
void tw_yaml_mend(
	struct tw_diags *diags, const char *file, struct tw_buf *text);

#endif
