#include "twins/base/hash.h"

#include <string.h>

uint64_t tw_hash_bytes(const void *p, size_t n)
{
	const unsigned char *bytes = p;
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < n; i++)
		h = (h ^ bytes[i]) * UINT64_C(1099511628211);
	return h;
}

uint64_t tw_hash_name(const char *name)
{
	return tw_hash_bytes(name, strlen(name));
}
