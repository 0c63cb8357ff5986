/* The keys of twin models: images of containers, and init containers. */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

/* ---- images ------------------------------------------------------------ */

static void read_bandwidth(struct tw_schema_reader *reader, struct tw_real *to,
	const char *name, const struct tw_yaml *node)
{
	double value;

	if (!tw_parse_bandwidth(tw_yaml_str(node), &value))
		tw_schema_expected(reader, name,
			"a bandwidth such as 200Mbit/s or 25MB/s", node);
	else
		tw_set_real(to, value, tw_schema_origin(reader, node));
}

static void read_node_bandwidth(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_spec_images *to = base;

	read_bandwidth(reader, &to->bandwidth, "bandwidth", node);
}

static void read_registry_bandwidth(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_spec_images *to = base;

	read_bandwidth(
		reader, &to->registry_bandwidth, "registry-bandwidth", node);
}

static bool add_size(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	static const struct tw_row row = {
		.name = "size", .type = TW_ROW_BYTES, .min = 1, .max = 1e15};
	struct tw_spec_images *to = base;
	struct tw_spec_image it = {
		.glob = key->value, .origin = tw_schema_origin(reader, value)};

	tw_schema_value(reader, &row, &it.size, value);
	tw_vec_push_in(reader->arena, &to->sizes, it);
	return true;
}

static const struct tw_row no_rows[] = {{0}};

static const struct tw_table sizes = {
	.name = "image-sizes",
	.help = "bytes of images, as a registry has them",
	.rows = no_rows,
	.other = add_size,
	.other_pattern = ".+",
	.other_help = "glob of images with their tags, such as "
		      "\"registry.example/shop/*\": the first that fits; its "
		      "size",
};

static void read_sizes(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	tw_schema_read(reader, &sizes, base, node);
}

static const struct tw_row rows[] = {
	{.name = "sizes",
		.type = TW_ROW_FREE,
		.read = read_sizes,
		.table = &sizes,
		.help = "how large they are; one that is not here is there "
			"once the registry has answered"},
	{.name = "bandwidth",
		.type = TW_ROW_FREE,
		.read = read_node_bandwidth,
		.free_type = "\"string\"",
		.otherwise = "25MB/s",
		.help = "with which a node loads and unpacks images; its pulls "
			"share it"},
	{.name = "registry-bandwidth",
		.type = TW_ROW_FREE,
		.read = read_registry_bandwidth,
		.free_type = "\"string\"",
		.help = "of the registry, which all pulls of all nodes share; "
			"no bound if not given"},
	{.name = "latency",
		.type = TW_ROW_DURATION,
		AT(tw_spec_images, latency),
		.otherwise = "300ms",
		.help = "until the registry has answered, before anything is "
			"loaded"},
	{.name = "parallel-pulls",
		.type = TW_ROW_INT,
		AT(tw_spec_images, parallel),
		.otherwise = "1",
		.min = 1,
		.max = 1000,
		.help = "of a node at once: 1 is serializeImagePulls: true; "
			"else maxParallelImagePulls"},
	{.name = "missing",
		.type = TW_ROW_TEXTS,
		AT(tw_spec_images, missing),
		.help = "globs of images with their tags that the registry "
			"does not have: ErrImagePull"},
	{0},
};

const struct tw_table tw_images_table = {
	.name = "images",
	.help = "images of containers, and what it takes to pull them",
	.rows = rows,
};

void tw_images_read(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_spec *spec = base;

	if (!spec->images.origin)
		spec->images.origin = tw_schema_origin(reader, node);
	tw_schema_read(reader, &tw_images_table, &spec->images, node);
}

/* ---- init containers --------------------------------------------------- */

void *tw_init_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_service *service = base;
	struct tw_spec_init *it;

	for (size_t i = 0; i < service->init.n; i++)
		if (!strcmp(service->init.v[i]->name, key->value))
			return service->init.v[i];
	it = tw_new(reader->arena, struct tw_spec_init);
	it->name = key->value;
	it->origin = tw_schema_origin(reader, value);
	tw_vec_push_in(reader->arena, &service->init, it);
	return it;
}

static const struct tw_row init_rows[] = {
	{.name = "runs",
		.type = TW_ROW_LAW,
		AT(tw_spec_init, runs),
		.help = "until it has ended; one with restartPolicy: Always: "
			"until it is up; no time if not given"},
	{.name = "fails",
		.type = TW_ROW_RATIO,
		AT(tw_spec_init, fails),
		.otherwise = "0%",
		.help = "share of its runs that fail: it is started again, "
			"after the back-off of crash loops"},
	{0},
};

const struct tw_table tw_init_table = {
	.name = "init-container",
	.help = "what an init container does",
	.rows = init_rows,
	.as_text = "runs",
};
