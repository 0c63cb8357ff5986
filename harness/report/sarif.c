#include "harness/report/sarif.h"

#include "harness/gate/check.h"
#include "harness/json/writer.h"
#include "harness/report/notes.h"
#include "harness/report/opinion.h"
#include "twins/base/hash.h"

#include <stdio.h>

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

/* What has no rule of its own: a file that cannot be read as it stands. */
#define INVALID "invalid"
#define FAILED	"check-failed"
#define UNKNOWN "check-inconclusive"

struct result {
	const char *rule, *level, *words;
	uint64_t identity; /* the same while lines and figures move */
	struct tw_pos pos;
	struct tw_pos check; /* line > 0: the check, where that is elsewhere */
};

struct doc {
	const struct tw_sarif *sarif;
	struct tw_arena arena;
	struct tw_json_writer w;
	TW_VEC(struct result) results;
	struct tw_map rules;  /* id -> index + 1, of those that are used */
	struct tw_map prints; /* a fingerprint -> how often it was given */
};

static const struct tw_sarif_rule own_rules[] = {
	{INVALID, "what cannot be read, or is not what is expected there"},
	{FAILED, "a check of the gate that failed"},
	{UNKNOWN, "a check of the gate for which the evidence is too weak"},
	{"judge-failed",
		"another tool's judge, which counts, fails the change"},
	{"judge-inconclusive",
		"another tool's judge, which counts, cannot decide"},
	{TW_REASON_NOT_STARTED, "a candidate that would not start"},
	{"blind", "a change of which the twin models nothing"},
	{"address", "a call that the manifests no longer vouch for"},
	{"undecided routes",
		"routes that ask for what the traffic does not tell"},
	{"lost", "requests that have nowhere to go any more"},
	{"no-traffic", "a gate without traffic"},
	{"incomplete", "a capture of which too much could not be replayed"},
	{"late", "requests that were sent too late"},
	{"overflow", "requests that were refused since too many were there"},
	{"rollout", "a rollout that did not end in time"},
	{"no-checks", "a gate without a check that applies"},
};

static const char *about(const struct doc *doc, const char *id)
{
	for (size_t i = 0; i < sizeof own_rules / sizeof *own_rules; i++)
		if (!strcmp(id, own_rules[i].id))
			return own_rules[i].about;
	for (size_t i = 0; i < doc->sarif->n_rules; i++)
		if (!strcmp(id, doc->sarif->rules[i].id))
			return doc->sarif->rules[i].about;
	return id;
}

/* ---- what there is to tell ---------------------------------------------- */

static void add(struct doc *doc, struct result result)
{
	if (!tw_map_get(&doc->rules, result.rule))
		tw_map_put(
			&doc->rules, result.rule, (void *)(doc->rules.n + 1));
	tw_vec_push_in(&doc->arena, &doc->results, result);
}

/* Of a rule, of where it is as far as that stays, and of what. */
static uint64_t identity(const char *rule, const char *file, const char *what)
{
	return tw_hash_combine(tw_hash_name(rule),
		tw_hash_combine(
			tw_hash_name(file ? file : ""), tw_hash_name(what)));
}

static const char *text_of(struct doc *doc, struct tw_buf *words)
{
	const char *text;

	while (words->n && words->p[words->n - 1] == '\n')
		words->p[--words->n] = '\0';
	text = tw_arena_strdup(&doc->arena, tw_buf_text(words));
	tw_buf_release(words);
	return text;
}

static void add_finding(struct doc *doc, const struct tw_diag *diag)
{
	static const char *const levels[] = {"error", "warning", "note"};
	const char *rule = diag->rule ? diag->rule : INVALID;
	struct tw_buf words = {0};

	tw_buf_add_text(&words, diag->message);
	if (diag->why)
		tw_buf_printf(&words, ": %s", diag->why);
	if (diag->hint)
		tw_buf_printf(&words, " (%s)", diag->hint);
	add(doc, (struct result){.rule = rule,
			 .level = levels[diag->severity],
			 .words = text_of(doc, &words),
			 .identity =
				 identity(rule, diag->pos.file, diag->message),
			 .pos = diag->pos});
}

