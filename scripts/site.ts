// npm run site: the pages of docs/, the API reference and the lab in build/site, a folder that any static host serves: relative
// addresses, no server features. Ends with 1 where a link leads nowhere.
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { buildLab, labFolder } from "./lab.ts";
import { LAB_LINK, reference } from "./reference.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Where the site is built. */
export const siteFolder: string = join(root, "build/site");

/** Pages of a folder, as paths from it. */
async function pagesOf(folder: string): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true })) as string[];
  return files.filter((file) => file.endsWith(".html")).map((file) => file.replaceAll(sep, "/"));
}

/** Links within a folder's pages that lead to no file of it: `page -> target`. */
export async function deadLinks(folder: string): Promise<string[]> {
  const dead: string[] = [];
  for (const page of await pagesOf(folder)) {
    const text = await readFile(join(folder, page), "utf8");
    for (const [, target] of text.matchAll(/<(?:a|link|script|img)\b[^>]*?\s(?:href|src)="([^"#?]+)[^"]*"/g)) {
      if (/^(?:[a-z]+:|\/\/)/i.test(target!)) continue;
      // what begins at the host's root is somewhere else on most hosts
      const path = join(folder, dirname(page), decodeURIComponent(target!));
      const isThere = !target!.startsWith("/") && existsSync(path) && (statSync(path).isFile() || existsSync(join(path, "index.html"))); // prettier-ignore
      if (!isThere) dead.push(`${page} -> ${target}`);
    }
  }
  return dead;
}

/** Builds the site. */
export async function buildSite(): Promise<void> {
  await rm(siteFolder, { recursive: true, force: true });
  await reference(siteFolder);
  await buildLab();
  for (const page of await pagesOf(siteFolder)) {
    const path = join(siteFolder, page);
    const up = relative(dirname(path), siteFolder).replaceAll(sep, "/") || ".";
    await writeFile(
      path,
      (await readFile(path, "utf8")).replaceAll(`href="${LAB_LINK}"`, `href="${up}/lab/index.html"`),
    );
  }
  await cp(labFolder, join(siteFolder, "lab"), { recursive: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildSite();
  const dead = await deadLinks(siteFolder);
  for (const link of dead) console.error(`site: ${link} leads nowhere`);
  console.log(`site: ${siteFolder}, ${(await pagesOf(siteFolder)).length} pages`);
  process.exitCode = dead.length > 0 ? 1 : 0;
}
