/*
 * `twinrig merge`: the shards of a gate become its verdict. It reads the same
 * files as the gate did and takes the trials from the shards, so that what it
 * reports is, to the byte, what one machine would have.
 */
#include "harness/commands/gate/gate.h"

static int run(const struct tw_cli *cli)
{
	return tw_gate_run(cli, true);
}

const struct tw_command tw_command_merge = {
	.name = "merge",
	.arguments = "SHARD...",
	.summary = "put the shards of a gate together and judge",
	.manual = "Run it on the same checkout, with the same options, as "
		  "`twinrig gate --shard I/N`\nran on each machine; SHARD is a "
		  "file that one of them wrote. Nothing is run again.",
	.run = run,
};