/* A result of a scenario, at what had to be undone for it to pass. */
static void add_verdict(struct doc *doc,
	const struct tw_scenario_result *scenario, const char *rule,
	enum tw_verdict verdict, struct tw_pos of, const char *name,
	struct tw_buf *words)
{
	struct result result = {.rule = rule,
		.level = verdict == TW_VERDICT_FAIL ? "error" : "warning",
		.identity = identity(rule, of.file, name),
		.pos = tw_notes_place(scenario, of)};

	if (scenario->undone)
		tw_buf_printf(words, "\nundo: %s", scenario->undone->text);
	if (scenario->reproduce)
		tw_buf_printf(words, "\nagain: %s", scenario->reproduce);
	if (result.pos.file != of.file || result.pos.line != of.line) {
		result.check = of;
		tw_buf_add_text(words, "\nasked by [the check](1)");
	}
	result.words = text_of(doc, words);
	add(doc, result);
}

static void add_group(struct doc *doc,
	const struct tw_scenario_result *scenario,
	const struct tw_check_result *check, const struct tw_group *group)
{
	const char *name = tw_arena_printf(&doc->arena, "%s: %s%s%s",
		scenario->name, check->check->text,
		group->title[0] ? " of " : "", group->title);
	struct tw_buf words = {0};

	tw_buf_printf(&words, "%s: %s", name, group->why);
	if (group->advice)
		tw_buf_printf(&words, " (%s)", group->advice);
	if (group->blame && group->blame->guilty)
		tw_buf_printf(&words, "\nguilty: %s", group->blame->text);
	add_verdict(doc, scenario,
		group->verdict == TW_VERDICT_FAIL ? FAILED : UNKNOWN,
		group->verdict, check->check->pos, name, &words);
}

static void add_opinion(struct doc *doc,
	const struct tw_scenario_result *scenario, const struct tw_opinion *it)
{
	const char *name = tw_arena_printf(&doc->arena, "%s: %s",
		scenario->name, tw_opinion_name(it, &doc->arena));
	struct tw_pos pos = {.file = it->file};
	struct tw_buf words = {0};

	tw_buf_printf(&words, "%s: %s", scenario->name,
		tw_opinion_text(it, &doc->arena));
	for (size_t i = 0; i < it->lines.n; i++)
		if (it->lines.v[i].verdict == it->verdict) {
			if (!pos.line && it->lines.v[i].pos.file)
				pos = it->lines.v[i].pos;
			tw_buf_printf(&words, "\n%s",
				tw_opinion_line_text(
					it, &it->lines.v[i], &doc->arena));
		}
	add_verdict(doc, scenario,
		it->verdict == TW_VERDICT_FAIL ? "judge-failed"
					       : "judge-inconclusive",
		it->verdict, pos, name, &words);
}

static void add_scenario(
	struct doc *doc, const struct tw_scenario_result *scenario)
{
	for (size_t c = 0; c < scenario->checks.n; c++) {
		const struct tw_check_result *check = scenario->checks.v[c];

		for (size_t g = 0; !check->check->muted && g < check->groups.n;
			g++)
			if (check->groups.v[g]->verdict != TW_VERDICT_PASS)
				add_group(doc, scenario, check,
					check->groups.v[g]);
	}
	for (size_t i = 0; i < scenario->opinions.n; i++)
		if (scenario->opinions.v[i]->gates &&
			scenario->opinions.v[i]->verdict != TW_VERDICT_PASS)
			add_opinion(doc, scenario, scenario->opinions.v[i]);
}

static void add_reason(struct doc *doc, const struct tw_gate_reason *reason)
{
	struct tw_buf words = {0};

	tw_buf_add_text(&words, reason->text);
	if (reason->advice)
		tw_buf_printf(&words, " (%s)", reason->advice);
	add(doc, (struct result){.rule = reason->name,
			 .level = reason->fails ? "error" : "warning",
			 .words = text_of(doc, &words),
			 .identity = identity(reason->name, NULL, "")});
}

