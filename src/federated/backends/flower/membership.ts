// A node's place on a SuperLink: taken with patience, kept by heartbeats, given back at the end.
import { backoff, jitter, pause } from "./backoff.ts";
import type { NodeEvent } from "./events.ts";
import type { Fleet } from "./fleet.ts";
import { FleetError } from "./transport.ts";
import type { FleetErrorKind } from "./transport.ts";

export interface MembershipOptions {
  readonly fleet: Fleet;
  /** Where the SuperLink is, for messages to people. */
  readonly address: string;
  /** Seconds between heartbeats, 10 to 1800. */
  readonly heartbeatSeconds: number;
  /** Seconds to go on trying while the SuperLink cannot be reached. */
  readonly patienceSeconds: number;
  /** Also forget the registration on leaving. */
  readonly unregister: boolean;
  readonly signal: AbortSignal;
  readonly tell: (event: NodeEvent) => void;
}

export class Membership {
  readonly #options: MembershipOptions;
  #nodeId: bigint | undefined;
  #offline = false;

  constructor(options: MembershipOptions) {
    const { heartbeatSeconds } = options;
    if (!(heartbeatSeconds >= 10 && heartbeatSeconds <= 1800))
      throw new RangeError(`runNode: heartbeat, got ${heartbeatSeconds} s, expected 10 to 1800`);
    this.#options = options;
  }

  /** Registers where that is allowed, and goes online; again where the SuperLink has forgotten this node. Resolves to the node's id. */
  async join(): Promise<bigint> {
    const { fleet, address, heartbeatSeconds, patienceSeconds, signal, tell } = this.#options;
    const start = performance.now();
    const again = this.#nodeId !== undefined;
    for (let n = 0; ; n++) {
      try {
        // refused where this key is registered already, be it by us or by the operator
        await fleet.register(signal).catch(ignoreRefusal);
        this.#nodeId = await fleet.activate(heartbeatSeconds, signal);
        this.#offline = false;
        tell({ type: "joined", nodeId: this.#nodeId, address });
        return this.#nodeId;
      } catch (error) {
        if (!(error instanceof FleetError)) throw error;
        // the same key may still count as online from a session that crashed: until twice the heartbeat has passed
        const patience = error.kind === "refused" && !again ? 2 * heartbeatSeconds + 5 : patienceSeconds;
        const waited = (performance.now() - start) / 1000;
        if (!(error.kind === "unreachable" || error.kind === "refused") || waited > patience)
          throw this.hopeless(error);
        if (n === 0) tell({ type: "offline", reason: error.message });
        await pause(backoff(n), signal);
      }
    }
  }

  /** Sends heartbeats until the signal aborts. */
  async keep(signal: AbortSignal): Promise<void> {
    const { fleet, heartbeatSeconds } = this.#options;
    try {
      for (;;) {
        // early enough that one lost heartbeat does not cost the node its place
        await pause(jitter(heartbeatSeconds * 0.7), signal);
        const error: unknown = await fleet.heartbeat(this.#nodeId!, heartbeatSeconds, signal).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        this.heard(error);
      }
    } catch {
      // aborted: the session is over
    }
  }

  /** Says once that the SuperLink is out of reach, and once that it is back, whoever finds out. */
  heard(error: unknown): void {
    if (error instanceof FleetError && error.kind === "unreachable") {
      if (!this.#offline) this.#options.tell({ type: "offline", reason: error.message });
      this.#offline = true;
    } else if (this.#offline && error === undefined) {
      this.#offline = false;
      this.#options.tell({ type: "online" });
    }
  }

  /** Why trying again will not help, and what will. */
  hopeless(error: FleetError): RangeError {
    const remedy: Partial<Record<FleetErrorKind, string>> = {
      unauthenticated: `it refuses this key or this clock (${new Date().toISOString()})`,
      refused: "is the key registered (flwr supernode register), or in use by another process?",
      untrusted:
        "its certificate is not trusted here; give its authority's certificate (--ca), or is somebody in between?",
      unreachable: "is the SuperLink running, and its port open?",
    };
    const { address } = this.#options;
    return new RangeError(`flower: ${address}: ${error.message}; ${remedy[error.kind] ?? "is this a SuperLink?"}`, {
      cause: error,
    });
  }

  async leave(): Promise<void> {
    const { fleet, unregister, tell } = this.#options;
    if (this.#nodeId === undefined) return;
    // best effort: a SuperLink that does not answer will find out by the missing heartbeat
    await fleet.deactivate(this.#nodeId).catch(() => undefined);
    if (unregister) await fleet.unregister(this.#nodeId).catch(() => undefined);
    tell({ type: "left" });
  }
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof FleetError && error.kind === "refused")) throw error;
}
