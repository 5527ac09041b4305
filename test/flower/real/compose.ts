// flower/compose.yaml without containers: PyYAML reads what our tests read, and its services, begun as it says on one loopback, which is
// what they share there too, end in the bits of a run in one process. Nothing here builds the image.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configOf } from "../../../src/cli/configOf.ts";
import { parse } from "../../support/commandLine.ts";
import { suite, assert } from "../../support/suite.ts";
import { composeFile, imageEntrypoint, readCompose } from "../support/compose.ts";
import { moiety } from "../support/moiety.ts";
import { flowerEnvironment, project } from "../support/python.ts";
import { freePort } from "../../../scripts/freePort.ts";
import { scratch } from "./federation.ts";
import { inProcess } from "./methods.ts";

export const compose: ReturnType<typeof suite> = suite("real flower, compose file");

const program = fileURLToPath(new URL("../../../scripts/moiety.mjs", import.meta.url));
const smaller = ["rows.train=80", "rows.validation=20", "rows.test=40", "federation.rounds=2", "federation.localEpochs=1", "federation.validateEvery=1", "personal.clients=3", "personal.epochs=1"]; // prettier-ignore

compose("PyYAML reads the same, and the services end in the bits of a run in one process", async () => {
  const environment = flowerEnvironment();
  if ("missing" in environment) throw new Error(environment.missing);
  const read = ["-c", "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))", composeFile];
  const file = readCompose();
  assert.equal(JSON.parse(execFileSync(`${environment.bin}/python`, read, { encoding: "utf8" })), file);

  const folder = scratch("compose");
  const port = `${await freePort()}`;
  // the first use compiles what is stale; several at once would compile it several times
  assert.is((await moiety(folder, "presets")).code, 0);
  const env = { ...process.env, PATH: `${environment.bin}:${process.env["PATH"]}`, PYTHONPATH: project, FLWR_HOME: `${folder}/flwr`, FLWR_TELEMETRY_ENABLED: "0", FLWR_DISABLE_UPDATE_CHECK: "1" }; // prettier-ignore
  const begun: ChildProcess[] = [];
  const begin = (name: string): Promise<{ code: number | null; printed: string }> => {
    const { entrypoint = imageEntrypoint(), command } = file.services[name]!;
    const own = name === "superlink" ? command : [...command, ...smaller];
    const words = [...entrypoint, ...own].map((word) =>
      word
        .replaceAll("$$", "$")
        .replaceAll("/data", `${folder}/${name}`)
        .replaceAll("/opt/moiety/dist/cli/main.js", program)
        .replace(/\b8000$/, port),
    );
    mkdirSync(`${folder}/${name}`);
    const child = spawn(words[0]!, words.slice(1), {
      env,
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    begun.push(child);
    let printed = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (part: Buffer) => (printed += part.toString()));
    return new Promise((settle) => child.once("exit", (code) => settle({ code, printed })));
  };
  try {
    const [superlink, ...members] = Object.keys(file.services);
    const served = begin(superlink!);
    const ended = members.map((name) => begin(name));
    const dead = served.then(({ printed }) =>
      Promise.reject(new Error(`the SuperLink ended: ${printed.slice(-2000)}`)),
    );
    for (const { code, printed } of await Promise.race([Promise.all(ended), dead])) assert.is(code, 0, printed);

    const args = await parse([...file.services["rounds"]!.command, ...smaller]);
    const { store } = await inProcess(await configOf("quick", args as Record<string, unknown>));
    const generalist = readFileSync(`${folder}/rounds/rounds/generalist.safetensors`);
    assert.equal(new Uint8Array(generalist), await store.read("generalist.safetensors"));
  } finally {
    for (const { pid, exitCode, signalCode } of begun)
      if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, "SIGTERM");
  }
});