/* ---- how it is written -------------------------------------------------- */

static void member(struct doc *doc, const char *key, const char *value)
{
	tw_json_key(&doc->w, key);
	tw_json_string(&doc->w, value);
}

/* {"text": …} */
static void text(struct doc *doc, const char *key, const char *value)
{
	tw_json_key(&doc->w, key);
	tw_json_object(&doc->w);
	member(doc, "text", value);
	tw_json_end(&doc->w);
}

/* A sentence from a noun phrase. */
static void sentence(const char *words, struct tw_buf *to)
{
	if (*words >= 'a' && *words <= 'z') {
		tw_buf_add_char(to, (char)(*words - 32));
		words++;
	}
	tw_buf_printf(to, "%s.", words);
}

static bool is_own(const char *id)
{
	for (size_t i = 1; i < sizeof own_rules / sizeof *own_rules; i++)
		if (!strcmp(id, own_rules[i].id))
			return true;
	return false;
}

static void write_rule(struct doc *doc, const char *id)
{
	struct tw_buf words = {0};

	sentence(about(doc, id), &words);
	tw_json_object(&doc->w);
	member(doc, "id", id);
	text(doc, "shortDescription", tw_buf_text(&words));
	text(doc, "fullDescription", tw_buf_text(&words));
	tw_buf_printf(&words, " See the manual, docs/%s, for what is meant.",
		is_own(id) ? "checks.md" : "manifests.md");
	text(doc, "help", tw_buf_text(&words));
	tw_json_end(&doc->w);
	tw_buf_release(&words);
}

static void write_tool(struct doc *doc)
{
	tw_json_key(&doc->w, "tool");
	tw_json_object(&doc->w);
	tw_json_key(&doc->w, "driver");
	tw_json_object(&doc->w);
	member(doc, "name", "twinrig");
	member(doc, "version", doc->sarif->version);
	tw_json_key(&doc->w, "rules");
	tw_json_array(&doc->w);
	for (size_t i = 0; i < doc->rules.n; i++)
		write_rule(doc, doc->rules.v[i].key);
	tw_json_end(&doc->w);
	tw_json_end(&doc->w);
	tw_json_end(&doc->w);
}

/* RFC 3986: what a path may hold as it is. */
static void add_uri(struct tw_buf *to, const char *path)
{
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || strchr("-._~/", c);

		if (plain)
			tw_buf_add_char(to, (char)c);
		else
			tw_buf_printf(to, "%%%02X", c);
	}
}

/* All four, which GitHub asks for. */
static void write_region(struct doc *doc, struct tw_pos pos)
{
	int line = pos.line > 0 ? pos.line : 1;
	int column = pos.line > 0 && pos.column > 0 ? pos.column : 1;

	tw_json_key(&doc->w, "region");
	tw_json_object(&doc->w);
	tw_json_put_int(&doc->w, "startLine", line);
	tw_json_put_int(&doc->w, "startColumn", column);
	tw_json_put_int(&doc->w, "endLine", line);
	tw_json_put_int(
		&doc->w, "endColumn", column + (pos.width > 0 ? pos.width : 1));
	tw_json_end(&doc->w);
}

static void write_place(struct doc *doc, struct tw_pos pos)
{
	const char *file = pos.file ? pos.file : doc->sarif->config;
	const char *root = doc->sarif->root;
	struct tw_buf uri = {0};

	if (*file == '/')
		tw_buf_add_text(&uri, "file://");
	else if (root && *root) {
		add_uri(&uri, root);
		tw_buf_add_char(&uri, '/');
	}
	add_uri(&uri, file);
	tw_json_key(&doc->w, "physicalLocation");
	tw_json_object(&doc->w);
	tw_json_key(&doc->w, "artifactLocation");
	tw_json_object(&doc->w);
	member(doc, "uri", tw_buf_text(&uri));
	tw_json_end(&doc->w);
	write_region(doc, pos);
	tw_json_end(&doc->w);
	tw_buf_release(&uri);
}

