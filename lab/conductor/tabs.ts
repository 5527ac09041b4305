// The way between tabs of one browser: a channel that all of them hear, letters with an address on them, and a lock by which the others
// know that a tab is still there.
import type { NodePort } from "../../src/federated/backends/flower/portRelay.ts";

interface Letter {
  readonly from: string;
  /** Whom it is for; everybody where it is not said. */
  readonly to?: string;
  readonly say: unknown;
}

/** A tab's end of a channel. */
export class TabChannel {
  /** What this tab is called by the others. */
  readonly self: string;
  readonly #channel: BroadcastChannel;
  readonly #listeners = new Set<(from: string, say: unknown) => void>();
  #leave: () => void = () => {};

  private constructor(name: string) {
    this.self = crypto.randomUUID();
    this.#channel = new BroadcastChannel(name);
    this.#channel.addEventListener("message", ({ data }: MessageEvent<Letter>) => {
      const { from, to, say } = data;
      if (to === undefined || to === this.self) for (const listener of this.#listeners) listener(from, say);
    });
  }

  /** Opens the channel of a name. An error says where tabs cannot be told from each other. */
  static async open(name: string): Promise<TabChannel> {
    // a page that is not served securely has neither
    if (!(navigator.locks as LockManager | undefined) || typeof BroadcastChannel !== "function")
      throw new Error("lab: two tabs need a page that is served by https or from localhost");
    const channel = new TabChannel(`moiety lab ${name}`);
    await new Promise<void>((held, failed) => {
      navigator.locks
        .request(lockOf(channel.self), () => {
          held();
          return new Promise<void>((leave) => (channel.#leave = leave));
        })
        .catch(failed);
    });
    return channel;
  }

  /** Says something to a tab, or to all of them. */
  tell(say: unknown, to?: string): void {
    this.#channel.postMessage({ from: this.self, say, ...(to !== undefined && { to }) } satisfies Letter);
  }

  onLetter(listener: (from: string, say: unknown) => void): void {
    this.#listeners.add(listener);
  }

  /** A tab as a port: what it says that is wrapped like this, and nothing else it says. */
  portTo(tab: string): NodePort {
    return {
      post: (message) => this.tell({ kind: "node", message }, tab),
      onMessage: (listener) =>
        this.onLetter((from, say) => {
          const { kind, message } = (say ?? {}) as { kind?: string; message?: unknown };
          if (from === tab && kind === "node") listener(message);
        }),
    };
  }

  /** Resolves when a tab is closed, reloaded or leaves, however that comes. */
  gone(tab: string): Promise<void> {
    return navigator.locks.request(lockOf(tab), () => {});
  }

  /** Leaves. */
  close(): void {
    this.#leave();
    this.#channel.close();
  }
}

function lockOf(tab: string): string {
  return `moiety lab tab ${tab}`;
}

/** Two ends that hear each other, each message a copy and in its time. */
export function nearPorts(): readonly [NodePort, NodePort] {
  const { port1, port2 } = new MessageChannel();
  const end = (port: MessagePort): NodePort => ({
    post: (message) => port.postMessage(message),
    onMessage: (listener) => {
      port.addEventListener("message", ({ data }) => listener(data));
      port.start();
    },
  });
  return [end(port1), end(port2)];
}
