// Tables of the reader's own: columns chosen on the page, classes and numbers, with the command line's weights; and what is wrong with a
// file or a choice, at its field.
import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert } from "../../support/suite.ts";
import { LabPage } from "../support/page.ts";
import { gardens, prices } from "../support/tables.ts";
import { looker } from "./access.ts";
import type { Desk, Suite } from "./desk.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const run = promisify(execFile);

interface Kept {
  readonly weightsSha256: string;
  readonly methods: Record<string, Record<string, { readonly mean: number }>>;
}

const summaryIn = async (folder: string): Promise<Kept> =>
  JSON.parse(await readFile(join(folder, "summary.json"), "utf8")) as Kept;

async function give(page: LabPage, name: string, text: string): Promise<void> {
  await page.page.setInputFiles("#files", { name, mimeType: "text/csv", buffer: Buffer.from(text) });
}

/** Runs what the page exported with `moiety run`, beside the file, and compares weights and figures. */
async function sameOnCommandLine(page: LabPage, file: string, text: string): Promise<Kept> {
  const hash = await page.hash();
  const folder = await page.exported();
  await writeFile(join(folder, file), text);
  const out = join(mkdtempSync(join(tmpdir(), "moiety-lab-")), "run");
  await run(process.execPath, ["scripts/moiety.mjs", "run", join(folder, "config.json"), "--out", out], { cwd: root });
  const [here, there] = [await summaryIn(folder), await summaryIn(out)];
  assert.is(there.weightsSha256, hash);
  assert.equal(there.methods, here.methods);
  return here;
}

async function short(page: LabPage): Promise<void> {
  await page.set("federation.rounds", 6);
  await page.set("personal.epochs", 8);
}

