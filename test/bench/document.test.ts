import { replaceLines } from "../../bench/document.ts";
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

test.run();
