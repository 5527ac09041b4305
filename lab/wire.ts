// Questions, answers and events between the page and its conductor. Unlike a pool's port, many questions may be open at once:
// a client can be asked while the run goes on.
import type { Port } from "../src/runtime/pool.ts";

/** Questions by name, each from one argument to an answer. */
export type Service = Record<string, (argument: never) => unknown>;

/** The same questions as the other side asks them. */
export type Asker<S extends Service> = {
  /** @param moved memory and ports of the argument that go over rather than being copied */
  <N extends keyof S & string>(
    name: N,
    argument: Parameters<S[N]>[0],
    moved?: readonly Transferable[],
  ): Promise<Awaited<ReturnType<S[N]>>>;
};

interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Reply {
  readonly id?: number;
  readonly answer?: unknown;
  readonly error?: string;
  readonly event?: unknown;
}

/** Asks over a port. `onEvent` hears what is told unasked; a broken worker ends every open question. */
export function askOver<S extends Service>(port: Port, onEvent: (event: unknown) => void): Asker<S> {
  const open = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  let last = 0;
  port.onMessage((message) => {
    const { id, answer, error, event } = message as Reply;
    if (id === undefined) return onEvent(event);
    const question = open.get(id);
    open.delete(id);
    if (error === undefined) question?.resolve(answer as never);
    else question?.reject(new Error(error));
  });
  port.onError((error) => {
    for (const { reject } of open.values()) reject(error);
    open.clear();
  });
  return (name, argument, moved = []) =>
    new Promise((resolve, reject) => {
      open.set(++last, { resolve, reject });
      port.post({ id: last, name, argument } satisfies Question, moved as readonly ArrayBuffer[]);
    });
}

/** Answers over a port; returns the way to tell an event. An error goes back as its message. */
export function answerOver(port: Pick<Port, "post" | "onMessage">, service: Service): (event: unknown) => void {
  port.onMessage((message) => {
    const { id, name, argument } = (message ?? {}) as Question;
    Promise.resolve()
      .then(() => {
        // what every object has is no question
        if (!Object.hasOwn(service, name)) throw new RangeError(`answerOver: question, got ${String(name)}`);
        return service[name]!(argument as never);
      })
      .then(
        (answer) => port.post({ id, answer } satisfies Reply),
        (error: unknown) => port.post({ id, error: error instanceof Error ? error.message : String(error) }),
      );
  });
  return (event) => port.post({ event } satisfies Reply);
}

/** An end of a channel as a pool takes it. */
export function endOf(port: MessagePort): Pick<Port, "post" | "onMessage"> {
  return {
    post: (message, moved = []) => port.postMessage(message, [...moved]),
    onMessage: (listener) => {
      port.addEventListener("message", ({ data }) => listener(data));
      port.start();
    },
  };
}
