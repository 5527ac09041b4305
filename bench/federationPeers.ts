// Who simulates federations beside moiety: each a process of its own that answers with seconds and losses of rounds. The peers
// live in bench/peers/federations, with a requirements.txt of their own and a Python that `--peers` makes there.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { makePython, pip } from "./peers.ts";
import { Server } from "./protocol.ts";

/** One who takes part in a race of federations. */
export interface Entrant {
  readonly name: string;
  readonly workers: number;
  ask(request: FederationRequest): Promise<FederationReply>;
}

export type FederationRequest =
  /** Reads a task's folder; with that many workers its clients are trained. */
  | { readonly do: "prepare"; readonly folder: string; readonly workers: number }
  /**
   * Rounds of these clients, from the first weights on. Plain: no dropout, batches in the order of the rows.
   * @param turn names the draw of the cohorts, which moiety makes itself
   */
  | {
      readonly do: "rounds";
      readonly turn: number;
      readonly cohorts: readonly (readonly number[])[];
      readonly plain: boolean;
    };

export interface FederationReply {
  readonly error?: string;
  /** Of every round. */
  readonly seconds?: readonly number[];
  /** Mean training loss of every round; peers tell it of plain rounds at least. */
  readonly losses?: readonly number[];
  readonly steps?: number;
}

interface FederationPeer {
  readonly name: string;
  /** What pip calls it, and what else of it is wanted. */
  readonly package: string;
  readonly extra?: string;
  readonly script: string;
  /** With how many workers it can train. */
  readonly workers: readonly number[];
}

const peers: readonly FederationPeer[] = [
  { name: "pfl", package: "pfl", script: "pfl_peer.py", workers: [1, 2] },
  { name: "Flower", package: "flwr", extra: "[simulation]", script: "flower_peer.py", workers: [1, 2] },
  { name: "fluke", package: "fluke-fl", script: "fluke_peer.py", workers: [1] },
  // its second worker is PyTorch's second thread
  { name: "PyTorch loop", package: "torch", script: "loop_peer.py", workers: [1, 2] },
];

const folder = fileURLToPath(new URL("peers/federations/", import.meta.url));
const own = fileURLToPath(new URL("federation.ts", import.meta.url));
const python = `${folder}.venv/bin/python`;
// the first is for libraries that load for long
const LIMIT_SECONDS = { prepare: 120, rounds: 60 } as const;

/** One who trains a task's clients with so many workers. */
export class Federation implements Entrant {
  readonly name: string;
  readonly workers: number;
  readonly #server: Server<FederationRequest, FederationReply>;
  #silent = false;

  constructor(name: string, workers: number, program: string, args: readonly string[]) {
    this.name = name;
    this.workers = workers;
    this.#server = new Server(program, args);
  }

  /** Asks, and lets it stand still again when it has answered: some do not rest while others are timed. */
  async ask(request: FederationRequest): Promise<FederationReply> {
    if (this.#silent) return { error: "it was silent before" };
    const limit = LIMIT_SECONDS[request.do];
    let timer: NodeJS.Timeout;
    const late = new Promise<FederationReply>((resolve) => {
      timer = setTimeout(() => {
        this.#silent = true;
        resolve({ error: `no answer to ${request.do} in ${limit} s` });
      }, limit * 1000);
    });
    const reply = await Promise.race([this.#server.ask(request), late]);
    clearTimeout(timer!);
    this.#server.pause();
    return reply;
  }

  close(): Promise<void> {
    return this.#server.close(8000);
  }
}

/** moiety with so many workers. */
export function ours(workers: number): Federation {
  return new Federation("moiety", workers, process.execPath, [...process.execArgv, own]);
}

/** Installs what is missing of the peers and starts them; who cannot be installed answers with the reason. */
export function federations(report: (text: string) => void): (Entrant & Pick<Federation, "close">)[] {
  const pinned = readFileSync(`${folder}requirements.txt`, "utf8");
  return peers.flatMap(({ name, package: found, extra = "", script, workers }) => {
    const version = new RegExp(`^${found}==(.*)$`, "m").exec(pinned)![1]!;
    const error = installed(found, version, extra, report);
    return workers.map((count) => {
      const title = `${name} ${version}`;
      if (error === null) return new Federation(title, count, python, [folder + script, String(count)]);
      return { name: title, workers: count, ask: async () => ({ error }), close: async () => undefined };
    });
  });
}

function installed(name: string, version: string, extra: string, report: (text: string) => void): string | null {
  const place = `${folder}.venv/lib`;
  const there = (): boolean =>
    existsSync(python) &&
    readdirSync(place).some((lib) => existsSync(`${place}/${lib}/site-packages/${name.replaceAll("-", "_")}-${version}.dist-info`)); // prettier-ignore
  if (there()) return null;
  report(`installing ${name} ${version} into bench/peers/federations/.venv (all of them together up to 7 GB)`);
  const made = existsSync(python) ? null : makePython(folder);
  return made ?? pip(folder, "-c", "requirements.txt", `${name}${extra}`);
}
