#include "harness/baseline/fields.h"

#include <string.h>

static int64_t signed_at(const struct tw_field *row, const void *object)
{
	const char *at = (const char *)object + row->offset;
	int64_t wide;
	int32_t narrow;

	if (row->kind == TW_FIELD_I64) {
		memcpy(&wide, at, sizeof wide);
		return wide;
	}
	memcpy(&narrow, at, sizeof narrow);
	return narrow;
}

static uint64_t number_at(const struct tw_field *row, const void *object)
{
	const char *at = (const char *)object + row->offset;
	uint64_t wide;
	uint32_t narrow;

	if (row->kind == TW_FIELD_U64) {
		memcpy(&wide, at, sizeof wide);
		return wide;
	}
	memcpy(&narrow, at, sizeof narrow);
	return narrow;
}

static bool is_zero(const struct tw_field *row, const void *object)
{
	return row->kind >= TW_FIELD_I32 ? !signed_at(row, object)
					 : !number_at(row, object);
}

static void put_field(
	struct tw_buf *out, const struct tw_field *row, const void *object)
{
	if (row->kind >= TW_FIELD_I32)
		tw_put_signed(out, signed_at(row, object));
	else
		tw_put_number(out, number_at(row, object));
}

static void get_field(
	struct tw_bytes *in, const struct tw_field *row, void *object)
{
	char *at = (char *)object + row->offset;
	uint64_t number;
	int64_t wide;
	uint32_t narrow;
	int32_t small;

	switch (row->kind) {
	case TW_FIELD_U32:
		narrow = (uint32_t)tw_get_number(in, UINT32_MAX);
		memcpy(at, &narrow, sizeof narrow);
		break;
	case TW_FIELD_U64:
		number = tw_get_number(in, UINT64_MAX);
		memcpy(at, &number, sizeof number);
		break;
	case TW_FIELD_I32:
		wide = tw_get_signed(in);
		if (wide < INT32_MIN || wide > INT32_MAX)
			tw_bytes_fail(in, "a number is out of its range");
		small = (int32_t)wide;
		memcpy(at, &small, sizeof small);
		break;
	case TW_FIELD_I64:
		wide = tw_get_signed(in);
		memcpy(at, &wide, sizeof wide);
		break;
	}
}

void tw_fields_put(
	struct tw_buf *out, const struct tw_field *rows, const void *object)
{
	for (; rows->name; rows++)
		put_field(out, rows, object);
}

void tw_fields_get(
	struct tw_bytes *in, const struct tw_field *rows, void *object)
{
	for (; rows->name; rows++)
		get_field(in, rows, object);
}

/* ---- many of a kind, column by column ---------------------------------- */

void tw_columns_put(struct tw_buf *out, const struct tw_field *rows,
	const void *objects, size_t size, size_t n)
{
	const char *at = objects;

	for (; rows->name; rows++) {
		for (size_t i = 0; i < n;) {
			size_t from = i;

			while (i < n && is_zero(rows, at + i * size))
				i++;
			if (i > from) {
				tw_put_number(out, 0);
				tw_put_number(out, i - from - 1);
			}
			if (i < n)
				put_field(out, rows, at + i++ * size);
		}
	}
}

void tw_columns_get(struct tw_bytes *in, const struct tw_field *rows,
	void *objects, size_t size, size_t n)
{
	char *at = objects;

	for (; rows->name; rows++) {
		for (size_t i = 0; i < n && !in->wrong; i++) {
			get_field(in, rows, at + i * size);
			if (is_zero(rows, at + i * size))
				i += (size_t)tw_get_number(in, n - i - 1);
		}
	}
}
