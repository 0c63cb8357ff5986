/* Schedules and workflows of Chaos Mesh: when its experiments begin. */
#include "harness/chaos/reader.h"

#include <string.h>

#define DEPTH_MAX  32
#define FAULTS_MAX 1000
#define RUNS_MAX   10000

/* "PodChaos" -> "podChaos", the key that holds its spec: the capitals that
 * it begins with, but the one before a small letter. */
static const char *spec_key(struct chaos_reader *reader, const char *kind)
{
	char *key = tw_arena_strdup(reader->arena, kind);

	for (size_t i = 0; key[i] >= 'A' && key[i] <= 'Z' &&
			   !(i && key[i + 1] >= 'a' && key[i + 1] <= 'z');
		i++)
		key[i] = (char)(key[i] - 'A' + 'a');
	return key;
}

/* robfig/cron: "@every DURATION"; of cron lines those that say every minute
 * or every so many. */
static bool read_period(struct chaos_reader *reader, const struct tw_yaml *node,
	tw_time *period)
{
	const char *text = tw_yaml_text(node);
	int64_t minutes = 1;

	if (text && !strncmp(text, "@every ", 7) &&
		tw_parse_duration(tw_str_of(text + 7), period) && *period > 0)
		return true;
	if (text && !strcmp(text, "@hourly")) {
		*period = TW_H;
		return true;
	}
	if (text && text[0] == '*') {
		size_t n = text[1] == '/' ? strcspn(text, " ") : 1;

		if ((n == 1 || tw_parse_int((struct tw_str){text + 2, n - 2},
				       &minutes)) &&
			!strcmp(text + n, " * * * *") && minutes > 0 &&
			minutes < 60) {
			*period = minutes * TW_MIN;
			return true;
		}
	}
	tw_diag_hint(reader->diags,
		tw_diag(reader->diags, TW_ERROR, node->pos,
			"of schedules only periods are simulated"),
		"write '@every 30s' or '*/5 * * * *'");
	return false;
}

void chaos_schedule(struct chaos_reader *reader, const struct tw_yaml *spec)
{
	const struct tw_yaml *type = tw_yaml_get(spec, "type");
	const struct tw_yaml *when = tw_yaml_get(spec, "schedule");
	const char *kind = tw_yaml_text(type);
	const struct tw_yaml *what =
		kind ? tw_yaml_get(spec, spec_key(reader, kind)) : NULL;
	tw_time at = reader->at, lasts = reader->lasts, period;

	if (!when || !tw_yaml_is(what, TW_YAML_MAPPING)) {
		tw_diag(reader->diags, TW_ERROR, spec->pos,
			"a Schedule needs a schedule, a type and its spec");
		return;
	}
	if (!read_period(reader, when, &period))
		return;
	/* The first comes after the first period. */
	reader->every = period;
	reader->at = at + period;
	reader->lasts = 0;
	chaos_experiment(reader, kind, what, type);
	reader->every = 0;
	reader->at = at;
	reader->lasts = lasts;
}

/* ---- workflows ------------------------------------------------------ */

static const struct tw_yaml *find_template(
	const struct tw_yaml *templates, const char *name)
{
	for (size_t i = 0; i < tw_yaml_count(templates); i++) {
		const struct tw_yaml *it = tw_yaml_item(templates, i);
		const char *its = tw_yaml_text(tw_yaml_get(it, "name"));

		if (its && !strcmp(its, name))
			return it;
	}
	return NULL;
}

static tw_time run_template(struct chaos_reader *reader,
	const struct tw_yaml *templates, const struct tw_yaml *name,
	tw_time most);

