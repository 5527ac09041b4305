// moiety presets: what can be run by name.
import type { CommandModule } from "yargs";
import { partitionKinds, presetList, shiftKinds } from "../../experiment/index.ts";

function list(kinds: Readonly<Record<string, { readonly about: string; readonly begins: object }>>): void {
  for (const [name, { about, begins }] of Object.entries(kinds)) {
    const given = Object.entries(begins).filter(([field]) => field !== "kind");
    console.log(`${name.padEnd(20)}${about}`);
    if (given.length > 0)
      console.log(
        `${"".padEnd(20)}${given
          .map(([field, value]) => `${field}=${JSON.stringify(value)}`)
          .join(", ")
          .replaceAll('"', "")}`,
      );
  }
}

export const presetsCommand: CommandModule<object, { json: boolean }> = {
  command: "presets",
  describe: "list the experiments that can be run by name, the kinds of partition and of shift",
  builder: (yargs) =>
    yargs
      .option("json", { type: "boolean", default: false, describe: "whole configs, as config.json takes them" })
      .example("$0 presets", "what there is")
      .example("$0 presets --json", "every field of every preset"),
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
    list(partitionKinds);
    console.log("\nHow clients differ in what they see, --set shift.kind=NAME (and --set shift.FIELD=VALUE):");
    list(shiftKinds);
    console.log(
      "rotation and labels may drift in the course of rounds: shift.drift.kind=sudden, incremental or recurrent, shift.drift.at=ROUND",
    );
    console.log("\nRows may come in order: --set stream.by=label (or row) --set stream.width=0.2");
  },
};