static void write_locations(struct doc *doc, const struct result *result)
{
	tw_json_key(&doc->w, "locations");
	tw_json_array(&doc->w);
	tw_json_object(&doc->w);
	write_place(doc, result->pos);
	tw_json_end(&doc->w);
	tw_json_end(&doc->w);
	if (!result->check.line)
		return;
	tw_json_key(&doc->w, "relatedLocations");
	tw_json_array(&doc->w);
	tw_json_object(&doc->w);
	tw_json_put_int(&doc->w, "id", 1);
	write_place(doc, result->check);
	text(doc, "message", "the check");
	tw_json_end(&doc->w);
	tw_json_end(&doc->w);
}

/* The one print that GitHub looks at. Left out, its upload would make one of
 * the line alone, and take all that is told of a line for one alert. Those that
 * are alike are numbered, as there. */
static void write_fingerprint(struct doc *doc, uint64_t identity)
{
	char hex[17];
	struct tw_buf print = {0};
	uintptr_t n;

	snprintf(hex, sizeof hex, "%016llx", (unsigned long long)identity);
	n = (uintptr_t)tw_map_get(&doc->prints, hex) + 1;
	tw_map_put(&doc->prints, tw_arena_strdup(&doc->arena, hex), (void *)n);
	tw_buf_printf(&print, "%s:%zu", hex, (size_t)n);
	tw_json_key(&doc->w, "partialFingerprints");
	tw_json_object(&doc->w);
	member(doc, "primaryLocationLineHash", tw_buf_text(&print));
	tw_json_end(&doc->w);
	tw_buf_release(&print);
}

static void write_result(struct doc *doc, const struct result *it)
{
	tw_json_object(&doc->w);
	member(doc, "ruleId", it->rule);
	tw_json_key(&doc->w, "ruleIndex");
	tw_json_uint(&doc->w, (uintptr_t)tw_map_get(&doc->rules, it->rule) - 1);
	member(doc, "level", it->level);
	text(doc, "message", it->words);
	write_locations(doc, it);
	write_fingerprint(doc, it->identity);
	tw_json_end(&doc->w);
}

static void collect(struct doc *doc)
{
	const struct tw_gate_result *gate = doc->sarif->gate;

	for (size_t i = 0; i < doc->sarif->findings.n; i++)
		add_finding(doc, doc->sarif->findings.v[i]);
	for (size_t i = 0; gate && i < gate->scenarios.n; i++)
		add_scenario(doc, gate->scenarios.v[i]);
	for (size_t i = 0; gate && i < gate->reasons.n; i++)
		add_reason(doc, &gate->reasons.v[i]);
}

void tw_sarif_write(const struct tw_sarif *sarif, struct tw_buf *out)
{
	struct doc doc = {.sarif = sarif};

	tw_arena_init(&doc.arena);
	tw_map_init(&doc.rules, NULL);
	tw_map_init(&doc.prints, NULL);
	collect(&doc);
	tw_json_writer_init(&doc.w, out, true);
	tw_json_object(&doc.w);
	member(&doc, "$schema", SCHEMA);
	member(&doc, "version", "2.1.0");
	tw_json_key(&doc.w, "runs");
	tw_json_array(&doc.w);
	tw_json_object(&doc.w);
	write_tool(&doc);
	member(&doc, "columnKind", "unicodeCodePoints");
	tw_json_key(&doc.w, "results");
	tw_json_array(&doc.w);
	for (size_t i = 0; i < doc.results.n; i++)
		write_result(&doc, &doc.results.v[i]);
	tw_json_end(&doc.w);
	tw_json_end(&doc.w);
	tw_json_end(&doc.w);
	tw_json_end(&doc.w);
	tw_json_finish(&doc.w);
	tw_map_release(&doc.prints);
	tw_map_release(&doc.rules);
	tw_arena_release(&doc.arena);
}
