/* The page of stored gates: its figures, its order, and names that are none. */
#include "harness/report/history.h"
#include "tests/unit/test.h"

static struct tw_history_gate gate(
	const char *id, const char *verdict, const char *why)
{
	bool failed = !strcmp(verdict, "fail");

	return (struct tw_history_gate){.id = id,
		.when = "2026-11-25 15:51",
		.commit = failed ? "4f1c2d3e5a6b7c8d" : "",
		.clean = true,
		.verdict = verdict,
		.why = why,
		.more = failed ? 2 : 0,
		.passed = 6,
		.failed = failed ? 3 : 0,
		.detection = {2, 0, 1e9},
		.recovery = {1, failed, 3e9}};
}

static const char *place(const struct tw_buf *page, const char *what)
{
	const char *at = strstr(tw_buf_text(page), what);

	ck_assert_msg(at != NULL, "not in the page: %s", what);
	return at;
}

START_TEST(tells_all_gates)
{
	struct tw_history h = {.commits = 4,
		.caught = 1,
		.passed = 3,
		.recovery = {2, 1, 6e9},
		.detection = {4, 2, 6e9},
		.showing = {2, 0, 5e9},
		.accuracy = {true, 0.123, 0},
		.accuracy_before = {true, 0.3, 0},
		.series = 3,
		.proof = "3 of 4 mutants <caught>",
		.cost = {true, 8, 2.5, 3.0 * (1 << 30), 1.0 * (1 << 30)}};
	struct tw_buf page = {0};

	tw_vec_push(&h.gates, gate("aaaa", "pass", ""));
	tw_vec_push(&h.gates, gate("bbbb", "fail", "loss: <b>&\"x\" \x01"));
	tw_vec_push(&h.changes, ((struct tw_history_change){1, "loss", "p50",
					"a", "5ms", "8ms", 0.01}));
	tw_history_html(&h, &page);
	place(&page, "<h1>History of 2 gates</h1>");
	place(&page, "before a rollout</span><strong>1 of 4</strong>");
	place(&page, "to show</span><strong>2.5s</strong>");
	place(&page, "from a fault</span><strong>3s</strong>");
	place(&page, "recovered from</span><strong>1 of 3</strong>");
	place(&page, "<strong>2.5 of 8 cores (31%)</strong>");
	place(&page, "<strong>1 of 3 GiB (33%)</strong>");
	place(&page, "to detect a fault</span><strong>1.5s</strong>");
	place(&page, "not noticed</span><strong>2 of 6</strong>");
	place(&page, "<strong>12% (before: 30%)</strong>");
	place(&page, "self-test: 3 of 4 mutants &lt;caught&gt;");
	place(&page, "<td>500ms</td><td>3s</td>");
	place(&page, "5ms \xe2\x86\x92 8ms</td><td>0.010</td>"
		     "<td class=\"wide\">loss: p50 [a]</td>");
	/* The table begins with the newest; the bars end with it. */
	ck_assert(place(&page, "<code>4f1c2d3e5a6b</code>") <
		  place(&page, "<code>aaaa</code> (no commit)"));
	ck_assert(place(&page, "aaaa: pass; 0 failed") <
		  place(&page, "4f1c2d3e5a6b: fail; 3 failed"));
	place(&page, "loss: &lt;b&gt;&amp;\"x\" \xef\xbf\xbd and 2 more");
	place(&page, "<td>never</td>");
	tw_buf_release(&page);
	tw_vec_release(&h.gates);
	tw_vec_release(&h.changes);
}
END_TEST

START_TEST(says_that_there_is_none)
{
	struct tw_history h = {0};
	struct tw_buf page = {0};

	tw_history_html(&h, &page);
	place(&page, "No gate is stored here yet.");
	ck_assert_ptr_null(strstr(tw_buf_text(&page), "<svg"));
	tw_buf_release(&page);
}
END_TEST

START_TEST(draws_the_newest_sixty)
{
	struct tw_history h = {0};
	struct tw_buf page = {0};
	size_t n = 0;

	for (size_t i = 0; i < 80; i++)
		tw_vec_push(&h.gates, gate(i ? "new" : "old", "pass", ""));
	tw_history_html(&h, &page);
	for (const char *at = tw_buf_text(&page);
		(at = strstr(at, "<title>2026")); at++)
		n++;
	ck_assert_uint_eq(n, 60);
	ck_assert_ptr_null(strstr(tw_buf_text(&page), "old: pass;"));
	place(&page, "<code>old</code>");
	tw_buf_release(&page);
	tw_vec_release(&h.gates);
}
END_TEST

TW_TESTS("report/history", tells_all_gates, says_that_there_is_none,
	draws_the_newest_sixty)
