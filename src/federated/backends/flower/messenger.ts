// Asking clients that are nodes of a Flower federation, until each has answered or its time is over. A message may get lost
// with whoever had it: the relay, the SuperLink, a node that was killed. So a message whose end is not heard of is sent again,
// which costs nothing but time: a turn begins with the state that it names, wherever it had got to before.
import { failure, oneLine, type Rejection } from "../../admission.ts";
import { pause } from "./backoff.ts";
import { CLIENT_FAILED, faultCodes, NODE_UNAVAILABLE } from "./errors.ts";
import { LostError, type Posted, type Relay, type Replied } from "./relay.ts";

export interface MessengerOptions {
  readonly relay: Relay;
  /** Said to every node that is asked who it is: see instruction.ts. */
  readonly greeting: Posted["config"];
  /** Seconds that a client is waited for, be it away or silent; an hour unless said. */
  readonly answerSeconds?: number;
  /** Seconds between exchanges while there is nothing to do; 0.5 unless said. */
  readonly pollSeconds?: number;
  /** Seconds of silence after which a node is asked whether it still has its message; 15 unless said. */
  readonly pingSeconds?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: MessengerEvent) => void) | undefined;
}

export type MessengerEvent =
  | { readonly type: "here"; readonly client: number; readonly node: string }
  | { readonly type: "left-out"; readonly node: string; readonly reason: string }
  | { readonly type: "waiting"; readonly clients: readonly number[] }
  | { readonly type: "again"; readonly client: number; readonly reason: string }
  | { readonly type: "relay-lost"; readonly reason: string };

/** What a client is to be asked. */
export type Question = Omit<Posted, "node"> & {
  readonly client: number;
  /** Whoever goes offline after it has heard it: Flower hands on no answer of a node that has left. */
  readonly last?: boolean;
};

/** A question that has not been answered. */
interface Open {
  readonly question: Question;
  readonly since: number;
  /** Of the message that is under way. */
  id?: string | undefined;
  /** When it was sent, or last asked about. */
  at: number;
  /** How often the node was asked about it. */
  pings: number;
  /** Whether its node has come past the message and has not answered it. */
  missed?: boolean;
}

/** A question to a node about itself; `about` is the message that it should have come to before. */
interface Ping {
  readonly node: string;
  readonly client?: number;
  readonly about?: string | undefined;
}

const faults = Object.keys(faultCodes) as (keyof typeof faultCodes)[];

const WAITING_SECONDS = 10;
// a long training is asked after every four minutes
const MOST_DOUBLINGS = 4;

export class Messenger {
  readonly #options: MessengerOptions;
  readonly #nodeOf = new Map<number, string>();
  // nodes that have been asked who they are, or have said what is no help
  #known = new Set<string>();
  #online = new Set<string>();
  readonly #pings = new Map<string, Ping>();

  constructor(options: MessengerOptions) {
    this.#options = options;
  }

