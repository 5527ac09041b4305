// What axe finds in a page: in both themes, on a desk and on a phone.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

const desk = { width: 1440, height: 900 } as const;
const phone = { width: 390, height: 844 } as const;

// what depends on the theme alone is looked at in each, all else once on each size
const contrast = ["color-contrast", "link-in-text-block"];
const looks = [
  { viewport: desk, colorScheme: "light", only: undefined },
  { viewport: desk, colorScheme: "dark", only: contrast },
  { viewport: phone, colorScheme: "light", only: contrast },
  { viewport: phone, colorScheme: "dark", only: undefined },
] as const;

interface Finding {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

// runs in the page
async function findings(only: readonly string[] | undefined): Promise<Finding[]> {
  const { axe } = globalThis as unknown as {
    axe: { run(options: object): Promise<{ violations: Finding[] }> };
  };
  const { violations } = await axe.run({
    resultTypes: ["violations"],
    ...(only ? { runOnly: { type: "rule", values: only } } : { rules: { "target-size": { enabled: true } } }),
  });
  return violations.map(({ id, help, nodes }) => ({
    id,
    help,
    nodes: nodes.map(({ target, failureSummary }) => ({ target, failureSummary })),
  }));
}

/** What axe finds in a state of the page, in both themes and on both sizes, a line each. */
export async function violations(page: Page, state: string): Promise<string[]> {
  const found: string[] = [];
  await page.evaluate(await readFile(axe, "utf8"));
  for (const { viewport, colorScheme, only } of looks) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    // views are laid out anew, a few frames later
    await page.waitForTimeout(250);
    for (const { id, help, nodes } of await page.evaluate(findings, only))
      found.push(
        `${state}, ${viewport.width} px, ${colorScheme}: ${id}, ${help}: ` +
          nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(" ")} (${failureSummary.replaceAll(/\s+/g, " ")})`).join("; "), // prettier-ignore
      );
  }
  await page.setViewportSize(desk);
  return found;
}
