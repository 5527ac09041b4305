// Work for several threads, or for this one: named calls with structured-cloneable arguments, answers in the order asked.
// Threads compute with the kernels that were chosen in the thread that started them.
import { chosenKernels, configure, extraModule } from "./engine.ts";
import type { Port } from "./platform.ts";

export type { Port };

/** Calls by name, each from one argument to an answer. */
export type Calls = Record<string, (argument: never) => unknown>;

type Argument<C extends Calls, N extends keyof C> = Parameters<C[N]>[0];
type Answer<C extends Calls, N extends keyof C> = Awaited<ReturnType<C[N]>>;

/** Who does calls: threads, or this one. */
export interface Pool<C extends Calls> {
  /** How many calls are done at once. */
  readonly size: number;
  /** Whether calls run on other threads than this one. */
  readonly apart?: boolean;
  /** Runs one call per argument; `onAnswer` hears of answers as they come, the result is in the order of `arguments_`. */
  map<N extends keyof C & string>(
    name: N,
    arguments_: readonly Argument<C, N>[],
    onAnswer?: (answer: Answer<C, N>, index: number) => void,
  ): Promise<Answer<C, N>[]>;
  /** Ends its threads. */
  close(): Promise<void>;
}

const moves = new WeakMap<object, readonly ArrayBuffer[]>();

/**
 * Says of an argument or an answer that this memory of its goes over to the thread that it is for, rather than being copied:
 * whoever sends it has it no longer. Where it stays in this thread nothing moves.
 */
export function moving<T extends object>(message: T, memory: readonly ArrayBuffer[]): T {
  if (memory.length > 0) moves.set(message, memory);
  return message;
}

function movedWith(message: unknown): readonly ArrayBuffer[] {
  return (typeof message === "object" && message !== null && moves.get(message)) || [];
}

/** A pool that runs calls in this thread, one after another, giving others a turn in between. */
export class InThread<C extends Calls> implements Pool<C> {
  /** How many calls are done at once. */
  readonly size = 1;
  readonly apart = false;
  readonly #calls: C;
  #closed = false;

  constructor(calls: C) {
    this.#calls = calls;
  }

