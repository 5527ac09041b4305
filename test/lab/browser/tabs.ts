// Two tabs as two clients of one federation: the weights of Node's run, rows that stay, a tab that goes and comes back, and one that does not fit.
import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { readAddress } from "../../../lab/page/address.ts";
import { weightsHash } from "../../../src/experiment/files.ts";
import { decodeSafetensors } from "../../../src/io/safetensors.ts";
import type { Vectors } from "../../../src/federated/method.ts";
import { assert } from "../../support/suite.ts";
import { LabPage, small } from "../support/page.ts";
import { violations } from "./axe.ts";
import type { Desk, Suite } from "./desk.ts";

// two clients, each the only one of its tab
const two = small.replace("clients=6", "clients=2").replace("cohort=4", "cohort=2").replace("rounds=24", "rounds=8");
// rounds that last: frames are few in a tab behind another
const six = `${small.replace("rounds=24", "rounds=12").replace("personal.clients=4", "personal.clients=6")}&optOut=0.2&federation.localEpochs=20`;

const root = fileURLToPath(new URL("../../..", import.meta.url));

interface Run {
  readonly generalist: string;
  /** The hash that a tab has that trained these clients. */
  of(clients: readonly number[]): string;
}

/** What the command line makes of an address. */
async function inNode(address: string): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "moiety-lab-"));
  await writeFile(join(folder, "config.json"), JSON.stringify(readAddress(address)));
  const out = join(folder, "run");
  const args = ["scripts/moiety.mjs", "run", join(folder, "config.json"), "--data", "data", "--out", out];
  await promisify(execFile)(process.execPath, args, { cwd: root });
  const tensorsOf = async (name: string): Promise<Vectors> =>
    Object.fromEntries([...decodeSafetensors(await readFile(join(out, name))).tensors].map(([tensor, { data }]) => [tensor, data as Float32Array])); // prettier-ignore
  const generalist = await tensorsOf("generalist.safetensors");
  const { clients } = readAddress(address);
  const own = new Map<number, Vectors>();
  for (let client = 0; client < clients; client++) {
    const all = await tensorsOf(`clients/${client}.safetensors`);
    // as a client keeps them: its specialist, then its gate
    const part = (name: string): Vectors => Object.fromEntries(Object.entries(all).filter(([tensor]) => tensor.startsWith(`${name}.`))); // prettier-ignore
    own.set(client, { ...part("specialist"), ...part("gate") });
  }
  return {
    generalist: weightsHash([generalist], []),
    of: (some) => weightsHash([generalist], some.map((client) => ({ kept: own.get(client)! }))), // prettier-ignore
  };
}

const attribute = async ({ page }: LabPage, name: string): Promise<string | null> => page.getAttribute(`[data-${name}]`, `data-${name}`); // prettier-ignore

async function says({ page }: LabPage, pattern: RegExp): Promise<void> {
  await page.waitForFunction(
    ([source]) => new RegExp(source!).test(document.querySelector("#together-state")?.textContent ?? ""),
    [pattern.source],
    { timeout: 60_000, polling: 20 },
  );
}

/** Presses the button, and is handed the tab that it opens. */
async function opened(first: LabPage): Promise<LabPage> {
  const [page] = await Promise.all([first.page.waitForEvent("popup"), first.page.click("#invite")]);
  return new LabPage(page);
}

const ownOf = (page: Page): Promise<number[]> =>
  page.$$eval(".roster tbody tr", (rows) =>
    rows.flatMap((row) =>
      /in the other tab/.test(row.textContent ?? "") ? [] : [Number(row.querySelector(".name")!.textContent)],
    ),
  );

