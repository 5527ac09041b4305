// Three machines as docs/federation.md has them, each a network namespace: a server whose services stand behind a door with TLS and
// registered keys, and two clients. What runs is what the units say that `moiety flower up` writes; a client loses its power, and
// so do the rounds, and what comes out has the bits of a run in one process.
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { override, parseConfig, preset } from "../../../src/experiment/index.ts";
import { assert, suite } from "../../support/suite.ts";
import { makeCertificates } from "../support/certificates.ts";
import { envoyProgram } from "../support/envoy.ts";
import { machines as network, on, Service } from "../support/machines.ts";
import { flowerEnvironment } from "../support/python.ts";
import { scratch, until } from "./federation.ts";
import { inProcess } from "./methods.ts";

export const machines: ReturnType<typeof suite> = suite("real flower, three machines");

const program = fileURLToPath(new URL("../../../scripts/moiety.mjs", import.meta.url));
const changes = {
  clients: 2,
  "rows.train": 80,
  "rows.validation": 20,
  "rows.test": 40,
  "federation.rounds": 4,
  "federation.cohort": 2,
  "federation.localEpochs": 1,
  "federation.validateEvery": 1,
  "federation.validationClients": 2,
  "personal.clients": 2,
  "personal.epochs": 1,
};
const config = parseConfig(
  Object.entries(changes).reduce((so, [field, value]) => override(so, field, value), {
    ...preset("quick"),
    methods: { ditto: {} },
  } as unknown),
);
const words = ["--method", "ditto", "--set"].concat(
  Object.entries(changes).map(([field, value]) => `${field}=${value}`),
);

machines("services on three machines bear losses of power, to the bits of a run in one process", async () => {
  const environment = flowerEnvironment();
  if ("missing" in environment) throw new Error(environment.missing);
  if (envoyProgram(environment.bin) === undefined) return console.log("skipped: Envoy cannot be had here");
  const found = network(3);
  if ("missing" in found) return console.log(`skipped: ${found.missing}`);
  const [server, ...others] = found.all;
  const folder = scratch("machines");
  const federation = `${folder}/federation`;
  const { ca, cert, key } = makeCertificates(folder, [`IP:${server!.address}`]);
  mkdirSync(federation);
  symlinkSync(dirname(environment.bin), `${federation}/venv`);
  const here = inProcess(config);
  const services: Service[] = [];
  const service = (...of: ConstructorParameters<typeof Service>): Service => {
    const one = new Service(...of);
    services.push(one);
    one.begin();
    return one;
  };
  try {
    const tls = ["--cert", cert, "--cert-key", key, "--ca", ca, "--authentication"];
    const up = on(server!, folder, process.env, process.execPath, program, "flower", "up", ...tls, ...words);
    assert.is(up.code, 0, up.printed);
    const unit = (name: string): string => `${federation}/systemd/moiety-${name}.service`;
    const superlink = service(server!, unit("superlink"));
    const door = service(server!, unit("door"));
    const clients = others.map((machine, i) => {
      const own = `${folder}/machine-${i}`;
      mkdirSync(own);
      const names = { "YOUR-HOST": server!.address, "/etc/moiety/ca.pem": ca, "/var/lib/moiety": own };
      return service(machine, unit("client@"), names, `${i}`);
    });
    // each makes its key when it first tries to join, and goes on trying
    const env = { ...process.env, FLWR_HOME: `${federation}/flwr`, FLWR_TELEMETRY_ENABLED: "0", FLWR_DISABLE_UPDATE_CHECK: "1", PATH: `${environment.bin}:${process.env["PATH"]}` }; // prettier-ignore
    for (const i of clients.keys()) {
      const pub = `${folder}/machine-${i}/client-${i}/node.key.pub`;
      await until(() => existsSync(pub), 60);
      await until(() => on(server!, folder, env, "flwr", "supernode", "register", pub, "moiety").code === 0, 60);
    }
    const rounds = service(server!, unit("rounds"));
    const reached = (round: number) => (): boolean => new RegExp(`ditto round ${round}\\b`).test(rounds.printed);
    await until(reached(1), 240);
    await clients[1]!.kill();
    clients[1]!.begin();
    await until(reached(2), 240);
    await rounds.kill();
    rounds.begin();
    assert.is(
      await rounds.ended,
      0,
      [rounds, superlink, door, ...clients].map(({ printed }) => printed).join("\n---\n"),
    );
    assert.match(rounds.printed, /ditto: 4 rounds, best after round \d/);
    for (const client of clients) assert.is(await client.ended, 0, client.printed);
    const { store } = await here;
    assert.equal(new Uint8Array(readFileSync(`${federation}/rounds/generalist.safetensors`)), await store.read("generalist.safetensors")); // prettier-ignore
    // nothing but the door is to be seen from another machine
    const answers = (port: number): boolean => {
      const knock = `require("node:net").connect(${port}, "${server!.address}").on("connect", () => process.exit(0)).on("error", () => process.exit(1))`;
      return on(others[0]!, folder, process.env, process.execPath, "-e", knock).code === 0;
    };
    assert.equal([8443, 8000].map(answers), [true, false]);
  } finally {
    for (const one of services) await one.kill();
    found.remove();
  }
});
