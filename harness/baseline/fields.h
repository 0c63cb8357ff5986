/*
 * Members of structs as bytes, by tables: a field or many of a kind, column by
 * column with runs of zeros as a number. The same table writes and reads.
 */
#ifndef TW_BASELINE_FIELDS_H
#define TW_BASELINE_FIELDS_H

#include "harness/baseline/bytes.h"

enum tw_field_kind {
	TW_FIELD_U32,
	TW_FIELD_U64,
	TW_FIELD_I32,
	TW_FIELD_I64,
};

/* A table of these ends with a name of NULL. */
struct tw_field {
	const char *name;
	enum tw_field_kind kind;
	size_t offset;
};

void tw_fields_put(
	struct tw_buf *out, const struct tw_field *rows, const void *object);
/* What is wrong is noted in `in`. */
void tw_fields_get(
	struct tw_bytes *in, const struct tw_field *rows, void *object);

/* n objects of `size` bytes, one after the other. */
void tw_columns_put(struct tw_buf *out, const struct tw_field *rows,
	const void *objects, size_t size, size_t n);
void tw_columns_get(struct tw_bytes *in, const struct tw_field *rows,
	void *objects, size_t size, size_t n);

#endif
