/*
 * Which commit is a change compared with? CI systems check out shallow,
 * detached merge commits and tell the rest in variables; a laptop has
 * branches. The order is in the header; each source either answers or, where
 * CI named something that this clone lacks, says what to fetch.
 */
#include "harness/git/private.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

enum { EVENT_MAX = 8 << 20 }; /* bytes; GitHub's payloads end at 25 MB */

struct search {
	struct tw_git *git;
	tw_git_env *env;
	void *context;
	git_oid head;
	git_oid *id;
	struct tw_buf *how;
	struct tw_error *error;
};

enum outcome { FOUND, NOTHING, FAILED };

static const char *variable(const struct search *s, const char *name)
{
	const char *value = s->env ? s->env(s->context, name) : NULL;

	return value && *value ? value : NULL;
}

static const char *remote_of(const struct search *s)
{
	return s->git->remote.n ? s->git->remote.p : "origin";
}

static bool have_commit(const struct search *s, const git_oid *id)
{
	git_commit *commit = NULL;
	bool have = !git_commit_lookup(&commit, s->git->repo, id);

	git_commit_free(commit);
	return have;
}

/* A full hash, so that a name that looks like one is no surprise. */
static bool read_id(const char *text, git_oid *id)
{
	return strlen(text) == GIT_OID_HEXSZ && !git_oid_fromstr(id, text);
}

/*
 * The parents as the commit names them: in a shallow clone the library may
 * say that there are none. Returns their number and gives the first.
 */
