/*
 * YAML with positions. libyaml scans and parses; this builds the tree from
 * its events, so that every node knows its line and column.
 *
 * JSON is YAML: *.json is read by the same function.
 *
 *	struct tw_yaml_docs docs = {0};
 *
 *	if (tw_yaml_parse(arena, "shop.yaml", p, n, NULL, diags, &docs))
 *		... errors are in diags; docs has what could be read
 *	node = tw_yaml_path(docs.v[0], "spec", "template", "spec", NULL);
 *
 * Aliases share the node of their anchor (change a tw_yaml_copy() of it, not
 * the node). A cycle is an error, so every walk ends. Merge keys are resolved:
 * `<<` is gone, and what it brought stands behind the explicit keys, which
 * win.
 *
 * Everything lives in the arena that was given.
 */
#ifndef TW_HARNESS_YAML_H
#define TW_HARNESS_YAML_H

#include "twins/base/error.h"
#include "twins/base/map.h"
#include "twins/base/text.h"
#include "twins/base/vector.h"

enum tw_yaml_kind { TW_YAML_SCALAR, TW_YAML_SEQUENCE, TW_YAML_MAPPING };

enum tw_yaml_style {
	TW_YAML_PLAIN,
	TW_YAML_SINGLE,
	TW_YAML_DOUBLE,
	TW_YAML_LITERAL, /* | */
	TW_YAML_FOLDED,	 /* > */
};

struct tw_yaml;

struct tw_yaml_pair {
	struct tw_yaml *key;   /* a scalar but in odd manifests */
	struct tw_yaml *value; /* never NULL: nothing is an empty scalar */
	bool merged;	       /* came by `<<` */
};

struct tw_yaml {
	enum tw_yaml_kind kind;
	enum tw_yaml_style style; /* of a scalar */
	bool flow;		  /* {…} or […] */
	bool used;		  /* see tw_yaml_use() */
	struct tw_pos pos;
	const char *tag;    /* in full ("tag:yaml.org,2002:str"), or NULL */
	const char *anchor; /* its name, or NULL */

	const char *value; /* scalar: UTF-8, NUL-terminated; else NULL */
	size_t n;	   /* its bytes */

	TW_VEC(struct tw_yaml *) items;	   /* sequence */
	TW_VEC(struct tw_yaml_pair) pairs; /* mapping, in the file's order */
	struct tw_map *index;		   /* of a large mapping; private */
	size_t weight;			   /* nodes in it, by aliases too */
	size_t depth; /* levels of collections, itself included */
};

struct tw_yaml_docs {
	struct tw_yaml **v;
	size_t n, cap;
};

/* A zero means the default. */
struct tw_yaml_options {
	/* A key twice: false: an error (our own files); true: a warning, and
	 * the last wins, as in Kubernetes' reader (manifests). */
	bool duplicates;
	size_t max_bytes;    /* default 32 MiB */
	size_t max_depth;    /* default 100 */
	size_t max_nodes;    /* default 2000000 a file */
	size_t max_expanded; /* nodes reached by aliases; default 1000000 */
};

/*
 * Adds the documents of a stream to `docs`, without the empty ones. Returns
 * -1 where an error was added to diags: a document with a syntax error is
 * left out and reading goes on at the next line that starts with `---`; one
 * with a duplicate key is kept, so that more can be said about it. Registers
 * the text with diags, so that carets work. `options` may be NULL. A byte
 * order mark is skipped; UTF-16 with one is understood (positions are those
 * of the text).
 */
int tw_yaml_parse(struct tw_arena *arena, const char *file, const char *text,
	size_t n, const struct tw_yaml_options *options, struct tw_diags *diags,
	struct tw_yaml_docs *docs);

/*
 * What a scalar means, by the YAML 1.2 core schema and what Kubernetes' reader
 * (go-yaml v2) takes beyond it: `yes no on off y n`, `0644` as octal, `1_000`.
 * Quoted scalars and those tagged !!str are text and nothing else. A node
 * that is NULL is null. The others return false, and leave *value, where it
 * is something else.
 */
bool tw_yaml_is_null(const struct tw_yaml *node);
bool tw_yaml_bool(const struct tw_yaml *node, bool *value);
bool tw_yaml_int(const struct tw_yaml *node, int64_t *value);
bool tw_yaml_real(const struct tw_yaml *node, double *value); /* ints too */
/* The text of any scalar as it is written, null ones apart ("8080" and 8080
 * both give "8080"); NULL for all else. */
const char *tw_yaml_text(const struct tw_yaml *node);
/* The same bytes as a slice, {NULL, 0} for all else. */
struct tw_str tw_yaml_str(const struct tw_yaml *node);
/* Whether a plain scalar of this text would be read as something but text. */
bool tw_yaml_needs_quotes(struct tw_str text);
/* "a list", "a mapping", "a number", "text", …: for messages. */
const char *tw_yaml_kind_name(const struct tw_yaml *node);

