/*
 * libyaml's emitter chooses the quotes and the escapes that a text needs;
 * this feeds it and keeps text from reading as something else.
 */
#include "harness/yaml/tree.h"

#include "twins/base/assert.h"

static int write_to(void *to, unsigned char *p, size_t n)
{
	tw_buf_add(to, p, n);
	return 1;
}

/* Events are built from our own trees: only memory could fail. */
static void send(yaml_emitter_t *emitter, yaml_event_t *event, int built)
{
	tw_assert(built && yaml_emitter_emit(emitter, event));
}

static yaml_char_t *bytes(const char *s)
{
	return (yaml_char_t *)(uintptr_t)s;
}

static yaml_scalar_style_t style_of(const struct tw_yaml *node)
{
	switch (node->style) {
	case TW_YAML_PLAIN:
		return YAML_PLAIN_SCALAR_STYLE;
	case TW_YAML_SINGLE:
		return YAML_SINGLE_QUOTED_SCALAR_STYLE;
	case TW_YAML_LITERAL:
	case TW_YAML_FOLDED:
		return YAML_LITERAL_SCALAR_STYLE;
	case TW_YAML_DOUBLE:
		break;
	}
	return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
}

/* "!" says "text, whatever it looks like": quotes say so too. */
static const char *tag_of(const struct tw_yaml *node)
{
	return node->tag && strcmp(node->tag, "!") ? node->tag : NULL;
}

static void emit_scalar(yaml_emitter_t *emitter, const struct tw_yaml *node)
{
	const char *tag = tag_of(node);
	yaml_scalar_style_t style = style_of(node);
	yaml_event_t event;

	if (node->tag && !tag && style == YAML_PLAIN_SCALAR_STYLE)
		style = YAML_SINGLE_QUOTED_SCALAR_STYLE;
	send(emitter, &event,
		yaml_scalar_event_initialize(&event, NULL, bytes(tag),
			bytes(node->value), (int)node->n, !tag, !tag, style));
}

static void emit(yaml_emitter_t *emitter, const struct tw_yaml *node)
{
	yaml_event_t event;

	if (node->kind == TW_YAML_SCALAR) {
		emit_scalar(emitter, node);
		return;
	}
	if (node->kind == TW_YAML_SEQUENCE) {
		send(emitter, &event,
			yaml_sequence_start_event_initialize(&event, NULL,
				bytes(tag_of(node)), !tag_of(node),
				YAML_BLOCK_SEQUENCE_STYLE));
		for (size_t i = 0; i < node->items.n; i++)
			emit(emitter, node->items.v[i]);
		send(emitter, &event,
			yaml_sequence_end_event_initialize(&event));
		return;
	}
	send(emitter, &event,
		yaml_mapping_start_event_initialize(&event, NULL,
			bytes(tag_of(node)), !tag_of(node),
			YAML_BLOCK_MAPPING_STYLE));
	for (size_t i = 0; i < node->pairs.n; i++) {
		emit(emitter, node->pairs.v[i].key);
		emit(emitter, node->pairs.v[i].value);
	}
	send(emitter, &event, yaml_mapping_end_event_initialize(&event));
}

void tw_yaml_emit(const struct tw_yaml *node, struct tw_buf *out)
{
	yaml_emitter_t emitter;
	yaml_event_t event;

	if (!yaml_emitter_initialize(&emitter))
		tw_unreachable(); /* out of memory */
	yaml_emitter_set_output(&emitter, write_to, out);
	yaml_emitter_set_encoding(&emitter, YAML_UTF8_ENCODING);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, -1);
	yaml_emitter_set_indent(&emitter, 2);
	send(&emitter, &event,
		yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
	send(&emitter, &event,
		yaml_document_start_event_initialize(
			&event, NULL, NULL, NULL, 1));
	emit(&emitter, node);
	send(&emitter, &event, yaml_document_end_event_initialize(&event, 1));
	send(&emitter, &event, yaml_stream_end_event_initialize(&event));
	yaml_emitter_delete(&emitter);
}
