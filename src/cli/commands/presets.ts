// moiety presets: what can be run by name.
import type { CommandModule } from "yargs";
import { partitionKinds, presetList } from "../../experiment/index.ts";

export const presetsCommand: CommandModule<object, { json: boolean }> = {
  command: "presets",
  describe: "list the experiments that can be run by name, and the kinds of partition",
  builder: (yargs) =>
    yargs.option("json", { type: "boolean", default: false, describe: "whole configs, as config.json takes them" }),
  handler: ({ json }) => {
    const presets = presetList();
    if (json)
      return console.log(
        JSON.stringify(Object.fromEntries(presets.map(({ name, config }) => [name, config])), null, 2),
      );
    for (const { name, about, config } of presets) {
      const { rounds, cohort, localEpochs, lr } = config.federation;
      console.log(`${name.padEnd(16)}${about}`);
      console.log(
        `${"".padEnd(16)}${rounds} rounds at most, ${cohort} clients a round, ${localEpochs} local epochs, lr ${lr}`,
      );
    }
    console.log("\nWho owns which rows, --set partition.kind=NAME (and --set partition.FIELD=VALUE):");
    for (const [name, { about, begins }] of Object.entries(partitionKinds)) {
      const { kind: _, ...given } = begins;
      const values = Object.entries(given).map(([field, value]) => `${field}=${value}`);
      console.log(`${name.padEnd(20)}${about}`);
      if (values.length > 0) console.log(`${"".padEnd(20)}${values.join(", ")}`);
    }
  },
};
