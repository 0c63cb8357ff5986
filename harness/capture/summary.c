#include "harness/capture/summary.h"

#include "harness/capture/redact.h"
#include "plugins/common/text.h"

#include <inttypes.h>
#include <stdlib.h>

#define TOP 15

void tw_capture_summary_init(struct tw_capture_summary *summary)
{
	*summary = (struct tw_capture_summary){
		.first = INT64_MAX, .last = INT64_MIN};
	tw_capture_report_init(&summary->report);
	summary->templates = tw_templates_new();
}

void tw_capture_summary_release(struct tw_capture_summary *summary)
{
	tw_capture_report_release(&summary->report);
	tw_histogram_release(&summary->latency);
	tw_templates_free(summary->templates);
	summary->templates = NULL;
}

static int add(void *context, const struct twinrig_exchange *exchange)
{
	struct tw_capture_summary *summary = context;

	if (exchange->time != TWINRIG_NO_TIME) {
		if (exchange->time < summary->first)
			summary->first = exchange->time;
		if (exchange->time > summary->last)
			summary->last = exchange->time;
		if (exchange->resolution > summary->resolution)
			summary->resolution = exchange->resolution;
	}
	if (exchange->latency >= 0)
		tw_histogram_record_n(&summary->latency, exchange->latency, 1);
	summary->status[exchange->has_response && exchange->status > 0 &&
					exchange->status < 1000
				? exchange->status
				: 0]++;
	summary->calls += exchange->caller.n > 0;
	summary->bodies += exchange->body.n > 0;
	summary->answer_bodies += exchange->response_body.n > 0;
	tw_templates_add(summary->templates, tw_plugin_text(exchange->method),
		tw_plugin_text(exchange->target));
	return 0;
}

int tw_capture_summary_read(struct tw_capture_summary *summary,
	const char *path, const struct tw_capture_options *options,
	struct tw_error *error)
{
	return tw_capture_read(
		path, options, add, summary, &summary->report, error);
}

/* ---- printing --------------------------------------------------------- */

static void print_span(
	const struct tw_capture_summary *summary, struct tw_buf *out)
{
	int64_t span = summary->last - summary->first;
	char from[48], to[48], length[TW_TIME_TEXT], unit[TW_TIME_TEXT];

	if (summary->last < summary->first) {
		tw_buf_add_text(out, "span       no times recorded\n");
		return;
	}
	tw_time_iso_text(summary->first, from);
	tw_time_iso_text(summary->last, to);
	tw_buf_printf(out, "span       %.23sZ .. %.23sZ (%s)\n", from, to,
		tw_time_text(span, length));
	tw_buf_printf(out, "times      to within %s\n",
		tw_time_text(
			summary->resolution ? summary->resolution : 1, unit));
	if (span > 0)
		tw_buf_printf(out, "rate       %.4g requests/s in the mean\n",
			(double)summary->report.read * 1e9 / (double)span);
}

static void print_statuses(
	const struct tw_capture_summary *summary, struct tw_buf *out)
{
	size_t n = 0;

	tw_buf_add_text(out, "statuses  ");
	for (size_t i = 1; i < 1000; i++) {
		if (!summary->status[i])
			continue;
		if (n && n % 6 == 0)
			tw_buf_add_text(out, "\n          ");
		tw_buf_printf(out, " %zu: %" PRIu64 " ", i, summary->status[i]);
		n++;
	}
	if (summary->status[0])
		tw_buf_printf(
			out, " without answer: %" PRIu64, summary->status[0]);
	while (out->n && out->p[out->n - 1] == ' ')
		out->p[--out->n] = '\0';
	tw_buf_add_char(out, '\n');
}

static void print_latency(
	const struct tw_capture_summary *summary, struct tw_buf *out)
{
	static const double quantiles[] = {0.5, 0.9, 0.99};
	const struct tw_histogram *latency = &summary->latency;
	char text[TW_TIME_TEXT];

	if (!latency->count) {
		tw_buf_add_text(out, "latency    not recorded: it tells when "
				     "requests come, not how long they took\n");
		return;
	}
	tw_buf_printf(out, "latency    of %.4g%%:",
		100.0 * (double)latency->count / (double)summary->report.read);
	for (size_t i = 0; i < 3; i++)
		tw_buf_printf(out, " p%g %s", quantiles[i] * 100,
			tw_time_text(
				tw_histogram_quantile(latency, quantiles[i]),
				text));
	tw_buf_printf(out, " max %s\n", tw_time_text(latency->max, text));
}

struct top {
	size_t index;
	uint64_t requests;
};

static int by_requests(const void *a, const void *b)
{
	const struct top *left = a, *right = b;

	if (left->requests != right->requests)
		return left->requests > right->requests ? -1 : 1;
	return left->index < right->index ? -1 : 1;
}

static void print_endpoints(
	struct tw_capture_summary *summary, struct tw_buf *out)
{
	size_t n;
	struct top *top;

