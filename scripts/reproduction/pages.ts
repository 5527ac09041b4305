// The pages that hold what the committed runs say: docs/reproduction.md, and what lies behind it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Texts by their path below docs/. */
export type Pages = ReadonlyMap<string, string>;

/** The front page, and every page in the folder beside the runs. */
export function readPages(docs: string): Pages {
  const behind = readdirSync(join(docs, "reproduction")).filter((name) => name.endsWith(".md"));
  const paths = ["reproduction.md", ...behind.toSorted().map((name) => `reproduction/${name}`)];
  return new Map(paths.map((path) => [path, readFileSync(join(docs, path), "utf8")]));
}

/** The path of the one page that has a text; a RangeError where none has it, or several. */
export function pageWith(pages: Pages, text: string): string {
  const found = [...pages].filter(([, page]) => page.includes(text)).map(([path]) => path);
  if (found.length !== 1)
    throw new RangeError(`reproduction: pages with ${text}, got ${found.join(", ") || "none"}, expected one`);
  return found[0]!;
}
