#include "harness/report/sarif.h"

#include "harness/gate/check.h"
#include "harness/json/writer.h"
#include "twins/base/hash.h"

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

/* What has no rule of its own: a file that cannot be read as it stands. */
#define INVALID "invalid"
#define FAILED	"check-failed"
#define UNKNOWN "check-inconclusive"

struct doc {
	const struct tw_sarif *sarif;
	struct tw_json_writer w;
	struct tw_map rules; /* id -> index + 1, of those that are used */
};

static const struct tw_sarif_rule own_rules[] = {
	{INVALID, "what cannot be read, or is not what is expected there"},
	{FAILED, "a check of the gate that failed"},
	{UNKNOWN, "a check of the gate for which the evidence is too weak"},
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

static const char *rule_of(const struct tw_diag *diag)
{
	return diag->rule ? diag->rule : INVALID;
}

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

static void write_rule(struct doc *doc, const char *id)
{
	struct tw_buf words = {0};

	sentence(about(doc, id), &words);
	tw_json_object(&doc->w);
	member(doc, "id", id);
	text(doc, "shortDescription", tw_buf_text(&words));
	tw_buf_add_text(
		&words, " See the manual, docs/manifests.md, for what is meant.");
	text(doc, "help", tw_buf_text(&words));
	tw_json_end(&doc->w);
	tw_buf_release(&words);
}

/* Whether a rule is used for the first time. */
static void use_rule(struct doc *doc, const char *id)
{
	if (!tw_map_get(&doc->rules, id))
		tw_map_put(&doc->rules, id, (void *)(doc->rules.n + 1));
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

static void write_region(struct doc *doc, struct tw_pos pos)
{
	tw_json_key(&doc->w, "region");
	tw_json_object(&doc->w);
	tw_json_key(&doc->w, "startLine");
	tw_json_int(&doc->w, pos.line > 0 ? pos.line : 1);
	if (pos.line > 0 && pos.column > 0) {
		tw_json_key(&doc->w, "startColumn");
		tw_json_int(&doc->w, pos.column);
		tw_json_key(&doc->w, "endColumn");
		tw_json_int(
			&doc->w, pos.column + (pos.width > 0 ? pos.width : 1));
	}
	tw_json_end(&doc->w);
}

static void write_locations(struct doc *doc, struct tw_pos pos)
{
	const char *directory = doc->sarif->directory;
	struct tw_buf uri = {0};

	while (!strncmp(directory, "./", 2))
		directory += 2;
	if (*directory && strcmp(directory, ".") && *directory != '/') {
		add_uri(&uri, directory);
		tw_buf_add_char(&uri, '/');
	}
	add_uri(&uri, pos.file ? pos.file : doc->sarif->config);
	tw_json_key(&doc->w, "locations");
	tw_json_array(&doc->w);
	tw_json_object(&doc->w);
	tw_json_key(&doc->w, "physicalLocation");
	tw_json_object(&doc->w);
	tw_json_key(&doc->w, "artifactLocation");
	tw_json_object(&doc->w);
	member(doc, "uri", tw_buf_text(&uri));
	tw_json_end(&doc->w);
	write_region(doc, pos);
	tw_json_end(&doc->w);
	tw_json_end(&doc->w);
	tw_json_end(&doc->w);
	tw_buf_release(&uri);
}

/* The same finding keeps its identity when lines move. */
static void write_fingerprint(
	struct doc *doc, const char *rule, struct tw_pos pos, const char *words)
{
	uint64_t hash = tw_hash_combine(tw_hash_name(rule),
		tw_hash_combine(tw_hash_name(pos.file ? pos.file : ""),
			tw_hash_name(words)));
	struct tw_buf hex = {0};

	tw_buf_printf(&hex, "%016llx", (unsigned long long)hash);
	tw_json_key(&doc->w, "partialFingerprints");
	tw_json_object(&doc->w);
	member(doc, "twinrig/v1", tw_buf_text(&hex));
	tw_json_end(&doc->w);
	tw_buf_release(&hex);
}

static void write_result(struct doc *doc, const char *rule, const char *level,
	struct tw_pos pos, const char *words, const char *identity)
{
	tw_json_object(&doc->w);
	member(doc, "ruleId", rule);
	tw_json_key(&doc->w, "ruleIndex");
	tw_json_uint(&doc->w, (uintptr_t)tw_map_get(&doc->rules, rule) - 1);
	member(doc, "level", level);
	text(doc, "message", words);
	write_locations(doc, pos);
	write_fingerprint(doc, rule, pos, identity);
	tw_json_end(&doc->w);
}

static void write_finding(struct doc *doc, const struct tw_diag *diag)
{
	static const char *const levels[] = {"error", "warning", "note"};
	struct tw_buf words = {0};

	tw_buf_add_text(&words, diag->message);
	if (diag->why)
		tw_buf_printf(&words, ": %s", diag->why);
	if (diag->hint)
		tw_buf_printf(&words, " (%s)", diag->hint);
	write_result(doc, rule_of(diag), levels[diag->severity], diag->pos,
		tw_buf_text(&words), diag->message);
	tw_buf_release(&words);
}

/* ---- verdicts --------------------------------------------------------- */

typedef void on_group(struct doc *doc, const struct tw_scenario_result *,
	const struct tw_check_result *, const struct tw_group *);

static bool is_told(
	const struct tw_check_result *check, const struct tw_group *group)
{
	return !check->check->muted && group->verdict != TW_VERDICT_PASS;
}

static void each_group(struct doc *doc, on_group *act)
{
	const struct tw_gate_result *gate = doc->sarif->gate;

	for (size_t s = 0; gate && s < gate->scenarios.n; s++) {
		const struct tw_scenario_result *it = gate->scenarios.v[s];

		for (size_t c = 0; c < it->checks.n; c++) {
			const struct tw_check_result *check = it->checks.v[c];

			for (size_t g = 0; g < check->groups.n; g++)
				if (is_told(check, check->groups.v[g]))
					act(doc, it, check, check->groups.v[g]);
		}
	}
}

static const char *rule_of_group(const struct tw_group *group)
{
	return group->verdict == TW_VERDICT_FAIL ? FAILED : UNKNOWN;
}

static void use_group(struct doc *doc, const struct tw_scenario_result *s,
	const struct tw_check_result *c, const struct tw_group *group)
{
	(void)s;
	(void)c;
	use_rule(doc, rule_of_group(group));
}

static void write_group(struct doc *doc,
	const struct tw_scenario_result *scenario,
	const struct tw_check_result *check, const struct tw_group *group)
{
	bool failed = group->verdict == TW_VERDICT_FAIL;
	struct tw_buf words = {0}, identity = {0};

	tw_buf_printf(&identity, "%s: %s%s%s", scenario->name,
		check->check->text, group->title[0] ? " of " : "",
		group->title);
	tw_buf_printf(&words, "%s: %s", tw_buf_text(&identity), group->why);
	if (group->advice)
		tw_buf_printf(&words, " (%s)", group->advice);
	write_result(doc, rule_of_group(group), failed ? "error" : "warning",
		check->check->pos, tw_buf_text(&words), tw_buf_text(&identity));
	tw_buf_release(&words);
	tw_buf_release(&identity);
}

void tw_sarif_write(const struct tw_sarif *sarif, struct tw_buf *out)
{
	struct doc doc = {.sarif = sarif};

	tw_map_init(&doc.rules, NULL);
	for (size_t i = 0; i < sarif->findings.n; i++)
		use_rule(&doc, rule_of(sarif->findings.v[i]));
	each_group(&doc, use_group);
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
	for (size_t i = 0; i < sarif->findings.n; i++)
		write_finding(&doc, sarif->findings.v[i]);
	each_group(&doc, write_group);
	tw_json_end(&doc.w);
	tw_json_end(&doc.w);
	tw_json_end(&doc.w);
	tw_json_end(&doc.w);
	tw_json_finish(&doc.w);
	tw_map_release(&doc.rules);
}
