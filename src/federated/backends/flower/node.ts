// A node of a Flower federation: joins, stays alive, does what it is asked, leaves. All training happens behind the
// Trainer; this file only waits, so its heartbeat is on time as long as the trainer lies on another thread (threads.ts).
import { faultOf, oneLine } from "../../admission.ts";
import { backoff, jitter, pause } from "./backoff.ts";
import { faultCodes, MESSAGE_UNAVAILABLE } from "./errors.ts";
import type { NodeEvent } from "./events.ts";
import { pullObjects, pushReply, UnloggedError } from "./exchange.ts";
import type { Link, Reply } from "./exchange.ts";
import { Fleet } from "./fleet.ts";
import type { PulledMessage } from "./fleet.ts";
import type { Identity } from "./identity.ts";
import type { Leaving } from "./leaving.ts";
import { Membership } from "./membership.ts";
import type { Metadata, ObjectTree } from "./messages.ts";
import { type Content, metricsObject, readContent, recordObject } from "./records.ts";
import type { TensorData } from "../../../io/dtype.ts";
import { instructionOf } from "./instruction.ts";
import { STAGES } from "./secureLetters.ts";
import type { Answer, Task, Trainer } from "./task.ts";
import { Transfers } from "./transfers.ts";
import { FleetError } from "./transport.ts";
import type { FleetTransport } from "./transport.ts";

/** Who takes part, where, and who hears of it. */
export interface NodeOptions {
  /** The way to the SuperLink. */
  readonly transport: FleetTransport;
  /** Who it is. */
  readonly identity: Identity;
  /** Answers what the server asks. */
  readonly trainer: Trainer;
  /** Seconds between heartbeats, 10 to 1800. The SuperLink gives a silent node up after twice that. */
  readonly heartbeatSeconds?: number;
  /** Seconds between polls while there is nothing to do: from the first to the second, with jitter. */
  readonly pollSeconds?: readonly [first: number, longest: number];
  /** Shared by the nodes of a process, so that they take turns and fetch a generalist once. */
  readonly transfers?: Transfers;
  /** Seconds to go on trying while the SuperLink cannot be reached. */
  readonly patienceSeconds?: number;
  /** Also forget the registration on leaving. A SuperLink never takes the same key twice: for keys used once. */
  readonly unregister?: boolean;
  /** Aborting leaves the federation cleanly. */
  readonly signal?: AbortSignal;
  /** Hears what happens. */
  readonly onEvent?: (event: NodeEvent) => void;
  /** Hears of everything that leaves before it does, and is waited for. If it rejects, nothing is sent and the node leaves. */
  readonly onLeaving?: (leaving: Leaving) => void | Promise<void>;
}

/** How a node's membership ended. */
export interface NodeSummary {
  /** Why it ended. */
  readonly reason: "finished" | "left";
  /** Train rounds answered. */
  readonly rounds: number;
  /** The last generalist, if the server's farewell could be fetched before the run closed; else it can be pulled. */
  readonly generalist?: { readonly round: number; readonly tensors: ReadonlyMap<string, TensorData> };
  /** The farewell itself. */
  readonly farewell?: Content;
}

const MOST_POLL_SECONDS = 30;
/** Sent by our ServerApp when it is done, with the final generalist. */
export const FAREWELL = "query.farewell";

/**
 * Takes part in a federation until it says farewell, or until the signal aborts. Rejects where trying again cannot help:
 * a key or clock that the SuperLink refuses, an address without a SuperLink, patience at its end.
 */
export async function runNode(options: NodeOptions): Promise<NodeSummary> {
  return new FlowerNode(options).run();
}

class FlowerNode {
  readonly #options: NodeOptions;
  readonly #fleet: Fleet;
  readonly #place: Membership;
  readonly #patience: number;
  readonly #signal: AbortSignal;
  #rounds = 0;
  #finished = false;
  #farewell: Pick<NodeSummary, "generalist" | "farewell"> = {};

