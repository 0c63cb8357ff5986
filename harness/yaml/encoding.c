/* Bytes to the UTF-8 that libyaml takes. */
#include "harness/yaml/tree.h"

#define REPLACEMENT 0xfffdu

static void add_utf8(struct tw_buf *out, uint32_t c)
{
	char bytes[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = {0, 0x00, 0xc0, 0xe0, 0xf0};

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		bytes[i] = (char)(0x80 | (c & 0x3f));
	bytes[0] = (char)(lead[n] | c);
	tw_buf_add(out, bytes, n);
}

static uint32_t unit_at(struct tw_str s, size_t i, bool big)
{
	unsigned char a = (unsigned char)s.p[i];
	unsigned char b = (unsigned char)s.p[i + 1];

	return big ? (uint32_t)a << 8 | b : (uint32_t)b << 8 | a;
}

static void add_utf16(struct tw_str s, bool big, struct tw_buf *out)
{
	for (size_t i = 0; i + 1 < s.n; i += 2) {
		uint32_t c = unit_at(s, i, big), low;

		if (c >= 0xd800 && c < 0xdc00 && i + 3 < s.n) {
			low = unit_at(s, i + 2, big);
			if (low >= 0xdc00 && low < 0xe000) {
				c = 0x10000 + ((c - 0xd800) << 10) +
				    (low - 0xdc00);
				i += 2;
			}
		}
		if (c >= 0xd800 && c < 0xe000)
			c = REPLACEMENT;
		add_utf8(out, c);
	}
	if (s.n % 2)
		add_utf8(out, REPLACEMENT);
}

void tw_yaml_decode(struct tw_str s, struct tw_buf *out)
{
	if (s.n >= 3 && !memcmp(s.p, "\xef\xbb\xbf", 3))
		tw_buf_add(out, s.p + 3, s.n - 3);
	else if (s.n >= 2 && !memcmp(s.p, "\xff\xfe", 2))
		add_utf16((struct tw_str){s.p + 2, s.n - 2}, false, out);
	else if (s.n >= 2 && !memcmp(s.p, "\xfe\xff", 2))
		add_utf16((struct tw_str){s.p + 2, s.n - 2}, true, out);
	else
		tw_buf_add(out, s.p, s.n);
}

/* The character at p and its bytes; 0 bytes where it is no UTF-8. */
static size_t utf8_at(const unsigned char *p, size_t left, uint32_t *c)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = *p < 0x80   ? 1
		   : *p < 0xc0 ? 0
		   : *p < 0xe0 ? 2
		   : *p < 0xf0 ? 3
		   : *p < 0xf8 ? 4
			       : 0;

	if (!n || n > left)
		return 0;
	*c = n == 1 ? *p : *p & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3fu);
	}
	if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return n;
}

/* YAML 1.2.2, 5.1: c-printable. */
static bool is_printable(uint32_t c)
{
	if (c < 0x20)
		return c == '\t' || c == '\n' || c == '\r';
	if (c < 0xa0)
		return c < 0x7f || c == 0x85;
	return c != 0xfffe && c != 0xffff;
}

struct place {
	int line, column;
	int told; /* line of the last finding: one a line is enough */
};

static void complain(struct tw_diags *diags, const char *file,
	struct place *place, size_t n, uint32_t c)
{
	struct tw_pos pos = {file, place->line, place->column, 1};

	if (place->told == place->line)
		return;
	place->told = place->line;
	if (n)
		tw_diag(diags, TW_ERROR, pos,
			"a control character (U+%04X) must not be in YAML", c);
	else
		tw_diag(diags, TW_ERROR, pos,
			"a byte that is not UTF-8: is the file in another "
			"encoding?");
}

void tw_yaml_mend(struct tw_diags *diags, const char *file, struct tw_buf *text)
{
	struct place place = {1, 1, 0};

	for (size_t i = 0; i < text->n;) {
		const unsigned char *p = (unsigned char *)text->p + i;
		uint32_t c = 0;
		size_t n = utf8_at(p, text->n - i, &c);

		if (!n || !is_printable(c)) {
			complain(diags, file, &place, n, c);
			memset(text->p + i, '?', n ? n : 1);
		}
		i += n ? n : 1;
		place.column++;
		if (c == '\n') {
			place.line++;
			place.column = 1;
		}
	}
}
