#include "twins/model/keys.h"

#include "twins/base/xxhash.h"
#include "twins/model/traits.h"

#include <string.h>

uint64_t tw_key_hash(const char *p, size_t n)
{
	uint64_t hash = tw_xxhash64(p, n, 0);

	return hash ? hash : 1;
}

bool tw_key_source_of(
	const struct tw_spec_balancing *from, struct tw_key_source *to)
{
	if (from->hash_header.origin)
		*to = (struct tw_key_source){
			TW_KEY_HEADER, from->hash_header.v};
	else if (from->hash_cookie.origin)
		*to = (struct tw_key_source){
			TW_KEY_COOKIE, from->hash_cookie.v};
	else if (from->hash_query.origin)
		*to = (struct tw_key_source){TW_KEY_QUERY, from->hash_query.v};
	else if (tw_int_or(from->hash_source_ip, 0))
		*to = (struct tw_key_source){TW_KEY_SOURCE, ""};
	else
		return false;
	return true;
}

static bool is_same(struct tw_key_source a, struct tw_key_source b)
{
	if (a.of != b.of)
		return false;
	if (a.of == TW_KEY_HEADER)
		return tw_str_equal_nocase(
			tw_str_of(a.name), tw_str_of(b.name));
	return !strcmp(a.name, b.name);
}

uint32_t tw_key_number(
	const struct tw_key_sources *sources, struct tw_key_source source)
{
	for (uint32_t i = 0; i < sources->n; i++)
		if (is_same(sources->of[i], source))
			return i;
	return TW_KEYS_MAX;
}

static void add(struct tw_key_sources *to, struct tw_key_source source)
{
	if (tw_key_number(to, source) < TW_KEYS_MAX)
		return;
	if (to->n < TW_KEYS_MAX)
		to->of[to->n++] = source;
	else
		to->beyond++;
}

void tw_key_sources_of(const struct tw_spec *spec, struct tw_key_sources *to)
{
	struct tw_key_source source;

	*to = (struct tw_key_sources){0};
	for (size_t i = 0; i < spec->policies.n; i++)
		if (tw_key_source_of(&spec->policies.v[i]->balancing, &source))
			add(to, source);
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *service =
			spec->services.v[i].value;

		if (service->session_affinity.origin)
			add(to, (struct tw_key_source){TW_KEY_SOURCE, ""});
	}
}

/* ---- calls inside ----------------------------------------------------- */

static void carry_header(struct tw_key_carry *to, uint32_t number,
	const struct tw_spec *spec, const struct tw_labels *headers,
	const char *name)
{
	const char *value = tw_header_value(headers, name);

	if (value)
		to->set[number] = tw_key_hash(value, strlen(value));
	else if (tw_header_goes_on(spec, name))
		to->keep |= UINT32_C(1) << number;
}

struct tw_key_carry tw_keys_carry(const struct tw_key_sources *sources,
	const struct tw_spec *spec, const struct tw_labels *headers)
{
	struct tw_key_carry carry = {0};

	for (uint32_t i = 0; i < sources->n; i++) {
		switch (sources->of[i].of) {
		case TW_KEY_HEADER:
			carry_header(
				&carry, i, spec, headers, sources->of[i].name);
			break;
		case TW_KEY_COOKIE:
			if (tw_header_goes_on(spec, "cookie"))
				carry.keep |= UINT32_C(1) << i;
			break;
		case TW_KEY_QUERY:
		case TW_KEY_SOURCE: /* the caller's replica: keys of a call */
			break;
		}
	}
	return carry;
}