  /** Answers, or why there are none after so many seconds, in the order of the questions. Rejects when the signal aborts. */
  async ask(
    questions: readonly Question[],
    answerSeconds: number = this.#options.answerSeconds ?? 3600,
  ): Promise<(Replied | Rejection)[]> {
    const { relay, pollSeconds = 0.5, signal } = this.#options;
    const now = performance.now();
    const open = new Map(
      questions.map((question): [number, Open] => [question.client, { question, since: now, at: 0, pings: 0 }]),
    );
    const found = new Map<number, Replied | Rejection>();
    const settle = (client: number, answer: Replied | Rejection): void => {
      open.delete(client);
      found.set(client, answer);
    };
    let told = now;
    while (open.size > 0) {
      signal?.throwIfAborted();
      const out = this.#toSay(open);
      const ids = [...open.values()].flatMap(({ id }) => id ?? []);
      let moved = false;
      try {
        const heard = await relay.exchange({ push: out.map(([post]) => post), pull: [...ids, ...this.#pings.keys()] });
        for (const [i, [, sent]] of out.entries()) sent(heard.pushed[i] ?? "");
        moved = this.#see(new Set(heard.nodes));
        for (const reply of heard.replies) moved = this.#hear(reply, open, settle) || moved;
        // a node does one thing after another: what it came past without an answer it has not got any more
        for (const one of open.values()) if (one.missed) this.#again(one, "its node has not got the message any more");
      } catch (error) {
        if (!(error instanceof LostError)) throw error;
        this.#tell({ type: "relay-lost", reason: oneLine(error) });
        this.#pings.clear();
        this.#known = new Set(this.#nodeOf.values());
        for (const one of open.values()) one.id = undefined;
      }
      for (const [client, { since }] of open)
        if (performance.now() - since > answerSeconds * 1000)
          settle(client, { client, fault: "silent", reason: `no answer in ${answerSeconds} s` });
      const absent = [...open.keys()].filter((client) => !this.#online.has(this.#nodeOf.get(client) ?? ""));
      if (absent.length > 0 && performance.now() - told > WAITING_SECONDS * 1000) {
        told = Infinity;
        this.#tell({ type: "waiting", clients: absent });
      }
      if (!moved && open.size > 0) await pause(pollSeconds, signal ?? NEVER);
    }
    return questions.map(({ client }) => found.get(client)!);
  }

  // what is to be pushed now, and what its id is for
  #toSay(open: ReadonlyMap<number, Open>): [Posted, (id: string) => void][] {
    const { greeting, pingSeconds = 15 } = this.#options;
    const now = performance.now();
    const out: [Posted, (id: string) => void][] = [];
    const ping = (about: Ping): void => {
      const post = { node: about.node, type: "query.who", arrays: [], config: greeting };
      out.push([post, (id) => void (id ? this.#pings.set(id, about) : this.#known.delete(about.node))]);
    };
    for (const node of this.#online)
      if (!this.#known.has(node)) {
        this.#known.add(node);
        ping({ node });
      }
    for (const [client, one] of open) {
      const node = this.#nodeOf.get(client);
      if (node === undefined || !this.#online.has(node)) continue;
      if (one.id === undefined) {
        const { client: _, last: __, ...post } = one.question;
        out.push([
          { ...post, node },
          (id) => Object.assign(one, { id: id || undefined, at: performance.now(), pings: 0 }),
        ]);
      } else if (now - one.at > pingSeconds * 1000 * 2 ** Math.min(one.pings, MOST_DOUBLINGS)) {
        one.at = now;
        one.pings++;
        ping({ node, client, about: one.id });
      }
    }
    return out;
  }

  /** Whether there are nodes that nobody has spoken to. */
  #see(online: Set<string>): boolean {
    for (const node of this.#known)
      if (!online.has(node)) {
        // whoever comes back may be another process: it is asked again who it is. Whether it has answered what it had, before
        // it went, is for the SuperLink to say
        this.#known.delete(node);
        for (const [client, own] of this.#nodeOf) if (own === node) this.#nodeOf.delete(client);
      }
    this.#online = online;
    return [...online].some((node) => !this.#known.has(node));
  }

  /** Whether a reply brought something on. */
  #hear(
    reply: Replied,
    open: ReadonlyMap<number, Open>,
    settle: (client: number, answer: Replied | Rejection) => void,
  ): boolean {
    const ping = this.#pings.get(reply.id);
    if (ping) {
      this.#pings.delete(reply.id);
      this.#meet(ping, reply, open);
      return true;
    }
    const [client, one] = [...open].find(([, { id }]) => id === reply.id) ?? [];
    if (client === undefined || !one) return false;
    const { last = false } = one.question;
    const own = faults.find((fault) => faultCodes[fault] === reply.error?.code);
    if (!reply.error || (last && reply.error.code === NODE_UNAVAILABLE)) settle(client, reply);
    else if (own) settle(client, { ...failure(client, reply.error.reason), fault: own });
    else {
      // said by Flower: the node is away, or a part of the message was lost
      this.#again(one, reply.error.reason);
      this.#online.delete(this.#nodeOf.get(client) ?? "");
      return false;
    }
    return true;
  }

  #meet({ node, client: asked, about }: Ping, { error, metrics }: Replied, open: ReadonlyMap<number, Open>): void {
    const client = metrics["client"];
    if (error || typeof client !== "number") {
      if (error && error.code !== CLIENT_FAILED) this.#known.delete(node);
      else
        this.#tell({ type: "left-out", node, reason: oneLine(error?.reason ?? "it does not say which client it is") });
      return;
    }
    const other = this.#nodeOf.get(client);
    if (other !== undefined && other !== node && this.#online.has(other)) {
      const reason = `it says that it is client ${client}, as node ${other} does`;
      return this.#tell({ type: "left-out", node, reason });
    }
    if (other !== node) this.#tell({ type: "here", client, node });
    this.#nodeOf.set(client, node);
    const one = asked === undefined ? undefined : open.get(asked);
    if (one) one.missed = one.id === about;
  }

  #again(one: Open, reason: string): void {
    one.id = undefined;
    one.missed = false;
    this.#tell({ type: "again", client: one.question.client, reason: oneLine(reason) });
  }

  #tell(event: MessengerEvent): void {
    this.#options.onEvent?.(event);
  }
}

const NEVER = new AbortController().signal;
