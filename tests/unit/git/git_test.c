#include "harness/git/git.h"

#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* There only where the leak sanitizer is. */
__attribute__((weak)) void __lsan_disable(void);
__attribute__((weak)) void __lsan_enable(void);

/* A folder for one test; $D in its scripts. */
struct place {
	char dir[200];
	struct tw_buf id; /* what the last script printed */
};

/*
 * Runs a shell script in the folder and keeps its output's last line. The
 * functions: commit FILE TEXT MESSAGE, id REV.
 */
static const char *sh(struct place *place, const char *script)
{
	struct tw_buf command = {0};
	char line[512];
	FILE *pipe;

	tw_buf_printf(&command,
		"set -e; export D='%s' HOME='%s' GIT_CONFIG_NOSYSTEM=1 "
		"GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a "
		"GIT_COMMITTER_EMAIL=a@b; unset GIT_DIR GIT_WORK_TREE; "
		"cd \"$D\"; exec 2>>\"$D/log\"; commit() { mkdir -p "
		"\"$(dirname "
		"\"$1\")\"; echo \"$2\" >\"$1\"; git add -A; "
		"git commit -qm \"$3\"; }; id() { git rev-parse \"$1\"; }\n",
		place->dir, place->dir);
	tw_buf_add_text(&command, script);
	pipe = popen(command.p, "r");
	tw_buf_release(&command);
	ck_assert_ptr_nonnull(pipe);
	tw_buf_clear(&place->id);
	while (fgets(line, sizeof line, pipe)) {
		line[strcspn(line, "\n")] = '\0';
		tw_buf_clear(&place->id);
		tw_buf_add_text(&place->id, line);
	}
	ck_assert_int_eq(pclose(pipe), 0);
	return tw_buf_text(&place->id);
}

static void start(struct place *place)
{
	const char *tmp = getenv("TMPDIR");

	memset(place, 0, sizeof *place);
	snprintf(place->dir, sizeof place->dir, "%s/git-test-XXXXXX",
		tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(place->dir));
	sh(place, "git config --global init.defaultBranch main\n"
		  "git config --global protocol.file.allow always\n"
		  "git config --global advice.detachedHead false\n");
}

static void finish(struct place *place)
{
	sh(place, "cd /; rm -rf \"$D\"; exec 2>/dev/null");
	tw_buf_release(&place->id);
}

/* "NAME=value", NULL at the end. */
static const char *from_list(void *context, const char *name)
{
	const char *const *list = context;
	size_t n = strlen(name);

	for (; *list; list++)
		if (!strncmp(*list, name, n) && (*list)[n] == '=')
			return *list + n + 1;
	return NULL;
}

static struct tw_git *open_below(const struct place *place, const char *sub)
{
	struct tw_error error = {0};
	struct tw_git *git;
	char path[300];

	snprintf(path, sizeof path, "%s/%s", place->dir, sub);
	git = tw_git_open(path, &error);
	ck_assert_msg(git != NULL, "%s", error.message);
	return git;
}

/* The reference means `id` in the repository `sub`; `how` holds the text. */
static void expect(struct place *place, const char *sub, const char *ref,
	const char *const *env, const char *id, const char *how)
{
	struct tw_git *git = open_below(place, sub);
	struct tw_git_commit commit;
	struct tw_error error = {0};
	int rc = tw_git_resolve(
		git, ref, from_list, (void *)(uintptr_t)env, &commit, &error);

	ck_assert_msg(rc == 0, "%s", error.message);
	ck_assert_str_eq(commit.id, id);
	ck_assert_msg(
		strstr(commit.how, how) != NULL, "%s / %s", commit.how, how);
	tw_git_free(git);
}

/* Fails, and the message holds the text. */
static void expect_error(struct place *place, const char *sub, const char *ref,
	const char *const *env, const char *text)
{
	struct tw_git *git = open_below(place, sub);
	struct tw_git_commit commit;
	struct tw_error error = {0};

	ck_assert_int_eq(tw_git_resolve(git, ref, from_list,
				 (void *)(uintptr_t)env, &commit, &error),
		-1);
	ck_assert_msg(strstr(error.message, text) != NULL, "%s / %s",
		error.message, text);
	tw_git_free(git);
}

static const char *const no_env[] = {NULL};

/* The shell commands that an error's message ends with, run for real. */
static void follow_advice(
	struct place *place, const char *sub, const char *command)
{
	struct tw_buf script = {0};

