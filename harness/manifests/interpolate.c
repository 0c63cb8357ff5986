#include "harness/manifests/interpolate.h"

#define DEPTH_MAX 16

struct scan {
	struct tw_variables *vars;
	struct tw_pos pos;
	struct tw_diags *diags;
	int depth;
};

static int expand(struct scan *s, struct tw_str text, struct tw_buf *out);

void tw_variables_init(struct tw_variables *vars, struct tw_arena *arena)
{
	vars->arena = arena;
	tw_map_init(&vars->values, arena);
	tw_map_init(&vars->missed, arena);
}

static bool is_name_char(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

static size_t name_size(struct tw_str text)
{
	size_t n = 0;

	while (n < text.n && is_name_char(text.p[n], n == 0))
		n++;
	return n;
}

/* The index of the `}` that closes a `${` whose content starts at 0. */
static bool closing(struct tw_str text, size_t *at)
{
	int depth = 1;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '$' && i + 1 < text.n && text.p[i + 1] == '{')
			depth++;
		if (text.p[i] == '}' && !--depth) {
			*at = i;
			return true;
		}
	}
	return false;
}

static void tell_unset(struct scan *s, const char *name)
{
	struct tw_diag *d;

	if (!tw_map_put(&s->vars->missed, name, s->vars))
		return;
	d = tw_diag(s->diags, TW_WARNING, s->pos,
		"the variable '%s' is not set; it is read as empty", name);
	d->hint = "set it in the .env file next to the Compose file";
}

/* NAME, and what follows it: an operator and a word, or nothing. */
static int substitute(struct scan *s, struct tw_str name, struct tw_str rest,
	struct tw_buf *out)
{
	const char *value = tw_map_get_n(&s->vars->values, name.p, name.n);
	bool colon = rest.n && *rest.p == ':';
	bool set = value && (!colon || *value);
	struct tw_str word = {rest.p + colon + 1, 0};
	char op = 0;

	if (rest.n > colon) {
		op = rest.p[colon];
		word.n = rest.n - colon - 1;
	}
	switch (op) {
	case '-':
		if (!set)
			return expand(s, word, out);
		break;
	case '+':
		return set ? expand(s, word, out) : 0;
	case '?':
		if (!set) {
			tw_diag(s->diags, TW_ERROR, s->pos,
				"the variable '%.*s' is required: %.*s",
				(int)name.n, name.p, (int)word.n, word.p);
			return -1;
		}
		break;
	case 0:
		if (!value)
			tell_unset(s, tw_arena_strndup(
					      s->vars->arena, name.p, name.n));
		break;
	default:
		return -2;
	}
	tw_buf_add_text(out, value ? value : "");
	return 0;
}

/* What stands behind a `$`; *used: bytes of it. -2: bad syntax. */
static int variable(
	struct scan *s, struct tw_str text, size_t *used, struct tw_buf *out)
{
	struct tw_str name = text, rest = {text.p, 0};
	size_t end = 0;

	if (*text.p != '{') {
		name.n = name_size(text);
		*used = name.n;
		return name.n ? substitute(s, name, rest, out) : -2;
	}
	name = (struct tw_str){text.p + 1, text.n - 1};
	if (!closing(name, &end))
		return -2;
	*used = end + 2;
	rest = (struct tw_str){name.p, end};
	name.n = name_size(rest);
	rest.p += name.n;
	rest.n -= name.n;
	return name.n ? substitute(s, name, rest, out) : -2;
}

static int expand(struct scan *s, struct tw_str text, struct tw_buf *out)
{
	int status = 0;

	if (s->depth == DEPTH_MAX)
		return -2;
	s->depth++;
	for (size_t i = 0; i < text.n && !status; i++) {
		size_t used = 0;

		if (text.p[i] != '$' || i + 1 == text.n) {
			tw_buf_add_char(out, text.p[i]);
		} else if (text.p[i + 1] == '$') {
			tw_buf_add_char(out, '$');
			i++;
		} else {
			status = variable(s,
				(struct tw_str){text.p + i + 1, text.n - i - 1},
				&used, out);
			i += used;
		}
	}
	s->depth--;
	return status;
}

