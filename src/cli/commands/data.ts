// moiety data: what is found where.
import type { CommandModule } from "yargs";
import { catalogue, type DatasetName, fileNames, generated, survey } from "../../data/index.ts";
import { DATA_VARIABLE, sources } from "../sources.ts";

export const dataCommand: CommandModule<object, { data: string | undefined }> = {
  command: "data",
  describe: "show which datasets are found where",
  builder: (yargs) =>
    yargs
      .option("data", {
        type: "string",
        defaultDescription: "MOIETY_DATA, Debian's package, the bundled part",
        describe: "a folder to look in, and in no other",
      })
      .example("$0 data", "what is there, and where to have the rest")
      .example("$0 data --data ~/datasets", "what a folder holds"),
  handler: async ({ data }) => {
    const places = await sources(data);
    const found = await survey(places);
    for (const { dataset, source, rows, complete, missing, problem } of found) {
      const whole = catalogue[dataset].rows;
      const of = (part: "train" | "test"): string =>
        rows![part] === whole[part] ? `${rows![part]} ${part}` : `${rows![part]} of ${whole[part]} ${part}`;
      const state = rows
        ? `${of("train")}, ${of("test")} rows${complete ? "" : " (a part of it)"}`
        : (problem ?? `incomplete: no ${missing.join(", no ")}`);
      console.log(`${dataset.padEnd(14)} ${state}\n${"".padEnd(14)} ${source.where}`);
    }
    const absent = (Object.keys(catalogue) as DatasetName[]).filter(
      (name) => !found.some(({ dataset }) => dataset === name),
    );
    for (const name of absent)
      console.log(
        `${name.padEnd(14)} not found; --data DIR or ${DATA_VARIABLE} names the folder with ${fileNames(name)}\n` +
          `${"".padEnd(14)} from ${catalogue[name].source}; licence: ${catalogue[name].licence}`,
      );
    for (const [name, { about }] of Object.entries(generated)) console.log(`${name.padEnd(14)} made here: ${about}`);
    console.log(`\nlooked in: ${places.map(({ where }) => where).join(", ")}`);
  },
};