/* The value of a key, or NULL; also where `map` is NULL or no mapping. */
struct tw_yaml *tw_yaml_get(const struct tw_yaml *map, const char *key);
struct tw_yaml *tw_yaml_get_n(
	const struct tw_yaml *map, const char *key, size_t n);
/* The pair, for the key's position. */
const struct tw_yaml_pair *tw_yaml_find(
	const struct tw_yaml *map, const char *key);
/* Key after key, up to NULL. */
struct tw_yaml *tw_yaml_path(const struct tw_yaml *node, ...)
	__attribute__((sentinel));
/* By kind, and 0 or NULL where it is another: safe on NULL. */
size_t tw_yaml_count(const struct tw_yaml *node);
/* The i-th of what tw_yaml_count() counts: of a mapping, a value. Who wants a
 * sequence asks first, or says what is wrong with the value. */
struct tw_yaml *tw_yaml_item(const struct tw_yaml *node, size_t i);
bool tw_yaml_is(const struct tw_yaml *node, enum tw_yaml_kind kind);

/*
 * Who turns a field into the spec says so: fields that differ between the two
 * sides and that nobody used are reported as not modelled. Marks the node
 * itself; _all marks what is in it, too. Both return the node; NULL is fine.
 */
struct tw_yaml *tw_yaml_use(struct tw_yaml *node);
struct tw_yaml *tw_yaml_use_all(struct tw_yaml *node);

/*
 * Leaves (scalars, and empty lists and mappings) in order, each with its
 * path: `spec.template.spec.containers[name=server].image`. An item of a list
 * that has a `name` is addressed by it, another (or the second of the same
 * name) by its index, `args[0]`; a key that holds other than letters, digits,
 * '_', '-' or '/' is quoted: `labels['app.kubernetes.io/name']`. A node
 * that is shared by aliases comes at each of its paths.
 */
typedef void tw_yaml_leaf(
	void *to, const char *path, const struct tw_yaml *leaf);
void tw_yaml_walk(const struct tw_yaml *root, tw_yaml_leaf *leaf, void *to);

/* Leaves that differ, by path; one of both is NULL where it is only on the
 * other side. Ordered by side b, what only a has at the end. */
typedef void tw_yaml_difference(void *to, const char *path,
	const struct tw_yaml *a, const struct tw_yaml *b);
void tw_yaml_diff(const struct tw_yaml *a, const struct tw_yaml *b,
	tw_yaml_difference *difference, void *to);

/*
 * b with some of what differs as a has it: `take` is asked once for each pair
 * of nodes that differ, at the highest place where they do (NULL: that side
 * has none), by the path that tw_yaml_walk() gives it, and answers whether a's
 * is taken. Returns a new tree, NULL where nothing is left of it; where `take`
 * always says no it is a copy of b, and yes, equal to a but for the order.
 */
typedef bool tw_yaml_take(void *to, const char *path, const struct tw_yaml *a,
	const struct tw_yaml *b);
struct tw_yaml *tw_yaml_mix(struct tw_arena *arena, const struct tw_yaml *a,
	const struct tw_yaml *b, tw_yaml_take *take, void *to);

/* The same value: order of keys, style and position do not matter. */
bool tw_yaml_equal(const struct tw_yaml *a, const struct tw_yaml *b);

/* To build and to patch. New nodes have no position but what is given. */
struct tw_yaml *tw_yaml_new(struct tw_arena *arena, enum tw_yaml_kind kind);
/* Text; quoted when written, where it would read as something else. */
struct tw_yaml *tw_yaml_new_text(struct tw_arena *arena, const char *text);
/* Plain: "3", "true", "250ms". */
struct tw_yaml *tw_yaml_new_plain(struct tw_arena *arena, const char *text);
/* Deep; nothing is shared with the original but its bytes. */
struct tw_yaml *tw_yaml_copy(
	struct tw_arena *arena, const struct tw_yaml *node);
/* Adds a key or replaces its value in place. */
void tw_yaml_put(struct tw_arena *arena, struct tw_yaml *map, const char *key,
	struct tw_yaml *value);
bool tw_yaml_remove(struct tw_yaml *map, const char *key);
void tw_yaml_append(
	struct tw_arena *arena, struct tw_yaml *sequence, struct tw_yaml *item);

/*
 * Appends the node as a block-style document without `---`, aliases written
 * out, two blanks of indentation. The same tree gives the same bytes, and
 * reading them gives an equal tree.
 */
void tw_yaml_emit(const struct tw_yaml *node, struct tw_buf *out);

#endif