/* How long the children take, one after the other or side by side. */
static tw_time run_children(struct chaos_reader *reader,
	const struct tw_yaml *templates, const struct tw_yaml *it, bool serial,
	tw_time most)
{
	const struct tw_yaml *children = tw_yaml_get(it, "children");
	tw_time from = reader->at, length = 0;

	for (size_t i = 0; i < tw_yaml_count(children); i++) {
		tw_time one;

		if (serial && most && length >= most)
			break;
		reader->at = serial ? from + length : from;
		one = run_template(reader, templates, tw_yaml_item(children, i),
			serial && most ? most - length : most);
		if (serial)
			length += one;
		else if (one > length)
			length = one;
	}
	reader->at = from;
	return length;
}

static void run_schedule(
	struct chaos_reader *reader, const struct tw_yaml *it, tw_time length)
{
	const struct tw_yaml *spec = tw_yaml_get(it, "schedule");
	size_t first = reader->to->n;

	if (!spec) {
		tw_diag(reader->diags, TW_ERROR, it->pos,
			"'schedule' is missing");
		return;
	}
	chaos_schedule(reader, spec);
	for (size_t i = first; i < reader->to->n; i++) {
		struct tw_chaos_fault *fault = reader->to->v[i];

		fault->times = length ? (length - 1) / fault->every : 1;
		if (fault->times < 1)
			fault->times = 1;
	}
}

static tw_time run_experiment(struct chaos_reader *reader, const char *type,
	const struct tw_yaml *it, tw_time length)
{
	const struct tw_yaml *spec = tw_yaml_get(it, spec_key(reader, type));

	if (!spec) {
		chaos_ignored(reader, tw_yaml_get(it, "templateType"),
			"a template of type %s is not simulated", type);
		return 0;
	}
	reader->lasts = length;
	chaos_experiment(reader, type, spec, tw_yaml_get(it, "templateType"));
	reader->lasts = 0;
	return length;
}

static tw_time run_template(struct chaos_reader *reader,
	const struct tw_yaml *templates, const struct tw_yaml *name,
	tw_time most)
{
	const char *text = tw_yaml_text(name);
	const struct tw_yaml *it = text ? find_template(templates, text) : NULL;
	const char *type = tw_yaml_text(tw_yaml_get(it, "templateType"));
	const struct tw_yaml *deadline = tw_yaml_get(it, "deadline");
	tw_time length = 0;

	if (!it || !type) {
		tw_diag(reader->diags, TW_ERROR, name->pos,
			"no template of a type is called '%s'",
			text ? text : "");
		return 0;
	}
	if (reader->runs > RUNS_MAX)
		return 0; /* told already */
	if (++reader->runs > RUNS_MAX || reader->depth == DEPTH_MAX ||
		reader->to->n > FAULTS_MAX) {
		tw_diag(reader->diags, TW_ERROR, it->pos,
			"the workflow is too deep, too large, or calls itself");
		reader->runs = RUNS_MAX + 1;
		return 0;
	}
	if (deadline && !chaos_duration(reader, deadline, &length))
		return 0;
	if (most && (!length || length > most))
		length = most;
	reader->depth++;
	if (!strcmp(type, "Serial") || !strcmp(type, "Parallel")) {
		tw_time taken = run_children(
			reader, templates, it, !strcmp(type, "Serial"), length);

		length = length && taken > length ? length : taken;
	} else if (!strcmp(type, "Schedule")) {
		run_schedule(reader, it, length);
	} else if (strcmp(type, "Suspend") != 0) {
		length = run_experiment(reader, type, it, length);
	}
	reader->depth--;
	return length;
}

void chaos_workflow(struct chaos_reader *reader, const struct tw_yaml *spec)
{
	const struct tw_yaml *entry = tw_yaml_get(spec, "entry");
	const struct tw_yaml *templates = tw_yaml_get(spec, "templates");

	if (!entry || !tw_yaml_is(templates, TW_YAML_SEQUENCE)) {
		tw_diag(reader->diags, TW_ERROR, spec->pos,
			"a Workflow needs an entry and templates");
		return;
	}
	run_template(reader, templates, entry, 0);
}