int tw_interpolate(struct tw_variables *vars, struct tw_str text,
	struct tw_pos pos, struct tw_diags *diags, struct tw_buf *out)
{
	struct scan s = {.vars = vars, .pos = pos, .diags = diags};
	int status = expand(&s, text, out);
	struct tw_diag *d;

	if (status != -2)
		return status;
	d = tw_diag(diags, TW_ERROR, pos, "'%.*s' is no variable",
		(int)(text.n > 60 ? 60 : text.n), text.p);
	d->hint = "write $$ for a dollar sign";
	return -1;
}

/* Shared nodes (aliases) are met more than once; what was replaced holds no
 * variable any more unless it had `$$`, so each is copied first. */
int tw_interpolate_tree(
	struct tw_variables *vars, struct tw_yaml *node, struct tw_diags *diags)
{
	struct tw_buf out = {0};
	int status = 0;

	for (size_t i = 0; i < node->items.n; i++)
		status |= tw_interpolate_tree(vars, node->items.v[i], diags);
	for (size_t i = 0; i < node->pairs.n; i++)
		status |= tw_interpolate_tree(
			vars, node->pairs.v[i].value, diags);
	if (node->kind != TW_YAML_SCALAR || !node->n ||
		!memchr(node->value, '$', node->n))
		return status;
	status = tw_interpolate(vars, (struct tw_str){node->value, node->n},
		node->pos, diags, &out);
	node->value = tw_arena_strndup(vars->arena, tw_buf_text(&out), out.n);
	node->n = out.n;
	node->style = out.n ? TW_YAML_PLAIN : TW_YAML_DOUBLE; /* no null */
	tw_buf_release(&out);
	return status;
}

/* The value of a line: quotes off, a comment behind a blank off. */
static struct tw_str env_value(struct tw_str value, bool *literal)
{
	value = tw_str_trim(value);
	*literal = value.n && *value.p == '\'';
	if (value.n && (*value.p == '\'' || *value.p == '"')) {
		const char *end = memchr(value.p + 1, *value.p, value.n - 1);

		if (end)
			return (struct tw_str){
				value.p + 1, (size_t)(end - value.p - 1)};
	}
	for (size_t i = 0; i + 1 < value.n; i++)
		if (value.p[i] == ' ' && value.p[i + 1] == '#')
			return tw_str_trim((struct tw_str){value.p, i});
	return value;
}

static void env_line(struct tw_variables *vars, struct tw_pos pos,
	struct tw_str line, struct tw_diags *diags)
{
	const char *eq;
	struct tw_str name, value;
	struct tw_buf out = {0};
	bool literal;

	line = tw_str_trim(line);
	if (tw_str_starts(line, "export "))
		line = tw_str_trim((struct tw_str){line.p + 7, line.n - 7});
	eq = line.n ? memchr(line.p, '=', line.n) : NULL;
	if (!eq || *line.p == '#')
		return;
	name = tw_str_trim((struct tw_str){line.p, (size_t)(eq - line.p)});
	value = env_value(
		(struct tw_str){eq + 1, line.n - (size_t)(eq + 1 - line.p)},
		&literal);
	if (literal)
		tw_buf_add(&out, value.p, value.n);
	else
		tw_interpolate(vars, value, pos, diags, &out);
	tw_map_put_n(&vars->values, name.p, name.n,
		tw_arena_strndup(vars->arena, tw_buf_text(&out), out.n));
	tw_buf_release(&out);
}

void tw_variables_parse(struct tw_variables *vars, const char *file,
	struct tw_str text, struct tw_diags *diags)
{
	struct tw_pos pos = {.file = file, .line = 1, .column = 1};

	for (; text.n; pos.line++) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;

		env_line(vars, pos, (struct tw_str){text.p, n}, diags);
		text.p += end ? n + 1 : n;
		text.n -= end ? n + 1 : n;
	}
}
