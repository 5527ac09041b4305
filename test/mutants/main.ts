// Mutants of the update rules: each is one change to a line of src/federated or src/moe that a test of theirs must notice.
//
//   npm run test:mutants -- [--only METHOD|FILE] [--tests PART] [--survivors] [--lanes N]
//
// --only M      mutants of the file that declares this method, or of files whose path has this in it; may be said several times
// --tests T     only test files of test/federated and test/moe whose path has this in it; may be said several times
// --survivors   what was caught by earlier tests is taken for caught; only survivors, and what is new, are tried
// --lanes N     processes at a time, as many as there are cores, at most two, unless said
//
// What was tried is in build/mutants/: stopped and started again, it goes on where it was, as long as neither sources nor tests
// change. Mutants that no test can notice are listed with the reason in equivalent.json. Ends with a table by file and
// `N of M mutants caught`; the exit code is 1 below 95 %.
import { parseArgs } from "node:util";
import { availableParallelism } from "node:os";
import { fileOf, load, ruleFiles, testFiles } from "./load.ts";
import { type Outcome, Trials } from "./trials.ts";
import { table } from "./table.ts";

/** Of mutants that are not listed as equivalent. */
const BAR = 0.95;

// a method's file, or files by their names
async function sourcesOf(only: readonly string[]): Promise<string[]> {
  const all = await ruleFiles();
  if (only.length === 0) return all;
  const found = await Promise.all(
    only.map(async (name) => {
      const declares = await fileOf(name);
      const files = declares ? [declares] : all.filter((file) => file.includes(name));
      if (files.length > 0) return files;
      throw new RangeError(
        `mutants: --only, got ${name}, expected a method as moiety methods lists it, or part of a file`,
      );
    }),
  );
  return [...new Set(found.flat())];
}

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true, default: [] },
      tests: { type: "string", multiple: true, default: [] },
      survivors: { type: "boolean", default: false },
      lanes: { type: "string" },
    },
  });
  const lanes = Number(values.lanes ?? Math.min(2, availableParallelism()));
  if (!Number.isInteger(lanes) || lanes < 1)
    throw new RangeError(`mutants: --lanes, got ${values.lanes}, expected a whole number from 1`);
  const loaded = await load(await sourcesOf(values.only), await testFiles(values.tests));
  const trials = await Trials.begin(loaded, { lanes, survivors: values.survivors, methods: values.only });
  const outcomes: Outcome[] = await trials.run((line) => console.log(line));
  console.log(table(outcomes));
  const counted = outcomes.filter(({ equivalent }) => !equivalent);
  const caught = counted.filter(({ by }) => by !== undefined);
  const share = caught.length / Math.max(1, counted.length);
  console.log(`${caught.length} of ${counted.length} mutants caught, ${(100 * share).toFixed(1)} %`);
  process.exitCode = share >= BAR ? 0 : 1;
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
});
