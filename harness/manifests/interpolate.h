/*
 * Private to harness/manifests: variables in Compose files and `.env`.
 *
 * $VAR ${VAR} ${VAR-x} ${VAR:-x} ${VAR?message} ${VAR:?message} ${VAR+x}
 * ${VAR:+x}, `$$` for a dollar; x may hold variables itself. Variables come
 * from `.env` alone, never from the machine's environment: the same files
 * give the same twin everywhere.
 */
#ifndef TW_HARNESS_MANIFESTS_INTERPOLATE_H
#define TW_HARNESS_MANIFESTS_INTERPOLATE_H

#include "harness/manifests/reader.h"

struct tw_variables {
	struct tw_arena *arena;
	struct tw_map values; /* name -> const char * */
	struct tw_map missed; /* names that were told to be unset */
};

void tw_variables_init(struct tw_variables *vars, struct tw_arena *arena);
/* The lines of an `.env` file; later ones may use earlier ones. */
void tw_variables_parse(struct tw_variables *vars, const char *file,
	struct tw_str text, struct tw_diags *diags);
/* Appends the text with its variables replaced. An unset variable without a
 * default is empty, with a warning; `?` and bad syntax are errors (-1). */
int tw_interpolate(struct tw_variables *vars, struct tw_str text,
	struct tw_pos pos, struct tw_diags *diags, struct tw_buf *out);
/* Every scalar below a node but keys, in place. */
int tw_interpolate_tree(struct tw_variables *vars, struct tw_yaml *node,
	struct tw_diags *diags);

#endif
