// A grid in this process: nodes are trainers, messages go through Flower's objects, and by a seed everything may get lost that
// can get lost on the way: messages, answers, nodes, the relay itself.
import { faultOf } from "../../../src/federated/admission.ts";
import { faultCodes } from "../../../src/federated/backends/flower/errors.ts";
import type { Trainer } from "../../../src/federated/backends/flower/index.ts";
import {
  type Exchange,
  type Heard,
  LostError,
  type Posted,
  type Relay,
  type Replied,
} from "../../../src/federated/backends/flower/relay.ts";
import { repliedOf, sealed, sorry, taskOf } from "../../../src/federated/backends/flower/sealed.ts";
import { fold, key, Stream } from "../../../src/runtime/random.ts";

/** What a node answers, as a relay reads it. */
export async function answered(trainer: Trainer, id: string, post: Omit<Posted, "node">): Promise<Replied> {
  try {
    const { content } = await trainer.answer(await taskOf(post));
    return repliedOf(id, sealed(content));
  } catch (error) {
    const { message } = error as Error;
    return sorry(id, { code: faultCodes[faultOf(error)], reason: message });
  }
}

export interface GridOptions {
  /** Makes a client's trainer: again after it was killed. */
  readonly trainer: (client: number) => Trainer;
  readonly clients: readonly number[];
  /** How much of what can go wrong does, 0 to 1; nothing unless said. */
  readonly trouble?: number;
  readonly seed?: number;
}

interface Node {
  readonly client: number;
  trainer: Trainer;
  readonly inbox: { readonly id: string; readonly post: Posted }[];
  /** Exchanges until it is online again. */
  away: number;
}

export class Grid implements Relay {
  readonly #options: GridOptions;
  readonly #nodes = new Map<string, Node>();
  readonly #replies = new Map<string, Replied>();
  readonly #to = new Map<string, string>();
  readonly #dice: Stream;
  /** What went wrong, by its name. */
  readonly troubles: Map<string, number> = new Map();
  #ids = 0;

  constructor(options: GridOptions) {
    this.#options = options;
    this.#dice = new Stream(fold(key(options.seed ?? 0), "trouble"));
    for (const client of options.clients) this.#join(client);
  }

  async exchange({ push, pull }: Exchange): Promise<Heard> {
    if (this.#trouble("the relay before")) return this.#lose();
    const pushed = push.map((post) => {
      const node = this.#nodes.get(post.node);
      if (!node || node.away > 0) return "";
      const id = `${++this.#ids}`;
      this.#to.set(id, post.node);
      if (!this.#trouble("a message")) node.inbox.push({ id, post });
      return id;
    });
    if (this.#trouble("the relay after")) return this.#lose();
    for (const [name, node] of this.#nodes) await this.#turn(name, node);
    const replies = pull.flatMap((id) => {
      const reply = this.#replies.get(id);
      if (reply) {
        this.#replies.delete(id);
        return [reply];
      }
      const node = this.#nodes.get(this.#to.get(id) ?? "");
      if (node && node.away === 0) return [];
      return [sorry(id, { code: 5, reason: "Node Unavailable" })];
    });
    const nodes = [...this.#nodes].flatMap(([name, { away }]) => (away > 0 ? [] : [name]));
    return { nodes, pushed, replies };
  }

  async close(): Promise<void> {}

  #join(client: number): void {
    this.#nodes.set(`n${++this.#ids}`, { client, trainer: this.#options.trainer(client), inbox: [], away: 0 });
  }

  /** A node does one thing, unless it is killed before or after. */
  async #turn(name: string, node: Node): Promise<void> {
    if (node.away > 0) {
      // it comes back under its old name, or, where the SuperLink has forgotten it, under another
      if (--node.away === 0 && this.#trouble("its registration")) {
        this.#nodes.delete(name);
        this.#join(node.client);
      }
      return;
    }
    const next = node.inbox.shift();
    if (!next) return;
    const kill = (): void => {
      node.trainer = this.#options.trainer(node.client);
      node.inbox.length = 0;
      // short ones are not noticed by anybody
      node.away = this.#dice.uniform() < 0.5 ? 0 : 2;
    };
    if (this.#trouble("a node before")) return kill();
    const reply = await answered(node.trainer, next.id, next.post);
    if (this.#trouble("a node after")) return kill();
    if (!this.#trouble("an answer")) this.#replies.set(next.id, reply);
  }

  #lose(): never {
    this.#replies.clear();
    for (const node of this.#nodes.values()) if (this.#dice.uniform() < 0.5) node.inbox.length = 0;
    throw new LostError("the relay was killed");
  }

  #trouble(what: string): boolean {
    const happens = this.#dice.uniform() < (this.#options.trouble ?? 0);
    if (happens) this.troubles.set(what, (this.troubles.get(what) ?? 0) + 1);
    return happens;
  }
}
