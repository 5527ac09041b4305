// moiety partition: who would own what, as a table and as a file that other tools read.
import { writeFile } from "node:fs/promises";
import type { Argv, CommandModule } from "yargs";
import { givePartition } from "../../data/index.ts";
import { ConfigError, drawPartition, setUp } from "../../experiment/index.ts";
import { openDataset } from "../dataset.ts";
import { configOf } from "../configOf.ts";
import { experimentFlags, usual } from "../experimentFlags.ts";

interface PartitionArguments {
  experiment?: string;
  data?: string;
  out?: string;
}

// more are a page of their own
const MOST_NAMED = 20;

async function show(args: PartitionArguments): Promise<void> {
  const config = await configOf(args.experiment ?? "quick", args as unknown as Record<string, unknown>);
  const opened = await openDataset(config, args.data);
  const { dataset, partition } = drawPartition(config, opened.dataset);
  const { clients } = setUp(config, opened.dataset);
  const { labels } = dataset.train;
  const classes = dataset.classes.length;
  const counts = clients.map(({ rows }) => {
    const by = new Int32Array(classes);
    for (const own of [rows.train, rows.validation]) for (const row of own) by[labels[row]!]!++;
    return by;
  });
  const width = Math.max(5, ...counts.flatMap((by) => Array.from(by, (n) => String(n).length + 1)));
  const cells = (values: readonly (string | number)[], wide: number): string =>
    values.map((value) => String(value).padStart(wide)).join("");
  console.log(`client        ${cells(["train", "validation", "test"], 11)}  classes in training and validation`);
  console.log(`${"".padEnd(49)}${cells([...Array(classes).keys()], width)}`);
  for (const [client, { rows, optedOut }] of clients.entries()) {
    const name = `${client}${rows.name === undefined ? "" : ` ${rows.name}`}`.slice(0, 13).padEnd(14);
    const sizes = cells([rows.train.length, rows.validation.length, rows.test.length], 11);
    console.log(`${name}${sizes}  ${cells([...counts[client]!], width)}${optedOut ? "  stays out" : ""}`);
  }
  if (classes <= MOST_NAMED) console.log(`classes: ${dataset.classes.map((name, c) => `${c} ${name}`).join(", ")}`);
  if (partition.substituted > 0) console.log(`${partition.substituted} rows are others than the law drew`);
  if (args.out === undefined) return;
  if (!args.out.endsWith(".json")) throw new ConfigError(`--out: got ${args.out}, expected the name of a .json file`);
  const pooled = dataset !== opened.dataset;
  const given = { ...givePartition(partition, labels, dataset.test.labels), ...(pooled && { pooled }) };
  await writeFile(args.out, `${JSON.stringify(given)}\n`);
  console.log(`written to ${args.out}; --set partition=${args.out} takes it`);
}

export const partitionCommand: CommandModule<object, PartitionArguments> = {
  command: "partition [experiment]",
  describe: "show who would own which rows, and write it to a file",
  builder: (yargs) =>
    experimentFlags(
      yargs.positional("experiment", {
        type: "string",
        defaultDescription: "quick",
        describe: "preset (see moiety presets) or config.json",
      }),
    )
      .option("seed", { type: "number", defaultDescription: usual("seed"), describe: "seed of everything random" })
      .option("out", {
        type: "string",
        defaultDescription: "none",
        describe: "a .json file to write: row numbers for every client",
      })
      .example("$0 partition quick --set partition.kind=shards", "the counts of every client")
      .example(
        "$0 partition quick --out p.json && $0 run quick --set partition=p.json",
        "the same rows from a file",
      ) as Argv<PartitionArguments>,
  handler: show,
};
