// A relay whose nodes are behind ports: another tab, a worker, whatever carries structured clones. Who is online is said by whoever
// holds the ports.
import type { Port } from "../../../runtime/pool.ts";
import { oneLine } from "../../admission.ts";
import { MESSAGE_UNAVAILABLE, NODE_UNAVAILABLE } from "./errors.ts";
import { FAREWELL } from "./node.ts";
import type { Exchange, Heard, Posted, Relay, Replied } from "./relay.ts";
import { repliedOf, type Sealed, sorry, taskOf } from "./sealed.ts";
import type { Task } from "./task.ts";

/** What a node is asked over its port. */
export interface Asked {
  readonly id: string;
  readonly node: string;
  readonly task: Task;
}

/** What a node answers over its port, or why it cannot. */
export interface Answered {
  readonly id: string;
  readonly sealed?: Sealed;
  readonly error?: NonNullable<Replied["error"]>;
}

/** One end of a way to nodes. */
export type NodePort = Pick<Port, "post" | "onMessage">;

export interface PortRelayOptions {
  /** Seconds that an exchange waits for news; 0.5 unless said. */
  readonly restSeconds?: number;
  /** Hears of every message and every answer, with who still has one to answer. */
  readonly onTraffic?: (asked: ReadonlySet<string>) => void;
}

export class PortRelay implements Relay {
  readonly #options: PortRelayOptions;
  readonly #nodes = new Map<string, NodePort>();
  // to whom a message went that is not answered
  readonly #asked = new Map<string, string>();
  readonly #replies = new Map<string, Replied>();
  // what was said last, for whoever comes when all is over
  readonly #farewells = new Map<string, Task>();
  #last = 0;
  #wake: () => void = () => {};

  constructor(options: PortRelayOptions = {}) {
    this.#options = options;
  }

  /** Nodes come online behind a port; the answer takes them offline, and what they have not answered is lost. */
  join(nodes: readonly string[], port: NodePort): () => void {
    port.onMessage((message) => this.#hear(message as Answered));
    for (const node of nodes) {
      this.#nodes.set(node, port);
      const farewell = this.#farewells.get(node);
      if (farewell) this.#post(node, farewell);
    }
    this.#news();
    return () => {
      for (const node of nodes) {
        // another port may have come in its place
        if (this.#nodes.get(node) !== port) continue;
        this.#nodes.delete(node);
        for (const [id, of] of this.#asked)
          if (of === node) this.#settle(sorry(id, { code: NODE_UNAVAILABLE, reason: "node unavailable" }));
      }
      this.#news();
    };
  }

  async exchange({ push, pull }: Exchange): Promise<Heard> {
    const pushed: string[] = [];
    for (const post of push) pushed.push(await this.#push(post));
    if (push.length === 0 && !pull.some((id) => this.#replies.has(id))) await this.#rest();
    const replies = pull.flatMap((id) => {
      const reply = this.#replies.get(id);
      this.#replies.delete(id);
      return reply ?? [];
    });
    return { nodes: [...this.#nodes.keys()], pushed, replies };
  }

  /** Forgets what is under way; nodes stay, and may be asked again. */
  async close(): Promise<void> {
    this.#asked.clear();
    this.#replies.clear();
    this.#told();
  }

  async #push({ node, ...post }: Posted): Promise<string> {
    const task = await taskOf(post);
    if (!this.#nodes.has(node)) return "";
    if (post.type === FAREWELL) this.#farewells.set(node, task);
    return this.#post(node, task);
  }

  #post(node: string, task: Task): string {
    const id = `${++this.#last}`;
    this.#asked.set(id, node);
    this.#nodes.get(node)!.post({ id, node, task } satisfies Asked);
    this.#told();
    return id;
  }

  #hear({ id, sealed, error }: Answered): void {
    // of a run that was stopped
    if (!this.#asked.has(id)) return;
    const unread = (cause: unknown): Replied =>
      sorry(id, { code: MESSAGE_UNAVAILABLE, reason: `an answer that cannot be read: ${oneLine(cause)}` });
    try {
      this.#settle(error || !sealed ? sorry(id, error ?? { code: 0, reason: "nothing" }) : repliedOf(id, sealed));
    } catch (cause) {
      this.#settle(unread(cause));
    }
    this.#news();
  }

  #settle(reply: Replied): void {
    this.#asked.delete(reply.id);
    this.#replies.set(reply.id, reply);
    this.#told();
  }

  #told(): void {
    this.#options.onTraffic?.(new Set(this.#asked.values()));
  }

  #rest(): Promise<void> {
    const { restSeconds = 0.5 } = this.#options;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, restSeconds * 1000);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #news(): void {
    this.#wake();
  }
}