	tw_buf_printf(&script, "cd %s; %s", sub, command);
	sh(place, script.p);
	tw_buf_release(&script);
}

/*
 * up: main A-B-E, and feature C-D from B; B is the merge base. The pull
 * request's merge commit M of E and D is refs/pull/7/merge.
 */
static void make_upstream(struct place *place)
{
	sh(place, "git init -q up; cd up; git config "
		  "uploadpack.allowAnySHA1InWant "
		  "true\n"
		  "commit app.yaml a A; commit app.yaml b B\n"
		  "git checkout -qb feature; commit app.yaml c C\n"
		  "commit deploy/x.yaml d D\n"
		  "git checkout -q main; commit other.yaml e E\n"
		  "git checkout -q --detach main; git merge -q --no-edit "
		  "feature\n"
		  "git update-ref refs/pull/7/merge HEAD\n"
		  "git checkout -q main; git tag -a v1 -m v1 main~1\n");
}

START_TEST(finds_the_merge_base_on_a_laptop)
{
	struct place place;
	char base[65], upper[65];

	start(&place);
	make_upstream(&place);
	snprintf(base, sizeof base, "%s", sh(&place, "cd up; id main~1"));
	snprintf(upper, sizeof upper, "%s", sh(&place, "cd up; id main"));
	/* No remote: the local main. */
	sh(&place, "cd up; git checkout -q feature");
	expect(&place, "up", "merge-base", no_env, base, "HEAD and main");
	/* A clone on a branch that tracks its own copy: origin/HEAD. */
	sh(&place, "git -C up checkout -q main; git clone -q up work; "
		   "cd work; git checkout -q feature");
	expect(&place, "work", "merge-base", no_env, base,
		"HEAD and origin/main");
	/* The upstream branch, where it is another one. */
	sh(&place, "cd work; git remote set-head origin -d; git checkout -qb x "
		   "-t origin/feature; commit y y Y");
	expect(&place, "work", "merge-base", no_env,
		sh(&place, "cd work; id origin/feature"),
		"origin/feature (the upstream branch)");
	/* On main itself it is HEAD. */
	sh(&place, "cd up; git checkout -q main");
	expect(&place, "up", "merge-base", no_env, upper, "main");
	finish(&place);
}
END_TEST

START_TEST(opens_bare_ones_worktrees_and_subfolders)
{
	struct place place;
	struct tw_error error;
	struct tw_git *git;
	char base[65];

	start(&place);
	make_upstream(&place);
	snprintf(base, sizeof base, "%s", sh(&place, "cd up; id main~1"));
	sh(&place, "git clone -q --bare up bare; cd up; "
		   "git worktree add -q ../tree feature");
	expect(&place, "tree", "merge-base", no_env, base, "main");
	expect(&place, "bare", "feature~2", no_env, base, "feature~2");
	expect(&place, "up", "v1", no_env, base, "v1");
	expect(&place, "up", base, no_env, base, base);
	git = open_below(&place, "tree/deploy");
	ck_assert_str_eq(tw_git_prefix(git), "deploy");
	tw_git_free(git);
	git = open_below(&place, "bare");
	ck_assert_str_eq(tw_git_prefix(git), "");
	tw_git_free(git);
	sh(&place, "mkdir plain");
	ck_assert_ptr_null(tw_git_open("/proc", &error));
	ck_assert_int_eq(error.code, TW_E_USAGE);
	sh(&place, "git init -q empty");
	expect_error(&place, "empty", "merge-base", no_env, "no commit yet");
	finish(&place);
}
END_TEST

