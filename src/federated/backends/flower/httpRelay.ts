// A relay that is another process: flower/moiety_flower/relay.py, which Flower starts. It calls here, on this machine only and
// with a token that was made for it; what it brings is the answer to the last exchange, and what it gets is the next one.
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { decodeNpy, encodeNpy } from "../../../io/npy.ts";
import { backoff, pause } from "./backoff.ts";
import { CLIENT_FAILED } from "./errors.ts";
import { dtypeOf } from "./records.ts";
import { type Exchange, type Heard, LostError, type Posted, type Relay, type Replied } from "./relay.ts";

/** How a relay finds its driver: `driver` and `driver-token` in the run's configuration. */
export interface Driver {
  readonly url: string;
  readonly token: string;
}

export interface HttpRelayOptions {
  /** Has Flower run the relay; resolves or rejects when that run has ended, for whatever reason. */
  readonly start: (driver: Driver) => Promise<unknown>;
  /**
   * Seconds after which a relay that does not call has not come, or is gone; 90 unless said. Twice as long, up to eight times, after
   * every silence since the last exchange: a machine that is merely slow would get one relay after another, and none that answers.
   */
  readonly silenceSeconds?: number;
  readonly signal?: AbortSignal | undefined;
}

interface Body {
  readonly head: Record<string, unknown>;
  readonly bytes: Uint8Array;
}

export class HttpRelay implements Relay {
  readonly #options: HttpRelayOptions;
  readonly #server: Server;
  readonly #port: number;
  #token = "";
  // the relay's call that waits for the next exchange
  #waiting: ServerResponse | undefined;
  #called: ((body: Body) => void) | undefined;
  #lost: ((why: string) => void) | undefined;
  #starts = 0;
  #silences = 0;

  private constructor(options: HttpRelayOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    this.#port = (server.address() as { port: number }).port;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => void this.#receive(request, response));
  }

  static async listen(options: HttpRelayOptions): Promise<HttpRelay> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    return new HttpRelay(options, server);
  }

  async exchange({ push, pull }: Exchange): Promise<Heard> {
    if (!this.#waiting) await this.#connect();
    const response = this.#waiting!;
    this.#waiting = undefined;
    const { posts, bodies } = packed(push);
    const body = await this.#next(() => send(response, { kind: "exchange", push: posts, pull }, bodies));
    this.#silences = 0;
    return heardOf(body);
  }

  async close(): Promise<void> {
    // one that is on its way hears of it when it calls, also where the driver was told to stop
    if (!this.#waiting && this.#token !== "")
      await this.#next(() => {}, { seconds: 5, signal: undefined }).catch((error: unknown) => {
        if (!(error instanceof LostError)) throw error;
      });
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) await new Promise<void>((resolve) => send(waiting, { kind: "done" }, []).once("close", resolve));
    this.#token = "";
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Has a relay started, and waits for its first call. */
  async #connect(): Promise<void> {
    const { start, signal } = this.#options;
    if (this.#starts > 0) await pause(backoff(Math.min(this.#starts - 1, 3), 1), signal);
    this.#starts++;
    const token = randomBytes(24).toString("hex");
    this.#token = token;
    const url = `http://127.0.0.1:${this.#port}/`;
    await this.#next(() => {
      const ended = (why: string): void => {
        if (this.#token !== token) return;
        this.#token = "";
        this.#waiting = undefined;
        this.#lost?.(why);
      };
      start({ url, token }).then(
        () => ended("the run of the relay has ended"),
        (error: Error) => ended(`the relay cannot run, ${error.message}`),
      );
    });
    this.#starts = 0;
  }

  /** The body of the relay's next call after something was done. */
  async #next(
    act: () => unknown,
    { seconds, signal }: { seconds: number; signal: AbortSignal | undefined } = {
      seconds: (this.#options.silenceSeconds ?? 90) * 2 ** Math.min(this.#silences, 3),
      signal: this.#options.signal,
    },
  ): Promise<Body> {
    signal?.throwIfAborted();
    let timer: NodeJS.Timeout | undefined;
    let abort = (): void => {};
    try {
      return await new Promise<Body>((resolve, reject) => {
        this.#called = resolve;
        this.#lost = (why) => reject(new LostError(why));
        timer = setTimeout(() => {
          // whoever calls with it after all is told that all is over
          this.#token = "";
          this.#silences++;
          reject(new LostError(`the relay was silent for ${seconds} s`));
        }, seconds * 1000);
        abort = () => reject(signal?.reason as Error);
        signal?.addEventListener("abort", abort, { once: true });
        act();
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      this.#called = this.#lost = undefined;
    }
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const own = this.#token;
    if (own === "" || request.headers.authorization !== `Bearer ${own}`) {
      response.writeHead(403).end();
      return;
    }
    const parts: Uint8Array[] = [];
    try {
      for await (const part of request) parts.push(part as Uint8Array);
    } catch {
      // it went in the middle of a call, and calls again or is found out by its silence
      return;
    }
    if (this.#token !== own) return void response.writeHead(403).end();
    this.#waiting = response;
    response.once("close", () => {
      if (this.#waiting === response) this.#waiting = undefined;
    });
    const bytes = Buffer.concat(parts);
    const line = bytes.indexOf(10);
    this.#called?.({
      head: JSON.parse(bytes.toString("utf8", 0, line)) as Record<string, unknown>,
      bytes: bytes.subarray(line + 1),
    });
  }
}

function send(response: ServerResponse, head: object, bodies: readonly Uint8Array[]): ServerResponse {
  response.writeHead(200, { "content-type": "application/octet-stream" });
  response.write(`${JSON.stringify(head)}\n`);
  for (const body of bodies) response.write(body);
  return response.end();
}

// an array that many are sent goes over once
function packed(push: readonly Posted[]): { posts: object[]; bodies: Uint8Array[] } {
  const bodies: Uint8Array[] = [];
  const places = new Map<unknown, { at: number; bytes: number }>();
  let at = 0;
  const posts = push.map(({ node, type, arrays, config }) => ({
    node,
    type,
    config,
    arrays: arrays.map(([name, array]) => {
      let place = places.get(array.data);
      if (!place) {
        const npy = encodeNpy(array);
        place = { at, bytes: npy.length };
        places.set(array.data, place);
        bodies.push(npy);
        at += npy.length;
      }
      return { name, dtype: dtypeOf(array.data), shape: array.shape, ...place };
    }),
  }));
  return { posts, bodies };
}

interface Told extends Omit<Replied, "arrays"> {
  readonly arrays: readonly { readonly name: string; readonly at: number; readonly bytes: number }[];
}

function heardOf({ head, bytes }: Body): Heard {
  const { nodes, pushed, replies } = head as unknown as Heard & { readonly replies: readonly Told[] };
  return { nodes, pushed, replies: (replies as unknown as readonly Told[]).map((told) => replied(told, bytes)) };
}

// its arrays are a node's own words: one that is none is as if the node had failed
function replied({ arrays, ...told }: Told, bytes: Uint8Array): Replied {
  try {
    return {
      ...told,
      arrays: new Map(
        arrays.map(({ name, at, bytes: size }) => [name, decodeNpy(bytes.slice(at, at + size))] as const),
      ),
    };
  } catch (error) {
    const reason = `its answer cannot be read, ${(error as Error).message}`;
    return { ...told, arrays: new Map(), error: { code: CLIENT_FAILED, reason } };
  }
}