export function tabs(lab: Suite, desk: () => Desk): void {
  lab("two tabs train one federation to Node's weights, each with its own client, and no row leaves", async () => {
    const { browser, url } = desk();
    const first = await LabPage.open(browser, url + two);
    await first.stage("ready");
    const second = await opened(first);
    await says(second, /Both tabs are here: waits for a start in the first/);
    await says(first, /The second tab is here: start the run/);
    assert.equal([await ownOf(first.page), await ownOf(second.page)], [[0], [1]]);
    assert.is(await second.page.isVisible("#run"), false);
    const found = [...(await violations(first.page, "first")), ...(await violations(second.page, "second"))];
    await first.page.click("#run");
    const hashes = [await first.hash(), await second.hash()];
    const node = await inNode(two);
    assert.equal(hashes, [node.of([0]), node.of([1])]);
    assert.equal([await attribute(first, "generalist"), await attribute(second, "generalist")], [node.generalist, node.generalist]); // prettier-ignore

    // a single page has the same generalist
    const single = await LabPage.open(browser, url + two);
    await single.start();
    assert.is(await single.hash(), node.of([0, 1]));
    assert.is(await attribute(single, "generalist"), node.generalist);

    for (const page of [first, second]) {
      await page.page.click("#left-log summary");
      const cells = await page.page.$$eval("#left-log tbody td:nth-child(4)", (all) => all.map((one) => one.textContent ?? "")); // prettier-ignore
      assert.ok(cells.length > 10);
      assert.ok(
        cells.every((cell) =>
          /^(none|model \[\d+\]|fedavg\/best\/model \[\d+\](, fedavg\/last\/model \[\d+\])?)$/.test(cell),
        ),
        cells.join("; "),
      );
    }
    assert.match((await second.page.textContent("#left-log summary")) ?? "", /What left this tab: \d+ messages, .* what the method sends and no row/); // prettier-ignore
    found.push(...(await violations(second.page, "second, at the end, with its log")));
    assert.equal([...found, ...first.errors, ...second.errors], []);
    await first.close();
    await single.close();
  });

  lab("a tab that is closed in mid-run is waited for, with a pause between, to the same weights", async () => {
    const { browser, url } = desk();
    const first = await LabPage.open(browser, url + six);
    await first.stage("ready");
    let second = await opened(first);
    await says(first, /second tab is here/);
    const halves = [await ownOf(first.page), await ownOf(second.page)];
    assert.equal(halves.flat(), [0, 1, 2, 3, 4, 5]);
    await first.page.bringToFront();
    await first.page.click("#run");
    await first.says(/together: round ([1-9]|1.) /);
    await second.page.close();
    await says(first, /The second tab was closed: the run waits until it is open again/);
    const [page] = await Promise.all([first.page.waitForEvent("popup"), first.page.click("#second-tab")]);
    second = new LabPage(page);
    await says(second, /tab|train/);
    await first.page.waitForFunction(() => !/was closed/.test(document.querySelector("#together-state")!.textContent!));
    if ((await first.page.getAttribute("body", "data-stage")) === "running") {
      await first.page.click("#run");
      await first.page.waitForFunction(() => ["paused", "finished"].includes(document.body.dataset["stage"]!));
      if ((await first.page.getAttribute("body", "data-stage")) === "paused") await first.page.click("#run");
    }
    const hashes = [await first.hash(), await second.hash()];
    const node = await inNode(six);
    assert.equal(hashes, halves.map((half) => node.of(half))); // prettier-ignore
    assert.equal([...first.errors, ...second.errors], []);
    await first.close();
  });

  lab("a tab that does not fit is sent away in one sentence, and so is one whose first tab goes", async () => {
    const { browser, url } = desk();
    const first = await LabPage.open(browser, url + two);
    await first.stage("ready");
    const second = await opened(first);
    await says(first, /second tab is here/);
    const address = second.page.url();
    const context = first.page.context();
    const visit = async (at: string): Promise<LabPage> => {
      const page = new LabPage(await context.newPage());
      await page.page.goto(at);
      return page;
    };
    const problem = ({ page }: LabPage): Promise<string | null> => page.textContent("#problem");
    const third = await visit(address);
    await third.stage("failed");
    assert.is(await problem(third), "A second tab is there already: two are enough.");
    await second.page.close();
    await says(first, /second tab was closed/);
    const other = await visit(address.replace("seed=1", "seed=2"));
    await other.stage("failed");
    assert.is(await problem(other), "This tab has another set-up than the first one: open it again from there.");
    // what another build of the page would say
    const id = new URL(address).searchParams.get("join")!;
    const why = await other.page.evaluate(
      (name) =>
        new Promise((resolve) => {
          const channel = new BroadcastChannel(`moiety lab ${name}`);
          channel.addEventListener("message", ({ data }) => {
            if (data.to === "old") resolve(data.say.why);
          });
          channel.postMessage({ from: "old", say: { kind: "hello", terms: { version: "another" } } });
        }),
      id,
    );
    assert.match(String(why), /^this tab has another version of the page than the first one: reload both/);
    const fitting = await visit(address);
    await says(first, /second tab is here/);
    await first.page.close();
    await fitting.stage("failed");
    assert.match((await problem(fitting)) ?? "", /^The first tab was closed, and the server with it; open this one again/); // prettier-ignore
    await context.close();

    // what cannot be shared out is said where it is asked for
    const odd = await LabPage.open(browser, `${url}${two}&methods.ditto=as it is`);
    await odd.stage("ready");
    const [popup] = await Promise.all([odd.page.waitForEvent("popup"), odd.page.click("#invite")]);
    await odd.page.waitForSelector("#problem:not([hidden])");
    assert.match((await problem(odd)) ?? "", /^Two tabs train the page's own four models: take out the methods/);
    await popup.close();
    await odd.close();
  });
}
