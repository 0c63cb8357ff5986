#include "harness/baseline/bytes.h"

void tw_put_number(struct tw_buf *out, uint64_t value)
{
	char bytes[10];
	size_t n = 0;

	for (; value > 127; value >>= 7)
		bytes[n++] = (char)(value | 128);
	bytes[n++] = (char)value;
	tw_buf_add(out, bytes, n);
}

void tw_put_signed(struct tw_buf *out, int64_t value)
{
	tw_put_number(out,
		(uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : UINT64_C(0)));
}

void tw_put_text(struct tw_buf *out, const char *text)
{
	size_t n = strlen(text);

	tw_put_number(out, n);
	tw_buf_add(out, text, n);
}

void tw_bytes_init(struct tw_bytes *bytes, const void *p, size_t n)
{
	*bytes = (struct tw_bytes){.start = p, .at = p};
	bytes->end = bytes->start + n;
}

void tw_bytes_fail(struct tw_bytes *bytes, const char *why)
{
	if (bytes->wrong)
		return;
	bytes->wrong = why;
	bytes->wrong_at = (size_t)(bytes->at - bytes->start);
	bytes->at = bytes->end;
}

uint64_t tw_get_number(struct tw_bytes *bytes, uint64_t max)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte;

		if (bytes->at == bytes->end) {
			tw_bytes_fail(bytes, "it ends too early");
			return 0;
		}
		byte = *bytes->at++;
		if (shift == 63 && byte > 1)
			break;
		value |= (uint64_t)(byte & 127) << shift;
		if (byte & 128)
			continue;
		if (value > max)
			tw_bytes_fail(bytes, "a number is out of its range");
		return bytes->wrong ? 0 : value;
	}
	tw_bytes_fail(bytes, "a number has more than 64 bits");
	return 0;
}

int64_t tw_get_signed(struct tw_bytes *bytes)
{
	uint64_t value = tw_get_number(bytes, UINT64_MAX);

	return (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : UINT64_C(0)));
}

size_t tw_get_count(struct tw_bytes *bytes, size_t least)
{
	size_t n = (size_t)tw_get_number(bytes, UINT32_MAX);

	if (n <= tw_bytes_left(bytes) / least)
		return n;
	tw_bytes_fail(bytes, "it ends too early");
	return 0;
}

struct tw_str tw_get_text(struct tw_bytes *bytes)
{
	size_t n = tw_get_count(bytes, 1);
	struct tw_str text = {(const char *)bytes->at, n};

	if (n && memchr(text.p, '\0', n)) {
		tw_bytes_fail(bytes, "a name holds a NUL");
		return (struct tw_str){"", 0};
	}
	bytes->at += n;
	return text;
}