/* actions/checkout: one commit, detached, the pull request's merge. */
START_TEST(understands_github)
{
	struct place place;
	char sha[80], target[65], event[300];
	const char *env[] = {"GITHUB_BASE_REF=main",
		"GITHUB_REF=refs/pull/7/merge", sha, event,
		"GITHUB_ACTIONS=true", NULL};

	start(&place);
	make_upstream(&place);
	snprintf(event, sizeof event, "GITHUB_EVENT_PATH=%s/event.json",
		place.dir);
	snprintf(target, sizeof target, "%s", sh(&place, "cd up; id main"));
	snprintf(sha, sizeof sha, "GITHUB_SHA=%s",
		sh(&place, "cd up; id refs/pull/7/merge"));
	sh(&place, "git init -q ci; cd ci; git remote add origin "
		   "\"file://$D/up\"\n"
		   "git fetch -q --depth=1 origin refs/pull/7/merge\n"
		   "git checkout -q FETCH_HEAD");
	expect_error(&place, "ci", "merge-base", env,
		"git fetch --depth=2 origin refs/pull/7/merge");
	follow_advice(&place, "ci",
		"git fetch -q --depth=2 origin refs/pull/7/merge");
	expect(&place, "ci", "merge-base", env, target,
		"the side of main in the merge commit");
	/* The head of the branch was checked out instead. */
	sh(&place, "git init -q head; cd head; "
		   "git remote add origin \"file://$D/up\"\n"
		   "git fetch -q --depth=1 origin feature\n"
		   "git checkout -q FETCH_HEAD");
	expect_error(&place, "head", "merge-base", env,
		"the branch 'main' (GITHUB_BASE_REF): git fetch --unshallow "
		"origin +refs/heads/main:refs/remotes/origin/main");
	follow_advice(&place, "head",
		"git fetch -q --depth=1 origin "
		"+refs/heads/main:refs/remotes/origin/main");
	/* libgit2 1.5 forgets 64 bytes where it walks into the missing part. */
	if (__lsan_disable)
		__lsan_disable();
	expect_error(&place, "head", "merge-base", env, "too shallow");
	if (__lsan_enable)
		__lsan_enable();
	follow_advice(&place, "head",
		"git fetch -q --unshallow origin "
		"+refs/heads/main:refs/remotes/origin/main");
	expect(&place, "head", "merge-base", env,
		sh(&place, "cd up; id main~1"),
		"HEAD and origin/main (GITHUB_BASE_REF)");
	finish(&place);
}
END_TEST

START_TEST(reads_githubs_event)
{
	struct place place;
	char event[300];
	const char *env[] = {"GITHUB_BASE_REF=gone", event, NULL};

	start(&place);
	make_upstream(&place);
	snprintf(event, sizeof event, "GITHUB_EVENT_PATH=%s/event.json",
		place.dir);
	sh(&place,
		"cd up; git checkout -q feature; echo "
		"\"{\\\"pull_request\\\":{\\\"base\\\":{\\\"sha\\\":\\\"$(id "
		"main)\\\"}}}\" >../event.json");
	expect(&place, "up", "merge-base", env, sh(&place, "cd up; id main~1"),
		"pull_request.base.sha");
	sh(&place, "echo '{\"pull_request\": [' >event.json");
	expect_error(&place, "up", "merge-base", env, "the branch 'gone'");
	finish(&place);
}
END_TEST

START_TEST(understands_gitlab)
{
	struct place place;
	char base[120];
	const char *env[] = {"GITLAB_CI=true", base,
		"CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main", NULL};
	const char *branch[] = {"CI_DEFAULT_BRANCH=main", NULL};
	const char *merged[] = {base, NULL};

	start(&place);
	make_upstream(&place);
	snprintf(base, sizeof base, "CI_MERGE_REQUEST_DIFF_BASE_SHA=%s",
		sh(&place, "cd up; id main~1"));
	sh(&place, "git init -q ci; cd ci; "
		   "git remote add origin \"file://$D/up\"\n"
		   "git fetch -q --depth=1 origin feature\n"
		   "git checkout -q FETCH_HEAD");
	expect_error(
		&place, "ci", "merge-base", env, "git fetch --depth=1 origin ");
	sh(&place, "cd ci; git fetch -q --depth=1 origin \"$(git -C ../up "
		   "rev-parse main~1)\"");
	expect(&place, "ci", "merge-base", env, sh(&place, "cd up; id main~1"),
		"CI_MERGE_REQUEST_DIFF_BASE_SHA");
	sh(&place, "cd up; git checkout -q feature");
	expect(&place, "up", "merge-base", branch,
		sh(&place, "cd up; id main~1"), "main (CI_DEFAULT_BRANCH)");
	snprintf(base, sizeof base, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA=%s",
		sh(&place, "cd up; id main"));
	expect(&place, "up", "merge-base", merged, sh(&place, "cd up; id main"),
		"CI_MERGE_REQUEST_TARGET_BRANCH_SHA");
	finish(&place);
}
END_TEST