	tw_templates_finish(summary->templates);
	n = tw_templates_count(summary->templates);
	top = tw_calloc(n + 1, sizeof *top);
	for (size_t i = 0; i < n; i++)
		top[i] = (struct top){
			i, tw_templates_requests(summary->templates, i)};
	qsort(top, n, sizeof *top, by_requests);
	tw_buf_printf(out, "endpoints  %zu inferred\n", n);
	for (size_t i = 0; i < n && i < TOP; i++)
		tw_buf_printf(out, "%10" PRIu64 " %5.1f%%  %.80s\n",
			top[i].requests,
			100.0 * (double)top[i].requests /
				(double)summary->report.read,
			tw_templates_name(summary->templates, top[i].index));
	if (n > TOP)
		tw_buf_printf(out, "           and %zu more\n", n - TOP);
	tw_free(top);
}

static void print_left_out(
	const struct tw_capture_report *report, struct tw_buf *out)
{
	if (report->left_out)
		tw_buf_printf(out, "left out   %" PRIu64 ": %s\n",
			report->left_out, report->left_out_why);
}

static void print_malformed(
	const struct tw_capture_report *report, struct tw_buf *out)
{
	tw_buf_printf(out, "malformed  %" PRIu64, report->malformed);
	if (report->malformed)
		tw_buf_printf(out, " (%.3g%%)",
			100.0 * (double)report->malformed /
				(double)(report->malformed + report->read));
	tw_buf_add_char(out, '\n');
	for (size_t i = 0; i < report->first.n; i++) {
		const struct tw_malformed *m = &report->first.v[i];

		tw_buf_printf(out, "           %s:%" PRIu64 ": %s\n", m->file,
			m->line, m->message);
	}
	if (report->malformed > report->first.n)
		tw_buf_printf(out, "           and %" PRIu64 " more\n",
			report->malformed - report->first.n);
}

void tw_capture_summary_print(
	struct tw_capture_summary *summary, struct tw_buf *out)
{
	const struct tw_capture_report *report = &summary->report;

	tw_buf_printf(out,
		"format     %s, %" PRIu64 " file%s, %" PRIu64 " bytes\n",
		report->format ? report->format : "none", report->files,
		report->files == 1 ? "" : "s", report->bytes);
	tw_buf_printf(out, "requests   %" PRIu64, report->read);
	if (summary->calls)
		tw_buf_printf(out, ", %" PRIu64 " of them between services",
			summary->calls);
	if (report->untimed)
		tw_buf_printf(out, ", %" PRIu64 " without a time of their own",
			report->untimed);
	tw_buf_add_char(out, '\n');
	print_span(summary, out);
	if (report->read) {
		print_statuses(summary, out);
		print_latency(summary, out);
		tw_buf_printf(out,
			"bodies     %" PRIu64 " of requests, %" PRIu64
			" of answers\n",
			summary->bodies, summary->answer_bodies);
		print_endpoints(summary, out);
	}
	print_left_out(report, out);
	print_malformed(report, out);
}

/* ---- head ------------------------------------------------------------- */

struct head {
	struct tw_redact redact;
	struct tw_buf *out;
	size_t left;
};

/* At most so many bytes; nothing of a capture may steer a terminal. */
static void add_shown(struct tw_buf *out, struct twinrig_text text, size_t most)
{
	for (size_t i = 0; i < text.n && i < most; i++)
		tw_buf_add_char(
			out, tw_is_control(text.p[i]) ? '?' : text.p[i]);
}

static int print_exchange(
	void *context, const struct twinrig_exchange *exchange)
{
	struct head *head = context;
	struct twinrig_exchange plain;
	char time[48] = "-", latency[TW_TIME_TEXT] = "-";

	if (!head->left)
		return 1;
	head->left--;
	tw_redact_exchange(&head->redact, exchange, &plain);
	if (plain.time != TWINRIG_NO_TIME)
		tw_time_iso_text(plain.time, time);
	if (plain.latency >= 0)
		tw_time_text(plain.latency, latency);
	tw_buf_printf(head->out, "%-23.23s %3d %9s ", time,
		plain.has_response ? plain.status : 0, latency);
	add_shown(head->out, plain.method, 20);
	tw_buf_printf(head->out, "%*s ",
		plain.method.n < 6 ? 6 - (int)plain.method.n : 0, "");
	add_shown(head->out, plain.host, 60);
	add_shown(head->out, plain.target, 200);
	tw_buf_add_char(head->out, '\n');
	return 0;
}

int tw_capture_head(const char *path, const struct tw_capture_options *options,
	size_t n, struct tw_buf *out, struct tw_error *error)
{
	static const uint8_t key[16];
	struct head head = {.out = out, .left = n};
	struct tw_capture_report report;
	int result;

	tw_redact_init(&head.redact, key);
	tw_capture_report_init(&report);
	result = tw_capture_read(
		path, options, print_exchange, &head, &report, error);
	tw_capture_report_release(&report);
	tw_redact_release(&head.redact);
	return result;
}