  async map<N extends keyof C & string>(
    name: N,
    arguments_: readonly Argument<C, N>[],
    onAnswer?: (answer: Answer<C, N>, index: number) => void,
  ): Promise<Answer<C, N>[]> {
    const answers: Answer<C, N>[] = [];
    for (const [i, argument] of arguments_.entries()) {
      if (this.#closed) throw closed();
      const answer = (await this.#calls[name]!(argument as never)) as Answer<C, N>;
      answers.push(answer);
      onAnswer?.(answer, i);
      // timers and signals are heard between calls
      if (i + 1 < arguments_.length) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return answers;
  }

  /** Calls that have not begun are not begun any more. */
  async close(): Promise<void> {
    this.#closed = true;
  }
}

function closed(): Error {
  return new Error("pool: closed before all calls were answered");
}

interface Reply {
  readonly answer?: unknown;
  /** Not a reply: something that is told while a call runs. */
  readonly event?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly stack?: string };
}

interface Job {
  readonly name: string;
  readonly argument: unknown;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A pool over worker ports: each has one call at a time, and takes the next as it finishes. */
export class Threads<C extends Calls> implements Pool<C> {
  /** How many calls are done at once. */
  readonly size: number;
  readonly apart = true;
  readonly #ports: readonly Port[];
  readonly #idle: Port[];
  readonly #waiting: Job[] = [];
  readonly #running = new Map<Port, Job>();
  readonly #onEvent: ((event: unknown) => void) | undefined;
  #failed: Error | undefined;

  /**
   * @param setup is posted first to every port
   * @param onEvent hears what calls tell while they run
   */
  constructor(ports: readonly Port[], setup: unknown, onEvent?: (event: unknown) => void) {
    if (ports.length === 0) throw new RangeError("pool: got no workers, expected at least one");
    this.size = ports.length;
    this.#ports = ports;
    this.#idle = [...ports];
    this.#onEvent = onEvent;
    const [kernels, extra] = [chosenKernels(), extraModule()];
    for (const port of ports) {
      port.onMessage((message) => this.#finish(port, message as Reply));
      port.onError((error) => this.#fail(error));
      port.post({ setup, ...(kernels && { kernels }), ...(extra && { extra }) });
    }
  }

  map<N extends keyof C & string>(
    name: N,
    arguments_: readonly Argument<C, N>[],
    onAnswer?: (answer: Answer<C, N>, index: number) => void,
  ): Promise<Answer<C, N>[]> {
    return Promise.all(
      arguments_.map(
        (argument, i) =>
          new Promise<Answer<C, N>>((resolve, reject) => {
            const settle = (answer: unknown): void => {
              try {
                onAnswer?.(answer as Answer<C, N>, i);
                resolve(answer as Answer<C, N>);
              } catch (error) {
                reject(error);
              }
            };
            if (this.#failed) return reject(this.#failed);
            this.#waiting.push({ name, argument, resolve: settle, reject });
            this.#next();
          }),
      ),
    );
  }

  /** Ends the workers; calls that are not answered are rejected. */
  async close(): Promise<void> {
    this.#fail(closed());
    await Promise.all(this.#ports.map((port) => port.terminate()));
  }

  #next(): void {
    while (this.#idle.length > 0 && this.#waiting.length > 0) {
      const port = this.#idle.shift()!;
      const job = this.#waiting.shift()!;
      this.#running.set(port, job);
      try {
        port.post({ name: job.name, argument: job.argument }, movedWith(job.argument));
      } catch (error) {
        // what cannot be cloned never left
        this.#running.delete(port);
        this.#idle.push(port);
        job.reject(error as Error);
      }
    }
  }

  #finish(port: Port, reply: Reply): void {
    if ("event" in reply) return this.#onEvent?.(reply.event);
    const job = this.#running.get(port);
    if (reply.error) {
      const error = Object.assign(new Error(reply.error.message), { name: reply.error.name, stack: reply.error.stack });
      if (!job) return this.#fail(error);
      this.#running.delete(port);
      this.#idle.push(port);
      job.reject(error);
    } else if (job) {
      this.#running.delete(port);
      this.#idle.push(port);
      job.resolve(reply.answer);
    }
    this.#next();
  }

  // a dead worker ends everything that waits: its work cannot be told from work half done
  #fail(error: Error): void {
    this.#failed ??= error;
    for (const job of [...this.#running.values(), ...this.#waiting]) job.reject(error);
    this.#running.clear();
    this.#waiting.length = 0;
  }
}

/**
 * The other end of a port: the first message is the setup, every further one a call.
 * @param create makes the calls from the setup; `tell` lets the pool hear of events while a call runs
 */
export function serve(
  port: Pick<Port, "post" | "onMessage">,
  create: (setup: never, tell: (event: unknown) => void) => Calls | Promise<Calls>,
): void {
  const tell = (event: unknown): void => port.post({ event });
  const failed = (error: unknown): void => {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    port.post({ error: { name, message, stack } });
  };
  let calls: Promise<Calls> | undefined;
  port.onMessage((message) => {
    const { setup, kernels, extra, name, argument } = message as {
      setup?: unknown;
      kernels?: WebAssembly.Module;
      extra?: WebAssembly.Module;
      name?: string;
      argument?: unknown;
    };
    if (name === undefined) {
      calls = Promise.resolve().then(() => {
        if (kernels || extra) configure({ ...(kernels && { kernels }), ...(extra && { extra }) });
        return create(setup as never, tell);
      });
      calls.catch(failed);
      return;
    }
    calls!
      .then((all) => all[name]!(argument as never))
      .then((answer) => port.post({ answer }, movedWith(answer)))
      .catch((error: unknown) => failed(error));
  });
}