START_TEST(says_what_is_wrong_with_a_name)
{
	struct place place;

	start(&place);
	make_upstream(&place);
	expect_error(
		&place, "up", "featrue", no_env, "did you mean 'feature'?");
	expect_error(&place, "up", "nothing-like-it", no_env,
		"git knows no commit 'nothing-like-it'");
	/* A branch that only the remote has. */
	sh(&place, "git clone -q up work");
	expect(&place, "work", "feature", no_env,
		sh(&place, "cd up; id feature"), "origin/feature");
	sh(&place, "git clone -q --depth=1 \"file://$D/up\" thin");
	expect_error(&place, "thin", "release-2", no_env,
		"+refs/heads/release-2:refs/remotes/origin/release-2");
	expect_error(&place, "thin", "HEAD~1", no_env, "--unshallow");
	sh(&place, "git init -q alone; cd alone; git checkout -qb trunk; "
		   "commit a a a");
	expect_error(&place, "alone", "merge-base", no_env,
		"no branch to compare with");
	/* Histories that have nothing in common. */
	sh(&place, "cd alone; git checkout -q --orphan main; commit b b b; "
		   "git checkout -q trunk");
	expect_error(
		&place, "alone", "merge-base", no_env, "no commit in common");
	finish(&place);
}
END_TEST

static void expect_content(
	struct tw_files *files, const char *path, const char *content)
{
	struct tw_buf out = {0};
	struct tw_error error = {0};
	int rc = tw_files_read(files, path, &out, &error);

	ck_assert_msg(rc == 0, "%s: %s", path, error.message);
	ck_assert_str_eq(tw_buf_text(&out), content);
	tw_buf_release(&out);
}

static void expect_unread(
	struct tw_files *files, const char *path, const char *text)
{
	struct tw_buf out = {0};
	struct tw_error error = {0};

	ck_assert_int_eq(tw_files_read(files, path, &out, &error), -1);
	ck_assert_msg(strstr(error.message, text) != NULL, "%s / %s",
		error.message, text);
	ck_assert_uint_eq(out.n, 0);
	tw_buf_release(&out);
}

static const char *listed(
	struct tw_files *files, const char *pattern, struct tw_buf *to)
{
	struct tw_file_list found = {0};
	struct tw_error error = {0};
	int rc = tw_files_glob(files, pattern, &found, &error);

	ck_assert_msg(rc == 0, "%s", error.message);
	tw_buf_clear(to);
	for (size_t i = 0; i < found.list.n; i++)
		tw_buf_printf(to, "%s%s", i ? " " : "", found.list.v[i].name);
	tw_file_list_release(&found);
	return tw_buf_text(to);
}

START_TEST(reads_the_commit_and_not_the_working_tree)
{
	struct place place;
	struct tw_git *git;
	struct tw_git_commit head;
	struct tw_files *files;
	struct tw_error error = {0};
	struct tw_buf text = {0};

	start(&place);
	sh(&place,
		"git init -q r; cd r; mkdir -p svc/deploy svc/base other\n"
		"echo one >svc/deploy/one.yaml; echo two >svc/deploy/two.yaml\n"
		"echo base >svc/base/b.yaml; echo top >top.yaml\n"
		"ln -s ../base/b.yaml svc/deploy/link.yaml\n"
		"ln -s base svc/folder; ln -s folder/../base/b.yaml svc/far\n"
		"ln -s ../top.yaml svc/out; ln -s /etc/passwd svc/abs\n"
		"ln -s gone svc/dangling; ln -s loop svc/loop\n"
		"printf 'version https://git-lfs.github.com/spec/v1\\noid' "
		">svc/big\n"
		"git add -A; git commit -qm 1\n"
		"git update-index --add --cacheinfo 160000,$(id "
		"HEAD),svc/module; git commit -qm 2\n"
		"echo changed >svc/deploy/one.yaml; rm svc/deploy/two.yaml\n"
		"echo new >svc/deploy/new.yaml; git add svc/deploy/new.yaml");
	git = open_below(&place, "r/svc");
	ck_assert_str_eq(tw_git_prefix(git), "svc");
	ck_assert_int_eq(
		tw_git_resolve(git, "HEAD", NULL, NULL, &head, &error), 0);
	ck_assert(head.head);
	files = tw_git_files_new(git, &head, tw_git_prefix(git), &error);
	ck_assert_msg(files != NULL, "%s", error.message);

	expect_content(files, "deploy/one.yaml", "one\n");
	expect_content(files, "./deploy/../deploy/two.yaml", "two\n");
	expect_content(files, "deploy/link.yaml", "base\n");
	expect_content(files, "folder/b.yaml", "base\n");
	expect_content(files, "far", "base\n");
	expect_unread(files, "deploy/new.yaml", "no such file");
	expect_unread(files, "../top.yaml", "leads out");
	expect_unread(files, "out", "out of the tree");
	expect_unread(files, "abs", "out of the tree");
	expect_unread(files, "dangling", "leads nowhere");
	expect_unread(files, "loop", "leads nowhere");
	expect_unread(files, "module", "submodule");
	expect_unread(files, "big", "Git LFS");
	expect_unread(files, "deploy", "folder");
	expect_unread(files, "deploy/one.yaml/x", "no such file");
	ck_assert_int_eq(tw_files_kind(files, "deploy"), TW_FILE_DIRECTORY);
	ck_assert_int_eq(tw_files_kind(files, ""), TW_FILE_DIRECTORY);
	ck_assert_int_eq(tw_files_kind(files, "folder"), TW_FILE_DIRECTORY);
	ck_assert_int_eq(tw_files_kind(files, "far"), TW_FILE_REGULAR);
	ck_assert_int_eq(tw_files_kind(files, "dangling"), TW_FILE_OTHER);
	ck_assert_int_eq(tw_files_kind(files, "nothing"), TW_FILE_NONE);
	ck_assert_int_eq(tw_files_kind(files, "folder/no"), TW_FILE_NONE);
	ck_assert_str_eq(listed(files, "deploy/*.yaml", &text),
		"deploy/link.yaml deploy/one.yaml deploy/two.yaml");
	ck_assert_str_eq(listed(files, "**/b.yaml", &text), "base/b.yaml");
	tw_files_free(files);

	files = tw_git_files_new(git, &head, "", &error);
	expect_content(files, "top.yaml", "top\n");
	expect_content(files, "svc/out", "top\n");
	tw_files_free(files);
	ck_assert_ptr_null(tw_git_files_new(git, &head, "none", &error));
	ck_assert_int_eq(error.code, TW_E_USAGE);
	tw_git_free(git);
	tw_buf_release(&text);
	finish(&place);
}
END_TEST

