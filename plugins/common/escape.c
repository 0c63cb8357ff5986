#include "plugins/common/json.h"

#include <string.h>

size_t tw_json_escape(const char **p, const char *end, char *to, size_t room)
{
	static const char names[] = "\"\\bfnrt", codes[] = "\"\\\b\f\n\r\t";
	static const char hex[] = "0123456789abcdef";
	const char *from = *p;
	size_t n = 0;

	while (from < end && room - n >= 6) {
		unsigned char c = (unsigned char)*from++;
		const char *code = c ? strchr(codes, c) : NULL;

		if (code) {
			to[n++] = '\\';
			to[n++] = names[code - codes];
		} else if (c >= 0x20) {
			to[n++] = (char)c;
		} else {
			memcpy(to + n, "\\u00", 4);
			to[n + 4] = hex[c >> 4];
			to[n + 5] = hex[c & 15];
			n += 6;
		}
	}
	*p = from;
	return n;
}
