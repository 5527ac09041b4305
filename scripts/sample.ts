// Writes the sample that the lab shows before its first run: where the models of every client ended in a finished run of its first set-up.
//
//   npm start -- --out runs/sample && node --import tsx scripts/sample.ts runs/sample
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readJson } from "../src/experiment/checked.ts";
import { parseMetric, parseSummary } from "../src/experiment/recordSchema.ts";
import { parseJsonLines } from "../src/io/jsonl.ts";
import { own } from "../lab/page/clientPage.ts";

const [folder] = process.argv.slice(2);
if (!folder) throw new RangeError("sample: got no run folder; npm start -- --out FOLDER makes one");
const rows = parseJsonLines(await readFile(join(folder, "metrics.jsonl"), "utf8")).rows.map((row) =>
  parseMetric(row, "metrics.jsonl"),
);
const { weightsSha256 } = parseSummary(
  readJson(await readFile(join(folder, "summary.json")), "summary.json"),
  "summary.json",
);
const places = own.map((model) => {
  const clients = rows.flatMap((row) => (row.kind === "client" && row.method === model ? [row] : []));
  const text = clients.map(
    ({ client, localTest, globalTest }) => `${client}:${localTest.toFixed(1)}/${globalTest.toFixed(1)}`,
  );
  return `  ${model}: "${text.join(" ")}",\n`;
});
await writeFile(
  fileURLToPath(new URL("../lab/page/sampled.ts", import.meta.url)),
  `// Made by scripts/sample.ts from a run of the lab's first set-up: by model, \`client:local/global\` in percent.
export const sampled = {
${places.join("")}};

/** Of the run that they are from. */
export const sampledSha256 = "${weightsSha256}";
`,
);
