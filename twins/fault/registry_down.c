/*
 * The registry of images does not answer: pods that come meanwhile and need to
 * pull one (or ask for it: imagePullPolicy Always) stay in ImagePullBackOff.
 */
#include "twins/fault/kinds.h"

#include "twins/cluster/images.h"

static const struct tw_fault_param params[] = {
	{"image", TW_PARAM_GLOB, false, "**",
		"images with their tags, such as registry.example/shop/*",
		NULL},
};

static void start(const struct tw_fault *fault, struct tw_world *world)
{
	tw_images_registry(world, tw_fault_value(fault, "image")->text, true);
}

static void stop(const struct tw_fault *fault, struct tw_world *world)
{
	tw_images_registry(world, tw_fault_value(fault, "image")->text, false);
}

static const char *lacks(
	const struct tw_fault *fault, const struct tw_model *model)
{
	(void)fault;
	return model->pulls.on ? NULL
			       : "no model says `images:`, so that nothing is "
				 "pulled";
}

const struct tw_fault_kind tw_fault_registry_down = {
	.name = "registry-down",
	.help = "the registry of images does not answer: pods that come need "
		"their images from elsewhere",
	TW_FAULT_PARAMS(params),
	.manages = true,
	.lacks = lacks,
	.start = start,
	.stop = stop,
};
