#include "plugins/common/json.h"

#include <stdlib.h>
#include <string.h>

/* What may come next. */
enum {
	START,	  /* a value, or a byte order mark before it */
	VALUE,	  /* a value, after a colon or a comma */
	FIRST,	  /* a key or value, or the end of the container just opened */
	AFTER,	  /* a comma or the end of the container */
	FINISHED, /* white space only */
};

static enum tw_json_type fail(struct tw_json *json, const char *message)
{
	json->error = message;
	json->column = json->base + json->at - json->line_base + 1;
	return json->type = TW_JSON_ERROR;
}

static void start(struct tw_json *json)
{
	json->type = TW_JSON_NULL;
	json->at = json->begin = json->end = 0;
	json->base = json->line_base = 0;
	json->line = 1;
	json->depth = 0;
	json->state = START;
	json->error = NULL;
	json->ended = json->failed = false;
}

void tw_json_init(struct tw_json *json, struct twinrig_source *source)
{
	*json = (struct tw_json){
		.source = source, .data = source->data, .size = source->size};
	start(json);
}

void tw_json_init_text(struct tw_json *json, const char *text, size_t size)
{
	*json = (struct tw_json){0};
	tw_json_reset(json, text, size);
}

void tw_json_reset(struct tw_json *json, const char *text, size_t size)
{
	json->source = NULL;
	json->data = text;
	json->size = size;
	start(json);
}

void tw_json_release(struct tw_json *json)
{
	free(json->decoded);
	json->decoded = NULL;
	json->decoded_cap = 0;
}

/* More bytes behind the window, dropping what is before `begin`. */
static bool refill(struct tw_json *json)
{
	size_t used = json->begin;
	int got;

	if (!json->source || json->ended)
		return false;
	got = json->source->more(json->source, used);
	if (got <= 0)
		json->ended = true;
	if (got < 0) {
		json->failed = true;
		json->size = json->at;
		return false;
	}
	json->data = json->source->data;
	json->size = json->source->size;
	json->base += used;
	json->begin = 0;
	json->at -= used;
	return json->at < json->size;
}

/* The next byte that is not white space, or -1 at the end. */
static int skip_space(struct tw_json *json, bool keep_token)
{
	for (;;) {
		while (json->at < json->size) {
			char c = json->data[json->at];

			if (c == '\n') {
				json->line++;
				json->line_base = json->base + json->at + 1;
			} else if (c != ' ' && c != '\t' && c != '\r') {
				return (unsigned char)c;
			}
			json->at++;
		}
		if (!keep_token)
			json->begin = json->at;
		if (!refill(json))
			return -1;
	}
}

/* The byte `ahead` of the current one, or -1. */
static inline int peek(struct tw_json *json, size_t ahead)
{
	while (json->at + ahead >= json->size)
		if (!refill(json))
			if (json->at + ahead >= json->size)
				return -1;
	return (unsigned char)json->data[json->at + ahead];
}

/*
 * The length of the UTF-8 sequence at the current byte, 0 where it is none
 * (The Unicode Standard 15.0, table 3-7).
 */
static size_t utf8_sequence(struct tw_json *json)
{
	int c = peek(json, 0), second = peek(json, 1);
	size_t n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	int low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	int high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;

	if (c < 0xc2 || c > 0xf4 || second < low || second > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((peek(json, i) & 0xc0) != 0x80 || peek(json, i) < 0)
			return 0;
	return n;
}

/* Whether one of 8 bytes is a quote, a backslash, a control or not ASCII. */
static inline bool is_special(uint64_t v)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t tops = UINT64_C(0x8080808080808080);
	uint64_t quote = v ^ ones * '"', slash = v ^ ones * '\\';

	return ((v - ones * 0x20) | (quote - ones) | (slash - ones) | v) & tops;
}

static void skip_plain(struct tw_json *json)
{
	const char *p = json->data + json->at;
	const char *end = json->data + json->size;

	while (end - p >= 8) {
		uint64_t v;

		memcpy(&v, p, 8);
		if (is_special(v))
			break;
		p += 8;
	}
	while (p < end && (unsigned char)*p >= 0x20 && *p != '"' &&
		*p != '\\' && (unsigned char)*p < 0x80)
		p++;
	json->at = (size_t)(p - json->data);
}

static int hex4(const char *p)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* To the byte after the closing quote. The current byte is after the opening
 * one. Sets *escaped where there is something to decode. */