export function tables(lab: Suite, at: () => Desk): void {
  lab("trains on classes of a table whose columns were chosen, with the command line's weights", async () => {
    const { browser, url } = at();
    const page = await LabPage.open(browser, url);
    await page.stage("ready");
    const csv = gardens(420);
    await give(page, "gardens.csv", csv);
    await page.says(/^6 clients are ready/);
    // by keyboard: no clients, whose column is an input then; and back
    const { page: tab } = page;
    const says = (part: string, is = true): Promise<unknown> =>
      tab.waitForFunction(([part, is]) => decodeURIComponent(location.hash).includes(part) === is, [part, is] as const);
    await tab.getByLabel("Column of clients").focus();
    await tab.keyboard.press("Home");
    await says('"client":"client"', false);
    await page.stage("ready");
    assert.is(await tab.evaluate(() => (document.activeElement as HTMLSelectElement).name), "files.client");
    await tab.getByLabel("age is an input").uncheck();
    await says('"ignore":["age"]');
    await tab.getByLabel("Column of clients").selectOption("client");
    await says('"client":"client"');
    await tab.getByLabel("age is an input").check();
    await says('"ignore"', false);
    await page.says(/^6 clients are ready/);
    await short(page);
    await page.start();
    await page.hash();
    await tab.locator(".roster tbody tr .name").first().click();
    await tab.waitForFunction(() => document.querySelectorAll("#client .verdicts dt").length === 3);
    assert.match((await tab.textContent("#client .truth")) ?? "", /^It is: (rose|lily|iris)$/);
    await tab.getByLabel("light", { exact: true }).selectOption("shade");
    await tab.waitForSelector("#client .truth", { state: "detached" });
    await sameOnCommandLine(page, "gardens.csv", csv);
    assert.equal(page.errors, []);
    await page.close();
  });

  lab("estimates numbers of a table with gaps and words, with the command line's weights and figures", async () => {
    const { browser, url } = at();
    const page = await LabPage.open(browser, url);
    await page.stage("ready");
    const tsv = prices(400);
    await give(page, "prices.tsv", tsv);
    await page.says(/clients are ready, on 320 training rows of prices/);
    const { page: tab } = page;
    assert.is(await tab.getByLabel("It holds").inputValue(), "regression");
    // words that all differ are no input unless somebody says so
    assert.is(await tab.getByLabel("code is an input").isChecked(), false);
    await tab.getByLabel("Column of clients").selectOption("owner");
    await page.says(/^5 clients are ready/);
    await short(page);
    await page.start();
    await page.hash();
    const heads = await tab.$$eval("#methods thead th", (all) => all.map((one) => one.textContent));
    assert.equal(heads, [
      "Method",
      "Local R2, %",
      "Global R2, %",
      "Local RMSE",
      "Global RMSE",
      "Local MAE",
      "Global MAE",
    ]);
    await tab.waitForSelector('#plane-figure .back svg[aria-label*="R2"]');
    await tab.locator(".roster tbody tr .name").first().click();
    await tab.waitForFunction(() => document.querySelectorAll("#client .verdicts dt").length === 3);
    assert.match((await tab.textContent("#client .truth")) ?? "", /^price is: \d+\.\d+$/);
    const before = await tab.textContent("#client .verdicts");
    await tab.getByLabel("area", { exact: true }).fill("300");
    await tab.waitForFunction((text) => document.querySelector("#client .verdicts")?.textContent !== text, before);
    const { methods } = await sameOnCommandLine(page, "prices.tsv", tsv);
    assert.ok(Number.isFinite(methods["mixture"]?.["localMae"]?.mean), "no MAE");
    assert.equal(page.errors, []);
    await page.close();
  });

  lab("says what is wrong with a file or a choice of columns at its field, and axe finds nothing there", async () => {
    const { browser, url } = at();
    const page = await LabPage.open(browser, url);
    await page.stage("ready");
    const { page: tab } = page;
    const large = join(mkdtempSync(join(tmpdir(), "moiety-lab-")), "t.csv");
    await writeFile(large, new Uint8Array(52 * 2 ** 20).fill(49));
    for (const [text, said] of [
      ["", /^Got nothing in t\.csv, expected a header and rows/],
      ["a,b\n", /^Got a header alone in t\.csv/],
      ["1,2\n3,4\n", /^Got numbers in the first line of t\.csv, expected the names/],
      ["a,b,y\n1,2,u\n3,v\n", /^In t\.csv, line 3, got 2 cells, expected 3/],
      [undefined, /^Got more than 50 MB in t\.csv/],
    ] as const) {
      if (text === undefined) await tab.setInputFiles("#files", large);
      else await give(page, "t.csv", text);
      await tab.waitForFunction(
        (source) => new RegExp(source).test(document.querySelector("#files-problem")?.textContent ?? ""),
        said.source,
      );
      await page.stage("refused");
    }
    const rows = Array.from({ length: 60 }, (_, i) => `${i},${i % 7},${i < 58 ? "ann" : "bob"},one,u${i % 2}`);
    await give(page, "t.csv", `x,z,who,same,y\n${rows.join("\n")}\n`);
    await page.stage("ready");
    for (const [label, option, field, said] of [
      ["Column of clients", "who", "files.client", /^Got 2 rows of client bob, expected 4 at least of every client/],
      ["Column of clients", "", "files.client", /^$/],
      ["Column to be predicted", "same", "files.label", /^Got one class in same \(one\), expected two at least/],
      ["Column to be predicted", "y", "files.label", /^$/],
      ["It holds", "regression", "task", /^Got numbers to be estimated, expected classes, as y holds words/],
    ] as const) {
      await tab.getByLabel(label).selectOption(option);
      await page.stage(said.source === "^$" ? "ready" : "refused");
      await tab.waitForFunction(
        ([name, source]) =>
          new RegExp(source!).test(
            document.querySelector(`[name="${name}"]`)?.closest(".field")?.querySelector(".wrong")?.textContent ?? "?",
          ),
        [field, said.source],
      );
    }
    const found: string[] = [];
    await (
      await looker(tab, found)
    )("a table whose columns are chosen wrongly");
    assert.equal(found, []);
    assert.equal(page.errors, []);
    await page.close();
  });
}
