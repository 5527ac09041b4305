// A real SuperLink on loopback for tests: started, asked to run our ServerApp, killed and started again.
import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { freePort } from "../../../scripts/freePort.ts";
import { project } from "./python.ts";

export interface SuperLinkOptions {
  /** Where its state, its logs and its configuration lie. */
  readonly folder: string;
  /** The environment's bin folder. */
  readonly bin: string;
  /** SQLite file for the state, so that it survives a restart. */
  readonly database?: string;
  /** Also serve the older gRPC Fleet API. */
  readonly grpc?: boolean;
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string };
  /** Only nodes whose key was registered may join; needs tls. */
  readonly authentication?: boolean;
}

export interface RunInfo {
  readonly "run-id": string;
  readonly status: string;
}

export class SuperLink {
  readonly port: number;
  readonly grpcPort: number;
  readonly #options: SuperLinkOptions;
  #process: ChildProcess | undefined;

  private constructor(options: SuperLinkOptions, port: number, grpcPort: number) {
    this.#options = options;
    this.port = port;
    this.grpcPort = grpcPort;
  }

  static async start(options: SuperLinkOptions): Promise<SuperLink> {
    const link = new SuperLink(options, await freePort(), await freePort());
    mkdirSync(`${options.folder}/home`, { recursive: true });
    const security = options.tls === undefined ? "insecure = true" : `root-certificates = "${options.tls.ca}"`;
    const connection = `[superlink]\ndefault = "local"\n\n[superlink.local]\naddress = "127.0.0.1:${link.port}"\n${security}\n`;
    writeFileSync(`${options.folder}/home/config.toml`, connection);
    await link.restart();
    return link;
  }

  get bin(): string {
    return this.#options.bin;
  }

  get address(): string {
    return `${this.#options.tls === undefined ? "http" : "https"}://127.0.0.1:${this.port}`;
  }

  /** What every process of Flower's is started with: no telemetry, its configuration here, our app on the path. */
  get environment(): NodeJS.ProcessEnv {
    const { bin, folder, grpc } = this.#options;
    return {
      ...process.env,
      PATH: `${bin}:${process.env["PATH"] ?? ""}`,
      FLWR_HOME: `${folder}/home`,
      FLWR_TELEMETRY_ENABLED: "0",
      FLWR_DISABLE_UPDATE_CHECK: "1",
      PYTHONPATH: project,
      ...(grpc === true ? { FLWR_INTERNAL_GRPC_FLEET_API: "1" } : {}),
    };
  }

  /** Memory of the SuperLink's process in MiB, where the system says it. */
  get memory(): number | undefined {
    const status = `/proc/${this.#process?.pid}/status`;
    const kilobytes = existsSync(status) ? /VmRSS:\s+(\d+)/.exec(readFileSync(status, "utf8"))?.[1] : undefined;
    return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024);
  }

  /** Starts the process (again) and waits until it answers. */
  async restart(): Promise<void> {
    const { bin, folder, database, tls, authentication } = this.#options;
    const args = ["--host", "127.0.0.1", "--port", `${this.port}`, "--disable-runtime-dependency-installation"];
    args.push("--fleet-api-address", `127.0.0.1:${this.grpcPort}`);
    if (database !== undefined) args.push("--database", database);
    if (tls === undefined) args.push("--insecure");
    else args.push("--ssl-certfile", tls.cert, "--ssl-keyfile", tls.key, "--ssl-ca-certfile", tls.ca);
    if (authentication === true) args.push("--enable-supernode-auth");
    const log = openSync(`${folder}/superlink.log`, "a");
    // a group of its own: the SuperLink starts other processes
    const child = spawn(`${bin}/flower-superlink`, args, {
      env: this.environment,
      cwd: folder,
      detached: true,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.#process = child;
    for (let n = 0; n < 150; n++) {
      if (child.exitCode !== null) throw new Error(`superlink ended: ${this.log().split("\n").slice(-3).join(" ")}`);
      if (await answers(this.port)) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error("superlink did not start in 30 s");
  }

  /** What a run's ServerApp has logged. */
  runLog(runId: string): Promise<string> {
    return this.flwr("log", runId, "local", "--show");
  }

  /** What it has printed so far. */
  log(): string {
    return readFileSync(`${this.#options.folder}/superlink.log`, "utf8");
  }

  /** Runs a command of Flower's against this SuperLink; resolves to what it printed. The nodes of a test live on meanwhile. */
  async flwr(...args: string[]): Promise<string> {
    const { bin, folder } = this.#options;
    const options = { env: this.environment, cwd: folder, timeout: 60_000 };
    try {
      return (await promisify(execFile)(`${bin}/flwr`, args, options)).stdout;
    } catch (cause) {
      const { stdout, stderr } = cause as { stdout: string; stderr: string };
      throw new Error(`flwr ${args[0]} failed: ${stdout}${stderr}`, { cause });
    }
  }

  /** Starts our ServerApp; resolves to the run's id. */
  async run(config: Readonly<Record<string, string | number | boolean>>): Promise<string> {
    // an answer that Flower loses ends the test in minutes, not in an hour
    const pairs = Object.entries({ "round-timeout": 60, ...config }).map(
      ([key, value]) => `${key}=${JSON.stringify(value)}`,
    );
    const printed = await this.flwr("run", project, "local", "--run-config", pairs.join(" "), "--format", "json");
    return (JSON.parse(printed.slice(printed.indexOf("{"))) as RunInfo)["run-id"];
  }

  async status(runId: string): Promise<string> {
    const printed = await this.flwr("list", "local", "--run-id", runId, "--format", "json");
    const { runs } = JSON.parse(printed.slice(printed.indexOf("{"))) as { runs: RunInfo[] };
    return runs[0]?.status ?? "unknown";
  }

  /** Its process, while it runs. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** The processes of the ServerApps that it runs. */
  async apps(): Promise<number[]> {
    const { stdout } = await promisify(execFile)("ps", ["-eo", "pid=,args="]);
    return stdout.split("\n").flatMap((line) => {
      const own = line.includes("flwr-serverapp") && line.includes(`127.0.0.1:${this.port} `);
      return own ? [Number.parseInt(line, 10)] : [];
    });
  }

  /** Kills the ServerApps that it runs, and nothing else. */
  async killApps(): Promise<void> {
    const apps = await this.apps();
    if (apps.length === 0) throw new Error("superlink: got no ServerApp to kill, expected one that runs");
    for (const pid of apps) process.kill(pid, "SIGKILL");
  }

  /** Ends the SuperLink and everything it started. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child?.pid === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    process.kill(-child.pid, signal);
    const timer = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), 5000);
    await ended;
    clearTimeout(timer);
  }
}

async function answers(port: number): Promise<boolean> {
  const { connect } = await import("node:net");
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
