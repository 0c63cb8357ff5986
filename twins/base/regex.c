/*
 * A pattern becomes a program of small instructions; matching keeps the set
 * of instructions that could be next and moves the whole set on by one
 * character of the text.
 */
#include "twins/base/regex.h"

#include "twins/base/assert.h"
#include "twins/base/vector.h"

#include <string.h>

#define MAX_DEPTH 40 /* nested groups */

enum op { OP_SET, OP_ANY, OP_SPLIT, OP_JUMP, OP_MATCH };

struct range {
	uint32_t low, high;
};

struct set {
	TW_VEC(struct range) ranges;
	bool negated;
};

struct step {
	enum op op;
	size_t x, y; /* where to: SPLIT both, JUMP x; SET: index x */
};

struct tw_regex {
	TW_VEC(struct step) steps;
	TW_VEC(struct set) sets;
};

struct parser {
	struct tw_arena *arena;
	struct tw_regex *regex;
	const char *p;
	size_t n, at, depth;
	const char *why; /* set: stop */
};

/* One code point at p[0..n); malformed bytes stand for themselves. */
static size_t decode(const char *p, size_t n, uint32_t *to)
{
	unsigned char c = (unsigned char)p[0];
	size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
	uint32_t value = c;

	if (length > n || c > 0xf4)
		length = 1;
	if (length > 1)
		value = c & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		unsigned char next = (unsigned char)p[i];

		if ((next & 0xc0) != 0x80) {
			*to = c;
			return 1;
		}
		value = value << 6 | (next & 0x3fu);
	}
	*to = value;
	return length;
}

static size_t emit(struct parser *ps, enum op op, size_t x, size_t y)
{
	tw_vec_push_in(ps->arena, &ps->regex->steps, (struct step){op, x, y});
	return ps->regex->steps.n - 1;
}

/* Opens a gap of one step at `at`: what follows moves on by one. */
static void insert_split(struct parser *ps, size_t at)
{
	struct step *v;
	size_t n;

	emit(ps, OP_MATCH, 0, 0);
	v = ps->regex->steps.v;
	n = ps->regex->steps.n;
	memmove(v + at + 1, v + at, (n - at - 1) * sizeof *v);
	for (size_t i = at + 1; i < n; i++) {
		if (v[i].op != OP_SPLIT && v[i].op != OP_JUMP)
			continue;
		v[i].x += v[i].x >= at;
		v[i].y += v[i].y >= at;
	}
	v[at] = (struct step){OP_SPLIT, at + 1, 0};
}

static void fail(struct parser *ps, const char *why)
{
	if (!ps->why)
		ps->why = why;
}

static bool more(const struct parser *ps)
{
	return !ps->why && ps->at < ps->n;
}

static void add_range(
	struct parser *ps, struct set *set, uint32_t low, uint32_t high)
{
	tw_vec_push_in(ps->arena, &set->ranges, (struct range){low, high});
}

