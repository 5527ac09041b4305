// Asking clients for something: every one of them is answered for by an answer or by the reason why there is none.
import { failure, isRejection, oneLine, type Rejection } from "./admission.ts";

export interface Asking<T> {
  /** Answers, in the order of the clients. */
  readonly call: (clients: readonly number[]) => Promise<readonly unknown[]>;
  /** Lets an answer in, or says why not. */
  readonly admit: (answer: unknown, client: number) => T | Rejection;
  /** Seconds after which a call that has not come back is given up. */
  readonly answerSeconds: number;
  /** Told who was asked when a call has not come back after a minute, after two, after four and so on. It changes nothing. */
  readonly onSilence?: ((clients: readonly number[], seconds: number) => void) | undefined;
}

/** Seconds until somebody is told of a call that has not come back. */
const QUIET = 60;

/** The same promise; while it does not settle, `tell` hears so after ever longer times. */
async function attended<T>(promise: Promise<T>, tell: (seconds: number) => void): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = (seconds: number, passed: number): void => {
    timer = setTimeout(
      () => {
        tell(seconds);
        wait(2 * seconds, seconds);
      },
      (seconds - passed) * 1000,
    );
  };
  wait(QUIET, 0);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Asks all at once. A call that fails or stays away as a whole is one client's doing, but nobody knows whose: then they are
 * asked one by one, which gives the same numbers. Rejects with the first error where all of them fail like this.
 */
export async function ask<T>(clients: readonly number[], asking: Asking<T>): Promise<(T | Rejection)[]> {
  const { call, admit, answerSeconds, onSilence } = asking;
  const [first] = clients;
  if (first === undefined) return [];
  let answers: readonly unknown[];
  try {
    const called = within(answerSeconds, call(clients));
    answers = await (onSilence ? attended(called, (seconds) => onSilence(clients, seconds)) : called);
  } catch (error) {
    if (clients.length === 1) {
      if (error instanceof Silence) return [{ client: first, fault: "silent", reason: oneLine(error) }];
      throw error;
    }
    const alone: (T | Rejection)[] = [];
    let fine = false;
    for (const client of clients) {
      const found = await ask([client], asking).catch((reason: unknown) => [failure(client, reason)]);
      fine ||= !isRejection(found[0]);
      alone.push(...found);
    }
    if (!fine && !(error instanceof Silence)) throw error;
    return alone;
  }
  // answers are in the order of the clients; where some are missing, each can only speak for itself
  const whole = answers.length === clients.length;
  return clients.map((client, i) =>
    admit(whole ? answers[i] : answers.find((answer) => speaksFor(answer, client)), client),
  );
}

function speaksFor(answer: unknown, client: number): boolean {
  return typeof answer === "object" && answer !== null && "client" in answer && answer.client === client;
}

/** No answer within the time. */
class Silence extends Error {}

/** What a promise resolves to, or a rejection after so many seconds. */
export function within<T>(seconds: number, promise: Promise<T>): Promise<T> {
  if (seconds === Infinity) return promise;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Silence(`no answer in ${seconds} s`)), seconds * 1000);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
