// The first of two tabs: the server of the federation, with half of its clients. The other half are nodes behind a port, and whether that
// leads to a worker or to another tab nobody here knows but this file.
import { coordinate } from "../../src/experiment/coordinate.ts";
import { optedIn, type Setup } from "../../src/experiment/setup.ts";
import { MemoryStore } from "../../src/experiment/store.ts";
import { type NodePort, PortRelay } from "../../src/federated/backends/flower/portRelay.ts";
import type { Exchange, Heard } from "../../src/federated/backends/flower/relay.ts";
import type { Port } from "../../src/runtime/pool.ts";
import type { Ending, LabEvent, Together } from "../messages.ts";
import { Batch } from "./batch.ts";
import type { LabDataset } from "./datasets.ts";
import { labEvents } from "./events.ts";
import { refusal, type Said, type Terms, termsOf } from "./meeting.ts";
import { paced } from "./pace.ts";
import { nodeOf, Party } from "./party.ts";
import { sentOver } from "./sent.ts";
import { outlineShare, sharesOf } from "./shares.ts";
import { nearPorts, TabChannel } from "./tabs.ts";

export interface TabOptions {
  readonly id: string;
  readonly setup: Setup<LabDataset>;
  readonly trainers: () => Promise<readonly Port[]>;
  readonly tell: (events: readonly LabEvent[]) => void;
}

export class Lead {
  readonly #options: TabOptions;
  readonly #channel: TabChannel;
  readonly #events: Batch<LabEvent>;
  readonly #own: readonly number[];
  readonly #theirs: readonly number[];
  readonly #store = new MemoryStore();
  readonly #relay: PortRelay;
  readonly #terms: Terms;
  #asked: ReadonlySet<string> = new Set();
  #party: Party | undefined;
  #stop = new AbortController();
  // the other tab, once it has said hello, and whether it is ready
  #guest: string | undefined;
  #ready = false;
  // whether one has been there
  #known = false;
  #running = false;
  #phase: "before" | "federation" | "apart" | "over" = "before";
  #told = "";
  #closed = false;

  private constructor(options: TabOptions, channel: TabChannel) {
    [this.#options, this.#channel] = [options, channel];
    [this.#own, this.#theirs] = sharesOf(options.setup);
    this.#events = new Batch(options.tell);
    this.#terms = termsOf(options.setup);
    this.#relay = new PortRelay({
      onTraffic: (asked) => {
        this.#asked = asked;
        this.#stand();
      },
    });
    channel.onLetter((from, say) => this.#hear(from, say as Said));
    this.#events.add({ kind: "shared", clients: outlineShare(options.setup, this.#own) });
    this.#stand();
  }

  /** Opens a federation to a second tab. */
  static async open(options: TabOptions): Promise<Lead> {
    return new Lead(options, await TabChannel.open(options.id));
  }

  get oracle(): Party["oracle"] | undefined {
    return this.#party?.oracle;
  }

  /** Runs to the end or to a pause; while the second tab is not there, it is waited for. */
  async run(resume: boolean, step = false): Promise<Ending> {
    const { setup } = this.#options;
    this.#stop = new AbortController();
    this.#running = true;
    this.#phase = "federation";
    const party = (this.#party ??= await this.#begin());
    this.#stand();
    try {
      const found = await coordinate({
        config: setup.config,
        dataset: setup.dataset,
        store: this.#store,
        resume,
        relay: { exchange: (exchange) => this.#exchange(exchange), close: () => this.#relay.close() },
        signal: this.#stop.signal,
        // a tab is waited for as long as that takes
        answerSeconds: Infinity,
        pollSeconds: 0,
        farewellSeconds: 5,
        onEvent: (event) => {
          if (step && event.kind === "round") this.#stop.abort();
          labEvents(event, setup).forEach((one) => this.#events.add(one));
        },
      });
      if (!found.finished) return found;
      this.#phase = "apart";
      this.#stand();
      const ending = await party.ended;
      this.#phase = "over";
      return ending;
    } finally {
      this.#running = false;
      this.#stand();
      this.#events.flush();
    }
  }

  /** Stops now; what is under way is asked for again. */
  pause(): void {
    this.#stop.abort();
  }

  /** Leaves, and says why to the tab that is left. */
  close(why: string): void {
    this.#closed = true;
    this.#stop.abort();
    if (this.#guest) this.#say({ kind: "refused", why }, this.#guest);
    this.#channel.close();
    void this.#party?.close();
  }

  async #exchange(exchange: Exchange): Promise<Heard> {
    if (exchange.push.some(({ type }) => type === "train")) await paced();
    return this.#relay.exchange(exchange);
  }

  async #begin(): Promise<Party> {
    const party = new Party({
      setup: this.#options.setup,
      own: this.#own,
      trainers: await this.#options.trainers(),
      tell: (event) => this.#events.add(event),
    });
    const [server, clients] = nearPorts();
    party.serve(clients);
    this.#relay.join(this.#nodes(this.#own), server);
    return party;
  }

  #nodes(of: readonly number[]): string[] {
    const inside = new Set(optedIn(this.#options.setup));
    return of.filter((client) => inside.has(client)).map(nodeOf);
  }

  #hear(from: string, say: Said): void {
    if (say.kind === "hello") {
      const why =
        this.#guest && this.#guest !== from
          ? "a second tab is there already: two are enough"
          : refusal(this.#terms, say.terms);
      if (why) return this.#say({ kind: "refused", why }, from);
      if (this.#guest !== from) {
        this.#guest = from;
        this.#known = true;
      }
      this.#say({ kind: "welcome", own: this.#theirs }, from);
    } else if (say.kind === "ready" && from === this.#guest && !this.#ready) {
      this.#ready = true;
      const leave = this.#relay.join(this.#nodes(this.#theirs), this.#portTo(from));
      void this.#channel.gone(from).then(() => {
        [this.#guest, this.#ready] = [undefined, false];
        leave();
        this.#stand();
      });
      this.#stand();
    }
  }

  #portTo(tab: string): NodePort {
    const port = this.#channel.portTo(tab);
    const sent = sentOver((event) => this.#events.add(event));
    return { ...port, post: (message) => (sent(message), port.post(message)) };
  }

  #say(say: Said, to: string): void {
    this.#channel.tell(say, to);
  }

  #stand(): void {
    const at = this.#at();
    const told = `${at} ${this.#running}`;
    // what another tab does after this one has left is no news
    if (told === this.#told || this.#closed) return;
    this.#told = told;
    const { id } = this.#options;
    this.#events.add({ kind: "together", part: "first", id, at, running: this.#running, own: this.#own.length });
  }

  #at(): Together["at"] {
    if (this.#phase === "over" || this.#phase === "apart") return this.#phase;
    if (!this.#ready) return this.#known ? "gone" : "open";
    if (!this.#running) return "here";
    const [mine, theirs] = [this.#own, this.#theirs].map((of) => of.some((client) => this.#asked.has(nodeOf(client))));
    if (mine === theirs) return "both";
    return theirs ? "waits" : "own";
  }
}