static int named_parents(const struct search *s, git_oid *first)
{
	git_commit *commit = NULL;
	const char *line;
	int n = 0;

	if (git_commit_lookup(&commit, s->git->repo, &s->head))
		return 0;
	line = git_commit_raw_header(commit);
	while (line && *line) {
		if (!strncmp(line, "parent ", 7) && !n++ &&
			git_oid_fromstrn(first, line + 7, GIT_OID_HEXSZ))
			n = 0;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	git_commit_free(commit);
	return n;
}

/* The target branch's side of a merge commit that CI made. */
static enum outcome from_merge_commit(struct search *s)
{
	const char *github = variable(s, "GITHUB_SHA");
	const char *branch = variable(s, "GITHUB_BASE_REF");
	const char *ref = variable(s, "GITHUB_REF");
	git_oid sha;

	if (!github || !branch || !read_id(github, &sha) ||
		!git_oid_equal(&sha, &s->head) || named_parents(s, s->id) < 2)
		return NOTHING;
	if (have_commit(s, s->id)) {
		tw_buf_printf(s->how,
			"the side of %s in the merge commit of the pull "
			"request (GITHUB_BASE_REF)",
			branch);
		return FOUND;
	}
	tw_fail(s->error, TW_E_RUN,
		"this clone has the pull request's merge commit but not its "
		"parents: git fetch --depth=2 %s %s (or `fetch-depth: 2` for "
		"actions/checkout)",
		remote_of(s), ref ? ref : github);
	return FAILED;
}

/* GitLab says the commit itself. */
static enum outcome from_gitlab_commit(struct search *s, const char *name)
{
	const char *sha = variable(s, name);

	if (!sha)
		return NOTHING;
	if (!read_id(sha, s->id)) {
		tw_fail(s->error, TW_E_RUN, "%s is not a commit's id: '%s'",
			name, sha);
		return FAILED;
	}
	if (have_commit(s, s->id)) {
		tw_buf_add_text(s->how, name);
		return FOUND;
	}
	tw_fail(s->error, TW_E_RUN,
		"this clone does not have commit %.12s (%s): git fetch "
		"--depth=1 %s %s (or the job's variable GIT_DEPTH: 0)",
		sha, name, remote_of(s), sha);
	return FAILED;
}

/* The merge base of HEAD and `tip`, which is called `name`. */
static enum outcome base_with(struct search *s, const git_oid *tip,
	const char *name, const char *branch, const char *why)
{
	int rc = git_merge_base(s->id, s->git->repo, &s->head, tip);

	if (!rc) {
		tw_buf_printf(s->how, "merge base of HEAD and %s%s%s%s", name,
			why ? " (" : "", why ? why : "", why ? ")" : "");
		return FOUND;
	}
	if (s->git->shallow)
		tw_fail(s->error, TW_E_RUN,
			"this clone is too shallow to hold the merge base of "
			"HEAD and %s: git fetch --unshallow %s "
			"+refs/heads/%s:refs/remotes/%s/%s%s",
			name, remote_of(s), branch, remote_of(s), branch,
			variable(s, "GITHUB_ACTIONS")
				? " (or `fetch-depth: 0` for actions/checkout)"
			: variable(s, "GITLAB_CI")
				? " (or the job's variable GIT_DEPTH: 0)"
				: "");
	else if (rc == GIT_ENOTFOUND)
		tw_fail(s->error, TW_E_USAGE,
			"HEAD and %s have no commit in common; say what to "
			"compare with: --baseline REF",
			name);
	else
		tw_fail(s->error, TW_E_RUN, "the merge base of HEAD and %s: %s",
			name, tw_git_message());
	return FAILED;
}

/* pull_request.base.sha of the event that GitHub wrote to a file. */
static bool github_base_sha(struct search *s, git_oid *id)
{
	const char *path = variable(s, "GITHUB_EVENT_PATH");
	FILE *file = path ? fopen(path, "rb") : NULL;
	struct tw_buf text = {0};
	const cJSON *sha;
	cJSON *event;
	char chunk[8192];
	size_t got;
	bool ok;

	if (!file)
		return false;
	while (text.n < EVENT_MAX &&
		(got = fread(chunk, 1, sizeof chunk, file)) > 0)
		tw_buf_add(&text, chunk, got);
	fclose(file);
	event = cJSON_Parse(tw_buf_text(&text));
	sha = cJSON_GetObjectItemCaseSensitive(event, "pull_request");
	sha = cJSON_GetObjectItemCaseSensitive(sha, "base");
	sha = cJSON_GetObjectItemCaseSensitive(sha, "sha");
	ok = cJSON_IsString(sha) && read_id(sha->valuestring, id) &&
	     have_commit(s, id);
	cJSON_Delete(event);
	tw_buf_release(&text);
	return ok;
}

/* A branch by its short name: the remote's first, it is the newer one. */
static bool find_branch(
	struct search *s, const char *branch, git_oid *tip, struct tw_buf *name)
{
	bool found;

	tw_buf_printf(name, "refs/remotes/%s/%s", remote_of(s), branch);
	found = !tw_git_lookup(s->git, name->p, tip);
	if (!found) {
		tw_buf_clear(name);
		tw_buf_printf(name, "refs/heads/%s", branch);
		found = !tw_git_lookup(s->git, name->p, tip);
	}
	return found;
}

/* "refs/remotes/origin/main" -> "origin/main", "refs/heads/x" -> "x". */
static const char *short_name(const char *ref)
{
	if (!strncmp(ref, "refs/remotes/", 13))
		return ref + 13;
	return strncmp(ref, "refs/heads/", 11) ? ref : ref + 11;
}

/* The branch that CI's variable names. */
static enum outcome from_ci_branch(struct search *s, const char *why)
{
	const char *branch = variable(s, why);
	struct tw_buf name = {0};
	enum outcome outcome = FAILED;
	git_oid tip;

	if (!branch)
		return NOTHING;
	if (find_branch(s, branch, &tip, &name))
		outcome = base_with(s, &tip, short_name(name.p), branch, why);
	else if (!strcmp(why, "GITHUB_BASE_REF") && github_base_sha(s, &tip))
		outcome = base_with(s, &tip, "pull_request.base.sha", branch,
			"GITHUB_EVENT_PATH");
	else
		tw_fail(s->error, TW_E_RUN,
			"this clone does not have the branch '%s' (%s): git "
			"fetch %s%s +refs/heads/%s:refs/remotes/%s/%s",
			branch, why, s->git->shallow ? "--unshallow " : "",
			remote_of(s), branch, remote_of(s), branch);
	tw_buf_release(&name);
	return outcome;
}

/*
 * The upstream branch, where it is another branch than the remote's copy of
 * this one: that is what was pushed last, not what it goes to.
 */
static enum outcome from_upstream(struct search *s)
{
	git_reference *head = NULL, *upstream = NULL;
	enum outcome outcome = NOTHING;
	const char *name, *branch, *slash;

	if (!git_repository_head(&head, s->git->repo) &&
		git_reference_is_branch(head) &&
		!git_branch_upstream(&upstream, head)) {
		name = short_name(git_reference_name(upstream));
		slash = git_reference_is_remote(upstream) ? strchr(name, '/')
							  : NULL;
		branch = slash ? slash + 1 : name;
		if (strcmp(branch, git_reference_shorthand(head)) &&
			git_reference_target(upstream))
			outcome = base_with(s, git_reference_target(upstream),
				name, branch, "the upstream branch");
	}
	git_reference_free(upstream);
	git_reference_free(head);
	return outcome;
}

/* The remote's default branch, as the clone recorded it. */
static enum outcome from_remote_head(struct search *s)
{
	struct tw_buf name = {0};
	git_reference *link = NULL;
	enum outcome outcome = NOTHING;
	const char *target, *branch;
	git_oid tip;

	tw_buf_printf(&name, "refs/remotes/%s/HEAD", remote_of(s));
	if (!git_reference_lookup(&link, s->git->repo, name.p) &&
		!tw_git_lookup(s->git, name.p, &tip)) {
		target = git_reference_symbolic_target(link);
		target = short_name(target ? target : name.p);
		branch = strchr(target, '/');
		outcome = base_with(
			s, &tip, target, branch ? branch + 1 : target, NULL);
	}
	git_reference_free(link);
	tw_buf_release(&name);
	return outcome;
}

static enum outcome from_usual_names(struct search *s)
{
	const char *const usual[] = {"main", "master"};
	enum outcome outcome = NOTHING;

	for (size_t i = 0; i < 2 && outcome == NOTHING; i++) {
		struct tw_buf name = {0};
		git_oid tip;

		if (find_branch(s, usual[i], &tip, &name))
			outcome = base_with(
				s, &tip, short_name(name.p), usual[i], NULL);
		tw_buf_release(&name);
	}
	return outcome;
}

int tw_git_merge_base(struct tw_git *git, tw_git_env *env, void *context,
	git_oid *id, struct tw_buf *how, struct tw_error *error)
{
	struct search s = {.git = git,
		.env = env,
		.context = context,
		.id = id,
		.how = how,
		.error = error};
	enum outcome outcome;

	if (tw_git_lookup(git, "HEAD", &s.head))
		return tw_fail(error, TW_E_USAGE,
			"the repository has no commit yet to compare with");
	outcome = from_merge_commit(&s);
	if (outcome == NOTHING)
		outcome = from_gitlab_commit(
			&s, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA");
	if (outcome == NOTHING)
		outcome = from_gitlab_commit(
			&s, "CI_MERGE_REQUEST_DIFF_BASE_SHA");
	if (outcome == NOTHING)
		outcome = from_ci_branch(&s, "GITHUB_BASE_REF");
	if (outcome == NOTHING)
		outcome = from_ci_branch(
			&s, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME");
	if (outcome == NOTHING)
		outcome = from_ci_branch(&s, "CI_DEFAULT_BRANCH");
	if (outcome == NOTHING)
		outcome = from_upstream(&s);
	if (outcome == NOTHING)
		outcome = from_remote_head(&s);
	if (outcome == NOTHING)
		outcome = from_usual_names(&s);
	if (outcome == NOTHING)
		tw_fail(error, TW_E_USAGE,
			"no branch to compare with: there is no upstream "
			"branch, no %s/HEAD, no main and no master; say it: "
			"--baseline REF",
			remote_of(&s));
	return outcome == FOUND ? 0 : -1;
}
