// The round loop of every method: a cohort's turns, the server's step, validation by who answers, the best moment kept.
import { checkOptions, COUNT, COUNT_OR_ENDLESS } from "../runtime/options.ts";
import { fold, type Key, Stream } from "../runtime/random.ts";
import type { Evaluation, Failure, Host, Order } from "./hosts/host.ts";
import type { ServerSide, Vectors } from "./method.ts";
import type { Marks, States } from "./states.ts";
import { metricOf } from "./update.ts";

export interface RoundsOptions {
  readonly host: Host;
  readonly server: ServerSide;
  /** What the clients keep; empty where that lies with them. */
  readonly states: States;
  /** Ids of the clients that take part; opted-out clients are not among them. */
  readonly clients: readonly number[];
  readonly rounds: number;
  /** How many clients a round trains, drawn uniformly without replacement. */
  readonly cohort: number;
  readonly validation: {
    /** Validate in every so many rounds, beginning with the first. */
    readonly every: number;
    /** Stop after so many validations without a lower loss. */
    readonly patience: number;
    /** How many clients validate; always the same ones. */
    readonly clients: number;
  };
  readonly key: Key;
  readonly onRound?: (report: Report, state: RoundsState) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

export interface Report {
  readonly round: number;
  readonly clients: readonly number[];
  readonly trainLoss: number;
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
  readonly best?: boolean;
}

/** A server's state and the clients' that belong to it. */
export interface Moment {
  readonly server: Vectors;
  readonly marks: Marks;
}

/** Everything a federation needs to go on but what its clients keep: random numbers have addresses, so there is no generator to save. */
export interface RoundsState {
  /** Rounds done. */
  readonly round: number;
  readonly now: Vectors;
  readonly best: Moment;
  readonly bestRound: number;
  readonly bestLoss: number;
  /** Validations since the best. */
  readonly waited: number;
  /** Whether the loop has ended by itself. */
  readonly done: boolean;
}

/** The state before the first round, with what the client side's `initial` gave. */
export function firstState(server: ServerSide, initial: Vectors): RoundsState {
  const now = server.begin(initial);
  return { round: 0, now, best: { server: now, marks: {} }, bestRound: -1, bestLoss: Infinity, waited: 0, done: false };
}

/** What a client is sent of a server's state. */
export function downOf(server: ServerSide, state: Vectors, client: number, round: number, key: Key): Vectors {
  return server.down?.(state, { client, round, key: fold(key, "down", client, round) }) ?? state;
}

// so many clients' vectors are held at once, whatever the cohort: enough to keep every worker busy
const AT_ONCE = 64;

/**
 * Runs rounds from `state` until they are done, validation stops improving or `signal` aborts (then the state returned
 * is not `done`, and running from it again continues as if nothing had happened).
 */
export async function runRounds(options: RoundsOptions, state: RoundsState): Promise<RoundsState> {
  const { host, server, states, clients, rounds, cohort, validation, key, onRound, signal } = options;
  checkOptions("federate", { rounds, cohort }, { rounds: COUNT, cohort: COUNT });
  checkOptions("federate: validation", validation, { every: COUNT, patience: COUNT_OR_ENDLESS, clients: COUNT });
  if (cohort > clients.length)
    throw new RangeError(
      `federate: a cohort of ${cohort}, but only ${clients.length} clients have opted in; lower the cohort or the opt-out`,
    );
  const validators = draw(clients, Math.min(validation.clients, clients.length), fold(key, "validators"));
  const orders = (to: readonly number[], now: Vectors, round: number): Order[] =>
    to.map((client) => ({ client, down: downOf(server, now, client, round, key) }));
  let at = state;
  const aborted = (): boolean => signal?.aborted ?? false;
  while (!at.done && !aborted()) {
    const { round } = at;
    const members = draw(clients, cohort, fold(key, "cohort", round));
    const gathering = server.gather(at.now, {
      round,
      cohort,
      clients: clients.length,
      key: fold(key, "server", round),
    });
    let [loss, examples] = [0, 0];
    for (let from = 0; from < members.length; from += AT_ONCE)
      for (const answer of await host.train(orders(members.slice(from, from + AT_ONCE), at.now, round), round)) {
        const update = delivered(answer, round);
        gathering.add(update);
        loss += update.examples * metricOf("train", update, "trainLoss");
        examples += update.examples;
      }
    const now = gathering.result();
    let { best, bestRound, bestLoss, waited } = at;
    let report: Report = { round, clients: members, trainLoss: loss / examples };
    if (round % validation.every === 0) {
      const answers = await host.evaluate(orders(validators, now, round), round);
      const found = answers.map((answer) => delivered(answer, round));
      const validationLoss = weighted(found, "loss");
      const better = validationLoss < bestLoss;
      if (better) {
        best = { server: now, marks: await states.pin("best") };
        [bestRound, bestLoss, waited] = [round, validationLoss, 0];
      } else waited++;
      report = { ...report, validationLoss, validationAccuracy: weighted(found, "accuracy"), best: better };
    }
    if (Number.isNaN(report.trainLoss) || Number.isNaN(report.validationLoss))
      throw new Error(`federate: the loss is NaN in round ${round}; lower the learning rate or look at the data`);
    const done = round + 1 >= rounds || waited >= validation.patience;
    at = { round: round + 1, now, best, bestRound, bestLoss, waited, done };
    await onRound?.(report, at);
  }
  return at;
}

function delivered<T extends object>(answer: T | Failure, round: number): T {
  if (!("failed" in answer)) return answer;
  const { client, failed, stack } = answer as Failure;
  throw Object.assign(new Error(`federate: client ${client} in round ${round}: ${failed}`), stack && { stack });
}

function weighted(answers: readonly Evaluation[], metric: string): number {
  let [sum, total] = [0, 0];
  for (const answer of answers) {
    sum += answer.examples * metricOf("evaluate", answer, metric);
    total += answer.examples;
  }
  return sum / total;
}

function draw(clients: readonly number[], count: number, key: Key): number[] {
  return Array.from(new Stream(key).choose(clients.length, count), (i) => clients[i]!);
}
