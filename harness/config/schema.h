/*
 * The tables behind twinrig.yaml and the twin models. A row is the whole key:
 * its name, type, place in the struct, range, default and help. Reading,
 * `--help`, the manual and the JSON Schema are all made from it.
 *
 * A key that is not in its table is an error with the nearest one that is; a
 * key without a value counts as not given. Every finding is told, and reading
 * goes on after it.
 */
#ifndef TW_HARNESS_CONFIG_SCHEMA_H
#define TW_HARNESS_CONFIG_SCHEMA_H

#include "harness/yaml/yaml.h"
#include "twins/model/spec.h"

enum tw_row_type {	 /* -> what stands at the offset */
	TW_ROW_TEXT,	 /* struct tw_text */
	TW_ROW_NAME,	 /* const char *: a text that needs no origin */
	TW_ROW_TEXTS,	 /* struct tw_texts: one text, or a list of them */
	TW_ROW_COMMAND,	 /* struct tw_texts: a list: program and arguments */
	TW_ROW_CHOICE,	 /* struct tw_text: one of `choices` */
	TW_ROW_ENUM,	 /* struct tw_int: place in `choices` */
	TW_ROW_FLAG,	 /* bool */
	TW_ROW_SWITCH,	 /* struct tw_int: 0 or 1 */
	TW_ROW_INT,	 /* struct tw_int */
	TW_ROW_DURATION, /* struct tw_int, ns: "250ms" */
	TW_ROW_CPU,	 /* struct tw_int, thousandths: "500m", "2" */
	TW_ROW_BYTES,	 /* struct tw_int: "128Mi" */
	TW_ROW_REAL,	 /* struct tw_real */
	TW_ROW_RATIO,	 /* struct tw_real, 0..1: "5%", "0.05" */
	TW_ROW_FACTOR,	 /* struct tw_real: "2x", "2" */
	TW_ROW_RATE,	 /* struct tw_real, 1/s: "200/s", "60/min" */
	TW_ROW_LAW,	 /* struct tw_law: law.h */
	TW_ROW_GROUP,	 /* a struct: `table` */
	TW_ROW_LIST,	 /* `add` gives a struct for each item: `table` */
	TW_ROW_MAP,	 /* the same for each key */
	TW_ROW_FREE,	 /* `read` does it */
};

struct tw_files;

struct tw_schema_reader {
	struct tw_arena *arena; /* where everything read lives */
	struct tw_diags *diags;
	enum tw_source source;
	void *context; /* of the callbacks: the spec, the configuration */
	struct tw_files *files; /* that keys may name; NULL: none */
};

struct tw_table;

struct tw_row {
	const char *name;
	enum tw_row_type type;
	size_t offset;
	bool required;
	const char *otherwise; /* the default, as one would write it */
	const char *help;
	double min, max; /* in the units of the type; max 0: no bound but the
			  * natural one (nothing is negative) */
	const char *const *choices;	 /* up to NULL */
	const char *(*choice)(size_t i); /* free: the i-th, NULL: no more;
					  * shown, and checked by others */
	const struct tw_table *table;
	const char *free_type; /* free: JSON types for the schema; default
				* an object, or `table` if there is one */
	const char *pattern;   /* map: what keys look like, for people */
	/* The struct of an item (key NULL) or a key; NULL: leave it out. */
	void *(*add)(struct tw_schema_reader *reader, void *base,
		const struct tw_yaml *key, struct tw_yaml *value);
	void (*read)(struct tw_schema_reader *reader, void *base,
		struct tw_yaml *node);
};

struct tw_table {
	const char *name; /* of the definition in the JSON Schema */
	const char *help;
	const struct tw_row *rows; /* up to a row without a name */
	/* Where a text, or a list, may stand for the mapping: the row that it
	 * is read as. */
	const char *as_text, *as_list;
	/* Of these keys there must be exactly one; up to NULL. */
	const char *const *one_of;
	/* A key that has no row. False: it is unknown. */
	bool (*other)(struct tw_schema_reader *reader, void *base,
		const struct tw_yaml *key, struct tw_yaml *value);
	const char *other_pattern; /* a regular expression, for the schema */
	const char *other_help;
	/* What no row can say; after the rows. */
	void (*check)(struct tw_schema_reader *reader, void *base,
		const struct tw_yaml *node);
};

/* Reads the node into *base. */
void tw_schema_read(struct tw_schema_reader *reader,
	const struct tw_table *table, void *base, struct tw_yaml *node);
/* One value: all types but group, list, map and free. */
void tw_schema_value(struct tw_schema_reader *reader, const struct tw_row *row,
	void *at, struct tw_yaml *node);
const struct tw_row *tw_schema_row(
	const struct tw_table *table, const char *name);

/* A new origin at the node, in the reader's arena. */
const struct tw_origin *tw_schema_origin(
	struct tw_schema_reader *reader, const struct tw_yaml *node);
/* A text of the reader's arena with its place; the place is that of the first
 * character, within quotes. */
struct tw_text tw_schema_text(
	struct tw_schema_reader *reader, const struct tw_yaml *node);
/* "NAME: expected WHAT, not a list". Returns the finding for a hint. */
struct tw_diag *tw_schema_expected(struct tw_schema_reader *reader,
	const char *name, const char *what, const struct tw_yaml *node);

/* Draft 2020-12, one line an item, always the same bytes. */
void tw_schema_json(
	const struct tw_table *root, const char *title, struct tw_buf *out);
/* Every key with its type, default and help, indented by depth. */
void tw_schema_help(const struct tw_table *root, struct tw_buf *out);
/* "a duration such as 250ms". */
const char *tw_row_type_text(enum tw_row_type type);

#endif