static bool scan_string(struct tw_json *json, bool *escaped)
{
	static const char simple[] = "\"\\/bfnrt";

	for (;;) {
		int c;
		size_t n;

		skip_plain(json);
		c = peek(json, 0);
		if (c < 0)
			return fail(json, "the text ends inside a string"),
			       false;
		if (c == '"') {
			json->at++;
			return true;
		}
		if (c == '\\') {
			*escaped = true;
			c = peek(json, 1);
			if (c > 0 && strchr(simple, c)) {
				json->at += 2;
				continue;
			}
			if (c != 'u' || peek(json, 5) < 0 ||
				hex4(json->data + json->at + 2) < 0)
				return fail(json, "unknown escape in a string"),
				       false;
			json->at += 6;
		} else if (c >= 0x80) {
			n = utf8_sequence(json);
			if (!n)
				return fail(json, "bytes that are not UTF-8"),
				       false;
			json->at += n;
		} else if (c < 0x20) {
			return fail(json, "a control character in a string"),
			       false;
		}
	}
}

static char *put_utf8(char *to, unsigned c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return to;
}

/* A \u escape, *from after its 'u'; takes the second half of a pair too. */
static char *put_escape(char *to, const char **from, const char *end)
{
	unsigned c = (unsigned)hex4(*from);

	*from += 4;
	if (c >= 0xd800 && c < 0xdc00 && end - *from >= 6 &&
		(*from)[0] == '\\' && (*from)[1] == 'u') {
		unsigned low = (unsigned)hex4(*from + 2);

		if (low >= 0xdc00 && low < 0xe000) {
			*from += 6;
			return put_utf8(to, 0x10000 + ((c - 0xd800) << 10) +
						    (low - 0xdc00));
		}
	}
	return put_utf8(to, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
}

/* Decodes a scanned string; it never grows in doing so. */
static bool decode(struct tw_json *json, const char *from, size_t n)
{
	static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
	const char *end = from + n;
	char *to;

	if (json->decoded_cap < n) {
		char *grown = realloc(json->decoded, n);

		if (!grown)
			return fail(json, "out of memory"), false;
		json->decoded = grown;
		json->decoded_cap = n;
	}
	to = json->decoded;
	while (from < end) {
		const char *slash = memchr(from, '\\', (size_t)(end - from));
		size_t plain = (size_t)((slash ? slash : end) - from);
		const char *name;

		memcpy(to, from, plain);
		to += plain;
		if (!slash)
			break;
		from = slash + 2;
		name = strchr(names, slash[1]);
		if (slash[1] == 'u')
			to = put_escape(to, &from, end);
		else
			*to++ = name ? values[name - names] : slash[1];
	}
	json->text = (struct twinrig_text){
		json->decoded, (size_t)(to - json->decoded)};
	return true;
}

static enum tw_json_type string(struct tw_json *json, bool key)
{
	bool escaped = false;
	size_t n;

	json->at++;
	if (!scan_string(json, &escaped))
		return TW_JSON_ERROR;
	n = json->at - json->begin - 2;
	json->end = json->at;
	if (key) {
		size_t length = json->at - json->begin;

		if (skip_space(json, true) != ':')
			return fail(json, "expected ':' after a key");
		json->at++;
		json->end = json->begin + length;
		json->state = VALUE;
	} else {
		json->state = json->depth ? AFTER : FINISHED;
	}
	json->text = (struct twinrig_text){json->data + json->begin + 1, n};
	if (escaped && !decode(json, json->text.p, n))
		return TW_JSON_ERROR;
	return json->type = key ? TW_JSON_KEY : TW_JSON_STRING;
}

static inline bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool digits(struct tw_json *json)
{
	if (!is_digit(peek(json, 0)))
		return false;
	while (is_digit(peek(json, 0)))
		json->at++;
	return true;
}

static void set_integer(struct tw_json *json)
{
	const char *p = json->text.p, *end = p + json->text.n;
	bool negative = *p == '-';
	int64_t value = 0;

	for (p += negative; p < end; p++)
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_sub_overflow(value, *p - '0', &value))
			return;
	if (!negative && value == INT64_MIN)
		return;
	json->integer = negative ? value : -value;
	json->is_integer = true;
}

static enum tw_json_type number(struct tw_json *json)
{
	bool whole = true;
	int c;