/* Clones without blobs, as CI makes them to save time. */
START_TEST(says_when_content_is_not_here)
{
	struct place place;
	struct tw_git *git;
	struct tw_git_commit old;
	struct tw_files *files;
	struct tw_error error = {0};

	start(&place);
	make_upstream(&place);
	sh(&place, "cd up; git config uploadpack.allowFilter true; cd ..\n"
		   "git clone -q --filter=blob:none \"file://$D/up\" part\n"
		   "cd part; git sparse-checkout init --cone");
	git = open_below(&place, "part");
	ck_assert_int_eq(
		tw_git_resolve(git, "HEAD~2", NULL, NULL, &old, &error), 0);
	files = tw_git_files_new(git, &old, "", &error);
	ck_assert_ptr_nonnull(files);
	expect_unread(files, "app.yaml", "not in this clone");
	tw_files_free(files);
	tw_git_free(git);
	finish(&place);
}
END_TEST

/* Some versions of libgit2 never come back from these. */
START_TEST(says_that_an_object_is_cut_off)
{
	static const char *const cut[] = {"HEAD~2:app.yaml", "HEAD~2^{tree}"};
	struct place place;
	struct tw_git *git;
	struct tw_git_commit old;
	struct tw_files *files;
	struct tw_error error = {0};
	struct tw_buf script = {0};

	for (size_t i = 0; i < 2; i++) {
		start(&place);
		make_upstream(&place);
		tw_buf_clear(&script);
		tw_buf_printf(&script,
			"cd up; o=$(git rev-parse '%s'); "
			"f=.git/objects/$(echo $o | cut -c1-2)/$(echo $o | cut "
			"-c3-); chmod u+w $f; truncate -s 8 $f",
			cut[i]);
		sh(&place, script.p);
		git = open_below(&place, "up");
		ck_assert_int_eq(
			tw_git_resolve(git, "HEAD~2", NULL, NULL, &old, &error),
			0);
		files = tw_git_files_new(git, &old, "", &error);
		if (files)
			expect_unread(files, "app.yaml", "cut off");
		else
			ck_assert_ptr_nonnull(strstr(error.message, "cut off"));
		tw_files_free(files);
		tw_git_free(git);
		finish(&place);
	}
	tw_buf_release(&script);
}
END_TEST

TW_TESTS("git/git", finds_the_merge_base_on_a_laptop,
	opens_bare_ones_worktrees_and_subfolders, understands_github,
	reads_githubs_event, understands_gitlab, says_what_is_wrong_with_a_name,
	reads_the_commit_and_not_the_working_tree,
	says_when_content_is_not_here, says_that_an_object_is_cut_off)
