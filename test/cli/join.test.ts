// moiety join: flags that promise something are checked before anything is loaded or asked.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { join, type JoinArguments } from "../../src/cli/flower/join.ts";
import { ConfigError } from "../../src/experiment/config.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("moiety join");

const defaults: JoinArguments = {
  address: "http://127.0.0.1:9",
  config: "quick",
  client: 0,
  rows: undefined,
  data: undefined,
  out: "client",
  key: undefined,
  ca: undefined,
  insecure: false,
  heartbeat: 30,
  clip: undefined,
  epsilon: undefined,
  delta: 1e-5,
  budget: undefined,
};

async function refusal(flags: Partial<JoinArguments>): Promise<string> {
  try {
    await join({ ...defaults, ...flags });
  } catch (error) {
    assert.instance(error, ConfigError);
    return (error as Error).message;
  }
  return "";
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path(tmpdir(), "moiety-join-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("privacy flags are checked at the start", () =>
  inFolder(async (folder) => {
    const out = `${folder}/client`;
    for (const [flags, message] of [
      [{ clip: -1 }, "privacy: clip, got -1, expected a finite norm above 0"],
      [{ clip: NaN }, "privacy: clip, got NaN, expected a finite norm above 0"],
      [{ clip: Infinity, epsilon: 1 }, "privacy: clip, got Infinity"],
      [{ clip: 1, epsilon: -1 }, "privacy: epsilon, got -1"],
      [{ clip: 1, epsilon: NaN }, "privacy: epsilon, got NaN"],
      [{ clip: 1, epsilon: 1, delta: 2 }, "privacy: delta, got 2"],
      [{ clip: 1, epsilon: 1, budget: 0 }, "privacy: budget, got 0"],
      [{ clip: 1, budget: 3 }, "--budget: it is spent by noise"],
      [{ epsilon: 1 }, "--epsilon: noise is measured against the longest update"],
      [{ heartbeat: 5 }, "--heartbeat: got 5 s, expected 10 to 1800"],
      [{ heartbeat: NaN }, "--heartbeat: got NaN s, expected 10 to 1800"],
    ] as const) {
      // an address that nobody has: who asks for data or for a server first fails by another word
      const told = await refusal({ out, config: `${folder}/nowhere.json`, ...flags });
      assert.ok(told.startsWith(message), told);
      assert.not.ok(existsSync(out), "nothing has begun");
    }
  }));

test("an account that was kept is gone on with, or the client stays away", () =>
  inFolder(async (out) => {
    writeFileSync(`${out}/privacy.json`, '{"rounds":3,"rho":0.1}');
    assert.match(await refusal({ out }), /3 answers were hidden by noise, and one without it would undo them/);
    assert.match(await refusal({ out, clip: 1 }), /give --clip and --epsilon/);
    for (const damaged of ['{"rounds":3,"rho":', "", "null", '{"rounds":-1,"rho":0}', '{"rounds":1,"rho":null}']) {
      writeFileSync(`${out}/privacy.json`, damaged);
      assert.match(await refusal({ out, clip: 1, epsilon: 1 }), /^.*privacy.json: /);
    }
  }));

test("noise beside a method is the config's affair: without it there it is refused in one line", () =>
  inFolder(async (folder) => {
    const one = { out: `${folder}/client`, method: ["ditto"], clip: 1 };
    const set = ["kind=local", "clip=1", "epsilon=2"].map((field) => `federation.privacy.${field}`);
    const hidden = { ...one, set } as Partial<JoinArguments>;
    const cases: [Partial<JoinArguments>, RegExp][] = [
      [{ ...one, epsilon: 1 }, /^--epsilon: the server of this federation goes by training losses.*kind=local/],
      [hidden, /^--clip: the config's clients hide what they send; give --epsilon as well, or neither$/],
      [{ ...one, method: ["ifca"], epsilon: 1 }, /^--epsilon: the server/],
      [
        { ...hidden, clip: undefined, method: ["ifca"] },
        /^config: federation.privacy: ifca sends model, got no difference/,
      ],
    ];
    for (const [flags, message] of cases) {
      assert.match(await refusal(flags), message);
      assert.not.ok(existsSync(one.out), "nothing has begun");
    }
  }));

test.run();