	if (peek(json, 0) == '-')
		json->at++;
	if (peek(json, 0) == '0')
		json->at++;
	else if (!digits(json))
		return fail(json, "expected a value");
	if (peek(json, 0) == '.') {
		whole = false;
		json->at++;
		if (!digits(json))
			return fail(json, "a number ends in '.'");
	}
	c = peek(json, 0);
	if (c == 'e' || c == 'E') {
		whole = false;
		json->at++;
		c = peek(json, 0);
		if (c == '+' || c == '-')
			json->at++;
		if (!digits(json))
			return fail(json, "a number's exponent is empty");
	}
	json->end = json->at;
	json->text = (struct twinrig_text){
		json->data + json->begin, json->at - json->begin};
	json->is_integer = false;
	if (whole)
		set_integer(json);
	json->state = json->depth ? AFTER : FINISHED;
	return json->type = TW_JSON_NUMBER;
}

static enum tw_json_type word(
	struct tw_json *json, const char *name, enum tw_json_type type)
{
	for (size_t i = 0; name[i]; i++) {
		if (peek(json, 0) != name[i])
			return fail(json, "expected a value");
		json->at++;
	}
	json->end = json->at;
	json->state = json->depth ? AFTER : FINISHED;
	return json->type = type;
}

static inline bool in_object(const struct tw_json *json)
{
	unsigned top = json->depth - 1;

	return json->stack[top / 64] >> top % 64 & 1;
}

static enum tw_json_type enter(struct tw_json *json, bool object)
{
	uint64_t bit = UINT64_C(1) << json->depth % 64;

	if (json->depth == TW_JSON_DEPTH)
		return fail(json, "nested too deeply");
	if (object)
		json->stack[json->depth / 64] |= bit;
	else
		json->stack[json->depth / 64] &= ~bit;
	json->depth++;
	json->end = ++json->at;
	json->state = FIRST;
	return json->type = object ? TW_JSON_OBJECT : TW_JSON_ARRAY;
}

static enum tw_json_type leave(struct tw_json *json, bool object)
{
	json->depth--;
	json->end = ++json->at;
	json->state = json->depth ? AFTER : FINISHED;
	return json->type = object ? TW_JSON_OBJECT_END : TW_JSON_ARRAY_END;
}

static enum tw_json_type value(struct tw_json *json, int c)
{
	switch (c) {
	case -1:
		return fail(json, "the text ends where a value should be");
	case '{':
		return enter(json, true);
	case '[':
		return enter(json, false);
	case '"':
		return string(json, false);
	case 't':
		return word(json, "true", TW_JSON_TRUE);
	case 'f':
		return word(json, "false", TW_JSON_FALSE);
	case 'n':
		return word(json, "null", TW_JSON_NULL);
	default:
		return number(json);
	}
}

static int next_byte(struct tw_json *json)
{
	int c;

	json->begin = json->at;
	c = skip_space(json, false);
	json->begin = json->at;
	return c;
}

/* Inside a container, after a value or after its opening. */
static enum tw_json_type inside(struct tw_json *json, int c)
{
	bool object = in_object(json), first = json->state == FIRST;

	if (c == (object ? '}' : ']'))
		return leave(json, object);
	if (!first) {
		if (c != ',')
			return fail(json, c < 0 ? "the text ends inside a value"
					  : object ? "expected ',' or '}'"
						   : "expected ',' or ']'");
		json->at++;
		c = next_byte(json);
	}
	if (!object)
		return value(json, c);
	if (c != '"')
		return fail(json, "expected a key in quotes");
	return string(json, true);
}

static bool skip_mark(struct tw_json *json)
{
	if (peek(json, 0) == 0xef && peek(json, 1) == 0xbb &&
		peek(json, 2) == 0xbf) {
		json->at += 3;
		json->line_base = 3;
	}
	return true;
}

enum tw_json_type tw_json_next(struct tw_json *json)
{
	int c;

	if (json->type == TW_JSON_ERROR)
		return TW_JSON_ERROR;
	if (json->state == START)
		skip_mark(json);
	c = next_byte(json);
	switch (json->state) {
	case START:
	case VALUE:
		return value(json, c);
	case FINISHED:
		if (c >= 0)
			return fail(json, "more text after the value");
		if (json->failed)
			return fail(json, "the text could not be read");
		return json->type = TW_JSON_END;
	default:
		return inside(json, c);
	}
}

bool tw_json_skip(struct tw_json *json)
{
	unsigned depth = json->depth;

	if (json->type == TW_JSON_KEY)
		tw_json_next(json);
	if (json->type != TW_JSON_OBJECT && json->type != TW_JSON_ARRAY)
		return json->type != TW_JSON_ERROR;
	depth = json->depth - 1;
	do {
		if (tw_json_next(json) <= TW_JSON_END)
			return false;
	} while (json->depth > depth);
	return true;
}
