/*
 * Push and fetch. What libgit2 reaches by itself: paths, file://, git://,
 * http(s) without a login, ssh with an agent's keys. For the rest git knows
 * how to log in, and the error says what to run.
 */
#include "harness/git/objects.h"

#include "harness/git/private.h"

#include <stdio.h>

const char *tw_git_remote(const struct tw_git *git)
{
	return tw_buf_text(&git->remote);
}

struct transfer {
	size_t changed;
	bool asked; /* for a login, once already */
	char refused[256];
};

static int login(git_credential **out, const char *url, const char *user,
	unsigned int allowed, void *payload)
{
	struct transfer *transfer = payload;

	(void)url;
	if (transfer->asked || !(allowed & GIT_CREDENTIAL_SSH_KEY))
		return GIT_EAUTH;
	transfer->asked = true;
	return git_credential_ssh_key_from_agent(out, user ? user : "git");
}

static int pushed(const char *ref, const char *status, void *payload)
{
	struct transfer *transfer = payload;

	if (status)
		snprintf(transfer->refused, sizeof transfer->refused, "%s: %s",
			ref, status);
	else
		transfer->changed++;
	return 0;
}

static int updated(const char *ref, const git_oid *before, const git_oid *after,
	void *payload)
{
	struct transfer *transfer = payload;

	(void)ref;
	(void)before;
	(void)after;
	transfer->changed++;
	return 0;
}

static void set_callbacks(
	git_remote_callbacks *callbacks, struct transfer *transfer)
{
	callbacks->credentials = login;
	callbacks->push_update_reference = pushed;
	callbacks->update_tips = updated;
	callbacks->payload = transfer;
}

/* A remote's name, or else a URL or a path. */
static int open_remote(struct tw_git *git, const char *name, git_remote **to)
{
	int rc = git_remote_lookup(to, git->repo, name);

	if (rc == GIT_ENOTFOUND || rc == GIT_EINVALIDSPEC)
		rc = git_remote_create_anonymous(to, git->repo, name);
	return rc;
}

static int fail(const char *verb, const char *remote, const char *prefix,
	const struct transfer *transfer, struct tw_error *error)
{
	return tw_fail(error, TW_E_RUN,
		"%s '%s': %s; git itself may know how: git %s %s '%s%s*:%s*'",
		verb, remote,
		transfer->refused[0] ? transfer->refused : tw_git_message(),
		verb, remote, strcmp(verb, "fetch") ? "" : "+", prefix, prefix);
}

int tw_git_push(struct tw_git *git, const char *remote, const char *prefix,
	size_t *done, struct tw_error *error)
{
	git_push_options options;
	struct transfer transfer = {0};
	struct tw_git_refs refs = {0};
	git_strarray specs = {0};
	git_remote *it = NULL;
	int rc = tw_git_refs_list(git, prefix, &refs, NULL, error);

	if (rc)
		return rc;
	git_push_options_init(&options, GIT_PUSH_OPTIONS_VERSION);
	set_callbacks(&options.callbacks, &transfer);
	specs.strings = tw_calloc(refs.list.n + 1, sizeof *specs.strings);
	for (size_t i = 0; i < refs.list.n; i++) {
		struct tw_buf spec = {0};

		tw_buf_printf(&spec, "+%s:%s", refs.list.v[i].name,
			refs.list.v[i].name);
		specs.strings[specs.count++] = spec.p; /* moved */
	}
	rc = open_remote(git, remote, &it);
	if (!rc && specs.count)
		rc = git_remote_push(it, &specs, &options);
	if (rc || transfer.refused[0])
		rc = fail("push", remote, prefix, &transfer, error);
	git_remote_free(it);
	for (size_t i = 0; i < specs.count; i++)
		tw_free(specs.strings[i]);
	tw_free(specs.strings);
	tw_git_refs_release(&refs);
	if (done)
		*done = transfer.changed;
	return rc;
}

int tw_git_fetch(struct tw_git *git, const char *remote, const char *prefix,
	size_t *done, struct tw_error *error)
{
	git_fetch_options options;
	struct transfer transfer = {0};
	struct tw_buf spec = {0};
	git_remote *it = NULL;
	char *one;
	int rc;

	tw_buf_printf(&spec, "+%s*:%s*", prefix, prefix);
	one = spec.p;
	git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
	set_callbacks(&options.callbacks, &transfer);
	options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	rc = open_remote(git, remote, &it);
	if (!rc)
		rc = git_remote_fetch(it, &(git_strarray){&one, 1}, &options,
			"twinrig: fetch");
	if (rc)
		rc = fail("fetch", remote, prefix, &transfer, error);
	git_remote_free(it);
	tw_buf_release(&spec);
	if (done)
		*done = transfer.changed;
	return rc;
}
