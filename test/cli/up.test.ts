// moiety flower up: what it tells people to type, and what it refuses to write over.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, suite } from "../support/suite.ts";

const test = suite("moiety flower up");
const program = fileURLToPath(new URL("../../scripts/moiety.mjs", import.meta.url));

const up = (...args: string[]): Promise<string> =>
  promisify(execFile)(process.execPath, [program, "flower", "up", ...args]).then(
    ({ stdout }) => stdout,
    ({ stderr }: { stderr: string }) => stderr,
  );

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "moiety-up-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("prints the commands of both sides, and those that go on after a checkpoint", () =>
  inFolder(async (folder) => {
    const told = await up("--out", folder, "--rounds", "7", "--port", "8123");
    assert.match(told, "flower-superlink --host 127.0.0.1 --port 8123");
    assert.match(told, `'rounds=7 min-nodes=2 out="${folder}/out"'`);
    assert.match(told, "moiety join http://127.0.0.1:8123");
    assert.ok(existsSync(`${folder}/flwr/config.toml`));
    assert.match(await up("--out", folder, "--resume"), `out="${folder}/out" resume=true'`);
  }));

test("a folder with checkpoints is gone on with or left alone", () =>
  inFolder(async (folder) => {
    mkdirSync(`${folder}/out/checkpoints`, { recursive: true });
    writeFileSync(`${folder}/out/checkpoints/round-00003.safetensors`, "");
    assert.match(await up("--out", folder, "--start"), "--resume goes on after the last, another --out begins anew");
    assert.not.ok(existsSync(`${folder}/flwr`));
  }));

test("a door without keys is not opened without a word", () =>
  inFolder(async (folder) => {
    const tls = ["--out", folder, "--cert", "server.pem", "--cert-key", "server.key", "--ca", "ca.pem"];
    assert.match(await up(...tls), /--authentication lets in registered keys only, --open lets in all/);
    assert.not.ok(existsSync(`${folder}/envoy.json`));
    assert.match(await up(...tls, "--open"), `envoy -c ${folder}/envoy.json`);
    assert.match(await up(...tls, "--authentication"), "--enable-supernode-auth");
  }));

test("services begin what is printed, rounds that were begun go on, and words stay words", () =>
  inFolder(async (folder) => {
    const tls = ["--out", folder, "--cert", "server.pem", "--cert-key", "server.key", "--ca", "ca.pem"];
    const told = await up(
      ...tls,
      "--authentication",
      "--secure",
      "--method",
      "ditto,./mine.js",
      "--config",
      "c.json",
      "--set",
      "dataset=a 100 % $HOME",
    );
    const started = (name: string): string =>
      /^ExecStart=(.*)$/m.exec(readFileSync(`${folder}/systemd/moiety-${name}.service`, "utf8"))![1]!;
    assert.match(told, `cp ${folder}/systemd/moiety-superlink.service`);
    const [superlink] = /^flower-superlink .*$/m.exec(told)!;
    assert.is(started("superlink"), `${folder}/venv/bin/${superlink}`);
    assert.is(started("door"), `${folder}/venv/bin/envoy -c ${folder}/envoy.json`);
    assert.match(started("rounds"), `test -e ${folder}/rounds/config.json && r=--resume`);
    assert.match(
      started("rounds"),
      /flower relay --config \/\S+\/c\.json --method ditto,\/\S+\/mine\.js --set "dataset=a 100 %% \$\$HOME" --secure /,
    );
    assert.match(
      started("client@"),
      /join https:\/\/YOUR-HOST:8443 --ca \S+ --out \S+client-%i .* --secure --client %i$/,
    );
  }));

test.run();
