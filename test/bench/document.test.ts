import { readFileSync } from "node:fs";
import { rowsOf } from "../../bench/chart.ts";
import { chartFile, drawnChart, replaceLines } from "../../bench/document.ts";
import type { Line } from "../../bench/line.ts";
import { replaceSection } from "../../scripts/section.ts";
import { assert, test } from "../support/suite.ts";

const text = "# A\n\n<!-- bench: a -->\n\nold\n\n<!-- /bench -->\n\nmore\n\n<!-- bench: b -->\n<!-- /bench -->\n";

test("a section gets new content and the rest stays", () => {
  const once = replaceSection(text, "bench", "a", "new");
  assert.is(once, text.replace("old", "new"));
  assert.is(replaceSection(once, "bench", "a", "new"), once);
  assert.match(replaceSection(text, "bench", "b", "| x |"), /bench: b -->\n\n\| x \|\n\n<!-- \/bench -->\n$/);
});

test("a section that is not there is named", () => {
  assert.throws(() => replaceSection(text, "bench", "c", ""), /no place for c/);
  assert.throws(() => replaceSection("<!-- bench: a -->", "bench", "a", ""), /no place for a/);
});

test("new lines take the place of the same suite's and build's, and of no others", () => {
  const line = (suite: string, build: string, ms: number): Line => ({ suite, name: "x", runtime: "node", build, ms });
  const kept = [line("step", "plain", 1), line("step", "relaxed", 2), line("matmul", "plain", 3)];
  const found = replaceLines(kept, [line("step", "plain", 4), line("step", "plain", 5)]);
  assert.equal(
    found.map(({ ms }) => ms),
    [2, 3, 4, 5],
  );
});

test("the chart and its words are those of the lines that are kept", async () => {
  const { svg, caption } = await drawnChart();
  assert.is(readFileSync(chartFile, "utf8"), svg, "npm run bench -- --chart draws it again");
  assert.ok(readFileSync(new URL("../../docs/performance.md", import.meta.url), "utf8").includes(caption));
});

test("rows of the chart are speeds beside PyTorch's, those that it wins among them", () => {
  const line = (suite: string, name: string, peer: string, ratio: number): Line => ({ suite, name, peer, ratio, runtime: "node", build: "plain", ms: 1 }); // prettier-ignore
  const rows = rowsOf([
    line("step", "A", "PyTorch", 2),
    line("step", "A", "jax-js", 50),
    line("step", "B", "PyTorch", 0.5),
    line("conv", "won", "PyTorch", 1.5),
    line("conv", "lost", "PyTorch", 0.8),
  ]);
  assert.equal(
    rows.map(({ name, moiety }) => [name, moiety]),
    [
      ["step A", 2],
      ["step B", 0.5],
      ["conv lost", 0.8],
    ],
  );
  assert.equal(rows[0]!.others, [{ peer: "jax-js", speed: 0.04 }]);
});

test.run();
