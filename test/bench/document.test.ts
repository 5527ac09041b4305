import { replaceSection } from "../../bench/document.ts";
import { assert, test } from "../support/suite.ts";

const text = "# A\n\n<!-- bench: a -->\n\nold\n\n<!-- /bench -->\n\nmore\n\n<!-- bench: b -->\n<!-- /bench -->\n";

test("a section gets new content and the rest stays", () => {
  const once = replaceSection(text, "a", "new");
  assert.is(once, text.replace("old", "new"));
  assert.is(replaceSection(once, "a", "new"), once);
  assert.match(replaceSection(text, "b", "| x |"), /bench: b -->\n\n\| x \|\n\n<!-- \/bench -->\n$/);
});

test("a section that is not there is named", () => {
  assert.throws(() => replaceSection(text, "c", ""), /no place for c/);
  assert.throws(() => replaceSection("<!-- bench: a -->", "a", ""), /no place for a/);
});

test.run();