  constructor(options: NodeOptions) {
    const { transport, identity, heartbeatSeconds = 30, patienceSeconds = 600, unregister = false, signal } = options;
    this.#options = options;
    this.#fleet = new Fleet(transport, identity);
    this.#patience = patienceSeconds;
    this.#signal = signal ?? new AbortController().signal;
    this.#place = new Membership({
      fleet: this.#fleet,
      address: transport.address,
      heartbeatSeconds,
      patienceSeconds,
      unregister,
      signal: this.#signal,
      tell: (event) => this.#tell(event),
    });
  }

  async run(): Promise<NodeSummary> {
    try {
      for (let n = 0; ; n++) {
        const nodeId = await this.#place.join();
        const heart = new AbortController();
        void this.#place.keep(heart.signal);
        try {
          await this.#serve(nodeId);
          break;
        } catch (error) {
          // a SuperLink that was restarted without its database knows nobody: introduce ourselves again
          if (!(error instanceof FleetError && error.kind === "unauthenticated")) throw error;
          this.#tell({ type: "offline", reason: "the SuperLink no longer knows this node" });
          await pause(backoff(n, 0.5), this.#signal);
        } finally {
          heart.abort();
        }
      }
    } catch (error) {
      if (!this.#signal.aborted) throw error instanceof FleetError ? this.#place.hopeless(error) : error;
    } finally {
      await this.#place.leave();
    }
    const reason = this.#finished ? "finished" : "left";
    return { reason, rounds: this.#rounds, ...this.#farewell };
  }

  #tell(event: NodeEvent): void {
    this.#options.onEvent?.(event);
  }

  async #serve(nodeId: bigint): Promise<void> {
    const { pollSeconds: [first, longest] = [1, 3], transfers = new Transfers() } = this.#options;
    const link: Link = {
      fleet: this.#fleet,
      nodeId,
      signal: this.#signal,
      patienceSeconds: this.#patience,
      transfers,
      leaving: async (leaving) => this.#options.onLeaving?.(leaving),
    };
    let slow = 0;
    for (let wait = first; !this.#finished;) {
      const { pulled, seconds } = await this.#pull(link);
      if (pulled?.message.metadata === undefined) {
        // where every poll takes long there are many of us: ask no more than a twentieth of the time
        const answered = Math.min(MOST_POLL_SECONDS, 20 * Math.min(seconds, slow));
        slow = seconds;
        await pause(jitter(Math.max(wait, answered)), this.#signal);
        wait = Math.min(longest, wait * 1.5);
      } else {
        wait = first;
        await this.#handle(link, pulled.message.metadata, pulled.tree);
      }
    }
  }

  /** One poll, repeated through an outage; `seconds` is what the one that was answered took. */
  async #pull({ fleet, nodeId, signal }: Link): Promise<{ pulled: PulledMessage | undefined; seconds: number }> {
    const start = performance.now();
    for (let n = 0; ; n++) {
      const asked = performance.now();
      try {
        const pulled = await fleet.pullMessage(nodeId, signal);
        this.#place.heard(undefined);
        return { pulled, seconds: (performance.now() - asked) / 1000 };
      } catch (error) {
        if (!(error instanceof FleetError && error.kind === "unreachable")) throw error;
        if ((performance.now() - start) / 1000 > this.#patience) throw error;
        this.#place.heard(error);
        await pause(backoff(n), signal);
      }
    }
  }

  async #handle(link: Link, metadata: Metadata, tree: ObjectTree): Promise<void> {
    const { messageType } = metadata;
    this.#tell({ type: "task", messageType });
    const start = performance.now();
    const seconds = (): number => (performance.now() - start) / 1000;
    try {
      const { reply, answer } = await this.#reply(link, metadata, tree);
      const { round = 0, spent } = answer ?? {};
      const sent = await pushReply(link, metadata, reply, { seconds: seconds(), round, spent });
      if (answer !== undefined) {
        if (messageType === "train" || messageType === STAGES.masked) this.#rounds++;
        this.#tell({ type: "sent", seconds: seconds(), ...sent });
      }
    } catch (error) {
      this.#signal.throwIfAborted();
      if (error instanceof UnloggedError) throw error;
      if (error instanceof FleetError && error.kind === "unauthenticated") throw error;
      this.#tell({ type: "dropped", messageType, reason: oneLine(error) });
    }
    // also where its content could not be fetched any more, because the run was over
    if (messageType === FAREWELL) this.#finished = true;
  }

  /** Whatever goes wrong on this side becomes an error reply: the round must not wait for a client that cannot answer. */
  async #reply(link: Link, metadata: Metadata, tree: ObjectTree): Promise<{ reply: Reply; answer?: Answer }> {
    const { messageType, runId, messageId } = metadata;
    const sorry = (code: number, error: unknown): { reply: Reply } => {
      this.#signal.throwIfAborted();
      if (error instanceof FleetError) throw error;
      const reason = oneLine(error);
      this.#tell({ type: "failed", messageType, reason });
      return { reply: { error: { code: BigInt(code), reason } } };
    };
    let task: Task;
    try {
      task = { messageType, rootId: tree.objectId, objects: await pullObjects(link, runId, tree) };
    } catch (error) {
      return sorry(MESSAGE_UNAVAILABLE, error);
    }
    // lets the server free its memory; nothing is lost where it cannot
    await link.fleet.confirm(link.nodeId, runId, messageId, link.signal).catch(() => undefined);
    try {
      const answer = messageType === FAREWELL ? await this.#heed(task) : await this.#train(task);
      return { reply: { content: answer.content }, answer };
    } catch (error) {
      return sorry(faultCodes[faultOf(error)], error);
    }
  }

  #train(task: Task): Promise<Answer> {
    return aborting(this.#signal, this.#options.trainer.answer(task));
  }

  async #heed({ rootId, objects }: Task): Promise<Answer> {
    const content = readContent(rootId, objects);
    const { serverRound: round } = instructionOf(content.configs);
    const generalist = { round, tensors: [...content.arrays.values()][0] ?? new Map<string, TensorData>() };
    this.#farewell = { generalist, farewell: content };
    this.#tell({ type: "finished", round });
    const metrics = await metricsObject({ "num-examples": 0 });
    return { content: await recordObject("RecordDict", [["metrics", metrics]]), round };
  }
}

/** The promise, or the signal's reason as soon as that aborts: training cannot be interrupted, but it can be left alone. */
function aborting<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
