/*
 * Captures of any format: nothing crashes, what is lost is counted with a
 * message, and what was read is written as JSON Lines that read back as the
 * same exchanges. The first byte chooses the format (or: by content).
 */
#include "harness/capture/capture.h"
#include "harness/capture/redact.h"
#include "harness/capture/templates.h"
#include "tests/fuzz/fuzz.h"
#include "twins/base/assert.h"

struct written {
	struct twinrig_out out;
	struct tw_buf text;
	const struct twinrig_capture_writer *writer;
	struct tw_redact *redact;	/* NULL: as it is */
	struct tw_templates *templates; /* NULL: none */
};

static int append(struct twinrig_out *out, const void *data, size_t size)
{
	struct written *written = (struct written *)(void *)out;

	tw_buf_add(&written->text, data, size);
	return 0;
}

static int on_exchange(void *context, const struct twinrig_exchange *exchange)
{
	struct written *written = context;
	struct twinrig_exchange plain;

	tw_assert(exchange->method.n && exchange->target.n);
	tw_assert(exchange->latency >= -1 && exchange->resolution >= 1);
	if (written->redact)
		tw_redact_exchange(written->redact, exchange, &plain);
	if (written->templates)
		tw_templates_add(written->templates,
			(struct tw_str){exchange->method.p, exchange->method.n},
			(struct tw_str){
				exchange->target.p, exchange->target.n});
	return written->writer->exchange(&written->out, exchange);
}

static uint64_t read_into(struct written *written, const void *data, size_t n,
	const struct tw_capture_options *options, bool *good)
{
	struct tw_capture_report report;
	struct tw_error error = {0};
	uint64_t read;

	tw_capture_report_init(&report);
	*good = !tw_capture_read_memory("fuzz", data, n, options, on_exchange,
		written, &report, &error);
	tw_assert(*good || *error.message);
	for (size_t i = 0; i < report.first.n; i++)
		tw_assert(*report.first.v[i].message);
	*good = *good && !report.malformed;
	read = report.read;
	tw_capture_report_release(&report);
	return read;
}

static void again(const struct written *first, uint64_t read,
	const struct tw_plugins *plugins)
{
	struct tw_capture_options options = {plugins, "jsonl"};
	struct written second = {.out = first->out, .writer = first->writer};
	bool good;
	uint64_t n = read_into(&second, tw_buf_text(&first->text),
		first->text.n, &options, &good);

	if (first->text.n) {
		tw_assert(good && n == read);
		tw_assert(second.text.n == first->text.n);
		tw_assert(!memcmp(second.text.p, first->text.p, first->text.n));
	}
	tw_buf_release(&second.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const formats[] = {
		NULL, "gor", "har", "accesslog", "jsonl"};
	static const uint8_t key[16];
	struct tw_plugins plugins;
	struct tw_capture_options options = {&plugins, NULL};
	struct tw_redact redact;
	struct written written = {
		.out = {.struct_size = sizeof written.out, .write = append},
		.redact = &redact};
	uint64_t read;
	bool good;

	if (!n)
		return 0;
	/* '0' .. '4', so that a corpus can be written by hand. */
	options.format = formats[data[0] % 16 % 5];
	tw_plugins_init(&plugins);
	tw_redact_init(&redact, key);
	written.writer = tw_plugins_writer(&plugins, "jsonl");
	written.templates = tw_templates_new();
	read = read_into(&written, data + 1, n - 1, &options, &good);
	tw_templates_finish(written.templates);
	again(&written, read, &plugins);
	tw_templates_free(written.templates);
	tw_buf_release(&written.text);
	tw_redact_release(&redact);
	tw_plugins_release(&plugins);
	return 0;
}
