/*
 * A deterministic JSON writer: the same calls give the same bytes everywhere.
 * Reals are written by tw_real_text(), so 0.1 is "0.1"; strings that are not
 * UTF-8 have each bad byte replaced by U+FFFD. Grammar is ours: a value
 * without its key, or a container not closed, is an assertion.
 *
 *	struct tw_json_writer w;
 *	tw_json_writer_init(&w, &buf, true);
 *	tw_json_object(&w);
 *	tw_json_key(&w, "requests");
 *	tw_json_int(&w, 17);
 *	tw_json_end(&w);
 *	tw_json_finish(&w);
 */
#ifndef TW_HARNESS_JSON_WRITER_H
#define TW_HARNESS_JSON_WRITER_H

#include "twins/base/text.h"

#define TW_JSON_WRITER_DEPTH 64

struct tw_json_writer {
	struct tw_buf *out;
	bool pretty; /* two blanks a level; else on one line */
	unsigned depth;
	bool keyed; /* a key was written, its value is due */
	struct {
		bool object, any;
	} level[TW_JSON_WRITER_DEPTH];
};

/* Appends to `out`, which the caller owns. */
void tw_json_writer_init(
	struct tw_json_writer *writer, struct tw_buf *out, bool pretty);
/* Asserts that all is closed; ends a pretty text with a newline. */
void tw_json_finish(struct tw_json_writer *writer);

void tw_json_object(struct tw_json_writer *writer);
void tw_json_array(struct tw_json_writer *writer);
void tw_json_end(struct tw_json_writer *writer); /* of either */
void tw_json_key(struct tw_json_writer *writer, const char *key);

void tw_json_null(struct tw_json_writer *writer);
void tw_json_bool(struct tw_json_writer *writer, bool value);
void tw_json_int(struct tw_json_writer *writer, int64_t value);
void tw_json_uint(struct tw_json_writer *writer, uint64_t value);
/* What is not finite is null. */
void tw_json_real(struct tw_json_writer *writer, double value);
void tw_json_string(struct tw_json_writer *writer, const char *value);
void tw_json_text(struct tw_json_writer *writer, struct tw_str value);

/* A member of an object, key and value; key NULL: an element of an array. */
void tw_json_put_object(struct tw_json_writer *writer, const char *key);
void tw_json_put_array(struct tw_json_writer *writer, const char *key);
void tw_json_put_bool(
	struct tw_json_writer *writer, const char *key, bool value);
void tw_json_put_int(
	struct tw_json_writer *writer, const char *key, int64_t value);
void tw_json_put_uint(
	struct tw_json_writer *writer, const char *key, uint64_t value);
void tw_json_put_real(
	struct tw_json_writer *writer, const char *key, double value);
/* NULL is left out, with its key. */
void tw_json_put_string(
	struct tw_json_writer *writer, const char *key, const char *value);

#endif
