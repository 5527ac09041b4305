// The second of two tabs: its clients answer the server in the first one, and nothing else of theirs leaves.
import type { Ending, LabEvent, Together } from "../messages.ts";
import { Batch } from "./batch.ts";
import type { TabOptions } from "./lead.ts";
import { type Said, termsOf } from "./meeting.ts";
import { Party } from "./party.ts";
import { outlineShare } from "./shares.ts";
import { TabChannel } from "./tabs.ts";

// who is called again may have been opened meanwhile
const callAgain = 1000;

export class Guest {
  readonly #options: TabOptions;
  readonly #channel: TabChannel;
  readonly #events: Batch<LabEvent>;
  #party: Party | undefined;
  #first: string | undefined;
  #calling: ReturnType<typeof setInterval> | undefined;
  #own = 0;
  // messages that are not answered
  #open = 0;
  #at: Together["at"] = "calls";
  #told = "";
  #closed = false;
  #fail: (error: Error) => void = () => {};
  #end: (ending: Ending) => void = () => {};

  private constructor(options: TabOptions, channel: TabChannel) {
    [this.#options, this.#channel] = [options, channel];
    this.#events = new Batch(options.tell);
  }

  static async open(options: TabOptions): Promise<Guest> {
    return new Guest(options, await TabChannel.open(options.id));
  }

  get oracle(): Party["oracle"] | undefined {
    return this.#party?.oracle;
  }

  /** Calls the first tab, and takes part until all is over. Rejects with the first tab's reason where that does not want this one. */
  async join(): Promise<Ending> {
    const terms = termsOf(this.#options.setup);
    const call = (): void => this.#channel.tell({ kind: "hello", terms } satisfies Said);
    this.#stand("calls");
    const ended = new Promise<Ending>((resolve, reject) => ([this.#end, this.#fail] = [resolve, reject]));
    this.#channel.onLetter((from, say) => this.#hear(from, say as Said));
    this.#calling = setInterval(call, callAgain);
    call();
    try {
      return await ended;
    } finally {
      this.#events.flush();
    }
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#calling);
    this.#channel.close();
    void this.#party?.close();
  }

  #hear(from: string, say: Said): void {
    if (say.kind === "refused" && (this.#first === undefined || this.#first === from)) {
      this.#fail(new Error(`lab: ${say.why}`));
      this.close();
    } else if (say.kind === "welcome" && this.#first === undefined) {
      this.#first = from;
      clearInterval(this.#calling);
      void this.#begin(from, say.own).catch((error: Error) => this.#fail(error));
      void this.#channel.gone(from).then(() => {
        // what is left to do is done here
        if (this.#at === "apart" || this.#at === "over" || this.#closed) return;
        this.#stand("gone");
        this.#fail(
          new Error("lab: the first tab was closed, and the server with it; open this one again from another"),
        );
      });
    }
  }

  async #begin(first: string, own: readonly number[]): Promise<void> {
    const { setup, trainers } = this.#options;
    const { rounds } = setup.config.federation;
    this.#own = own.length;
    this.#events.add({ kind: "shared", clients: outlineShare(setup, own) });
    const party = (this.#party = new Party({
      setup,
      own,
      trainers: await trainers(),
      tell: (event) => {
        this.#events.add(event);
        if (event.kind === "phase" && event.phase === "clients") this.#stand("apart");
      },
      onTask: () => {
        this.#open++;
        this.#stand("own");
      },
      onRound: (round) => this.#events.add({ kind: "phase", phase: "federation", done: round, total: rounds }),
      onLeaving: (client, { messageType, round, tensors, scalars, bytes }) => {
        if (--this.#open === 0 && this.#at !== "apart") this.#stand("waits");
        this.#events.add({
          kind: "sent",
          client,
          what: messageType,
          round,
          tensors,
          scalars: scalars.map(({ name }) => name),
          bytes,
        });
      },
    }));
    party.ended.then(
      (ending) => {
        this.#stand("over");
        this.#end(ending);
      },
      (error: Error) => this.#fail(error),
    );
    party.serve(this.#channel.portTo(first));
    this.#channel.tell({ kind: "ready" } satisfies Said, first);
    this.#stand("here");
  }

  #stand(at: Together["at"]): void {
    this.#at = at;
    const running = at !== "calls" && at !== "here" && at !== "over";
    if (at === this.#told) return;
    this.#told = at;
    this.#events.add({ kind: "together", part: "second", id: this.#options.id, at, running, own: this.#own });
  }
}