/* \d \w \s into the set; false where c is not one of them. */
static bool add_named(struct parser *ps, struct set *set, char c)
{
	switch (c) {
	case 'd':
		add_range(ps, set, '0', '9');
		return true;
	case 'w':
		add_range(ps, set, '0', '9');
		add_range(ps, set, 'A', 'Z');
		add_range(ps, set, 'a', 'z');
		add_range(ps, set, '_', '_');
		return true;
	case 's':
		add_range(ps, set, '\t', '\r');
		add_range(ps, set, ' ', ' ');
		return true;
	default:
		return false;
	}
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

/* After a backslash. */
static void parse_escape(struct parser *ps, struct set *set, bool in_class)
{
	uint32_t c;

	if (!more(ps)) {
		fail(ps, "a backslash at the end");
		return;
	}
	if (add_named(ps, set, ps->p[ps->at])) {
		ps->at++;
		return;
	}
	if (!in_class && strchr("DWS", ps->p[ps->at])) {
		add_named(ps, set, (char)(ps->p[ps->at] + ('a' - 'A')));
		set->negated = true;
		ps->at++;
		return;
	}
	if (is_alnum(ps->p[ps->at])) {
		fail(ps, "an escape that is not known here");
		return;
	}
	ps->at += decode(ps->p + ps->at, ps->n - ps->at, &c);
	add_range(ps, set, c, c);
}

/* One member of a class, or a range of them. */
static void parse_member(struct parser *ps, struct set *set)
{
	size_t start = ps->at;
	uint32_t low, high;

	if (ps->p[ps->at] == '\\') {
		ps->at++;
		parse_escape(ps, set, true);
		return;
	}
	ps->at += decode(ps->p + ps->at, ps->n - ps->at, &low);
	high = low;
	if (ps->at + 1 < ps->n && ps->p[ps->at] == '-' &&
		ps->p[ps->at + 1] != ']') {
		ps->at++;
		if (ps->p[ps->at] == '\\')
			ps->at++;
		if (ps->at < ps->n)
			ps->at += decode(ps->p + ps->at, ps->n - ps->at, &high);
	}
	if (high < low) {
		ps->at = start;
		fail(ps, "a range that runs backwards");
		return;
	}
	add_range(ps, set, low, high);
}

static void parse_class(struct parser *ps, struct set *set)
{
	size_t start = ps->at - 1;
	bool first = true;

	if (more(ps) && ps->p[ps->at] == '^') {
		set->negated = true;
		ps->at++;
	}
	while (more(ps) && (first || ps->p[ps->at] != ']')) {
		parse_member(ps, set);
		first = false;
	}
	if (ps->why)
		return;
	if (ps->at >= ps->n) {
		ps->at = start;
		fail(ps, "a class that is never closed with ']'");
		return;
	}
	ps->at++;
}

static void emit_set(struct parser *ps, const struct set *set)
{
	tw_vec_push_in(ps->arena, &ps->regex->sets, *set);
	emit(ps, OP_SET, ps->regex->sets.n - 1, 0);
}

static void parse_alternatives(struct parser *ps);

static void parse_group(struct parser *ps)
{
	size_t start = ps->at - 1;

	if (++ps->depth > MAX_DEPTH) {
		fail(ps, "groups nested too deeply");
		return;
	}
	if (more(ps) && ps->p[ps->at] == '?') {
		if (ps->at + 1 < ps->n && ps->p[ps->at + 1] == ':')
			ps->at += 2;
		else
			fail(ps, "look-around and flags are not known here");
	}
	parse_alternatives(ps);
	if (ps->why)
		return;
	if (ps->at >= ps->n) {
		ps->at = start;
		fail(ps, "a group that is never closed with ')'");
		return;
	}
	ps->at++;
	ps->depth--;
}

static void parse_atom(struct parser *ps)
{
	struct set set = {0};
	uint32_t c;

	switch (ps->p[ps->at]) {
	case '(':
		ps->at++;
		parse_group(ps);
		return;
	case '.':
		ps->at++;
		emit(ps, OP_ANY, 0, 0);
		return;
	case '*':
	case '+':
	case '?':
		fail(ps, "a repeat with nothing before it");
		return;
	case '{':
		/* `/product/{id}` is a common name: a brace stands for
		 * itself unless it counts. */
		if (ps->at + 1 < ps->n && ps->p[ps->at + 1] >= '0' &&
			ps->p[ps->at + 1] <= '9') {
			fail(ps, "counted repeats are not known here");
			return;
		}
		break;
	case '[':
		ps->at++;
		parse_class(ps, &set);
		emit_set(ps, &set);
		return;
	case '\\':
		ps->at++;
		parse_escape(ps, &set, false);
		emit_set(ps, &set);
		return;
	case '^':
	case '$':
		/* Anchored anyway. */
		if (ps->at != (ps->p[ps->at] == '^' ? 0 : ps->n - 1))
			fail(ps, "an anchor in the middle");
		else
			ps->at++;
		return;
	default:
		break;
	}
	ps->at += decode(ps->p + ps->at, ps->n - ps->at, &c);
	add_range(ps, &set, c, c);
	emit_set(ps, &set);
}

static void parse_repeat(struct parser *ps)
{
	size_t start = ps->regex->steps.n;

	parse_atom(ps);
	while (more(ps) && strchr("*+?", ps->p[ps->at])) {
		char c = ps->p[ps->at++];

		if (c == '+') {
			size_t at = emit(ps, OP_SPLIT, start, 0);

			ps->regex->steps.v[at].y = at + 1;
			continue;
		}
		insert_split(ps, start);
		if (c == '*')
			emit(ps, OP_JUMP, start, 0);
		ps->regex->steps.v[start].y = ps->regex->steps.n;
	}
}

static void parse_alternatives(struct parser *ps)
{
	size_t start = ps->regex->steps.n;
	TW_VEC(size_t) jumps = {0};

	for (;;) {
		while (more(ps) && ps->p[ps->at] != ')' && ps->p[ps->at] != '|')
			parse_repeat(ps);
		if (!more(ps) || ps->p[ps->at] != '|')
			break;
		ps->at++;
		insert_split(ps, start);
		tw_vec_push_in(ps->arena, &jumps, emit(ps, OP_JUMP, 0, 0));
		ps->regex->steps.v[start].y = ps->regex->steps.n;
		start = ps->regex->steps.n;
	}
	for (size_t i = 0; i < jumps.n; i++)
		ps->regex->steps.v[jumps.v[i]].x = ps->regex->steps.n;
}

const struct tw_regex *tw_regex_compile(struct tw_arena *arena,
	struct tw_str pattern, size_t *at, const char **why)
{
	struct parser ps = {
		.arena = arena,
		.regex = tw_new(arena, struct tw_regex),
		.p = pattern.p,
		.n = pattern.n,
	};

	if (pattern.n > TW_REGEX_MAX)
		fail(&ps, "longer than 1000 bytes");
	else
		parse_alternatives(&ps);
	if (!ps.why && ps.at < ps.n)
		fail(&ps, "a ')' that closes nothing");
	if (ps.why) {
		*at = ps.at < ps.n ? ps.at : ps.n;
		*why = ps.why;
		return NULL;
	}
	emit(&ps, OP_MATCH, 0, 0);
	return ps.regex;
}

static bool set_has(const struct set *set, uint32_t c)
{
	for (size_t i = 0; i < set->ranges.n; i++)
		if (c >= set->ranges.v[i].low && c <= set->ranges.v[i].high)
			return !set->negated;
	return set->negated;
}

/* The steps that could be next: each at most once. */
struct front {
	size_t *v, n;
	bool *seen;
};

static void front_add(const struct tw_regex *regex, struct front *front,
	size_t *todo, size_t at)
{
	size_t n = 0;

	todo[n++] = at;
	while (n) {
		const struct step *step;

		at = todo[--n];
		if (front->seen[at])
			continue;
		front->seen[at] = true;
		step = &regex->steps.v[at];
		switch (step->op) {
		case OP_JUMP:
			todo[n++] = step->x;
			break;
		case OP_SPLIT:
			todo[n++] = step->x;
			todo[n++] = step->y;
			break;
		default:
			front->v[front->n++] = at;
			break;
		}
	}
}

static void front_clear(struct front *front, size_t n)
{
	front->n = 0;
	memset(front->seen, 0, n * sizeof *front->seen);
}

static bool step_takes(
	const struct tw_regex *regex, const struct step *step, uint32_t c)
{
	if (step->op == OP_ANY)
		return true;
	return step->op == OP_SET && set_has(&regex->sets.v[step->x], c);
}

bool tw_regex_match(const struct tw_regex *regex, const char *text)
{
	size_t n = regex->steps.n, left = strlen(text);
	/* A step is put on the list at most twice as often as there are
	 * steps: each is followed once and adds two. */
	size_t *lists = tw_calloc(4 * n + 1, sizeof *lists);
	bool *seen = tw_calloc(2 * n, sizeof *seen);
	struct front now = {lists, 0, seen};
	struct front next = {lists + n, 0, seen + n};
	size_t *todo = lists + 2 * n;
	bool matched = false;

	front_add(regex, &now, todo, 0);
	while (left && now.n) {
		uint32_t c;
		size_t used = decode(text, left, &c);

		text += used;
		left -= used;
		front_clear(&next, n);
		for (size_t i = 0; i < now.n; i++)
			if (step_takes(regex, &regex->steps.v[now.v[i]], c))
				front_add(regex, &next, todo, now.v[i] + 1);
		struct front swap = now;

		now = next;
		next = swap;
	}
	for (size_t i = 0; i < now.n && !left; i++)
		matched |= regex->steps.v[now.v[i]].op == OP_MATCH;
	tw_free(lists);
	tw_free(seen);
	return matched;
}
