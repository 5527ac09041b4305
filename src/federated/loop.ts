// The round loop: sample a cohort of opted-in clients, let them train, average, validate, keep the best, stop early.
import { DivergenceError } from "../nn/divergence.ts";
import { checkFinite } from "../nn/finite.ts";
import { checkOptions, COUNT, COUNT_OR_ENDLESS } from "../runtime/options.ts";
import { fold, type Key, Stream } from "../runtime/random.ts";
import { admitScores, admitted, admitUpdate, isRejection, type Rejection } from "./admission.ts";
import type { Aggregation } from "./aggregation.ts";
import { ask } from "./asking.ts";
import type { Backend } from "./backends/backend.ts";
import { FedAvg } from "./methods/fedavg.ts";
import type { Evaluation } from "./update.ts";

export interface FederationOptions {
  readonly backend: Backend;
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
    /** How many opted-in clients validate; always the same ones. */
    readonly clients: number;
  };
  /**
   * What validation looks at and what is kept as best: the new average ("average"), or, as the authors' code does (Q1),
   * the average of the round before scored by the round's own cohort, and the last client's weights.
   */
  readonly selection: "average" | "last-client";
  readonly key: Key;
  /** What a round's updates go into; FedAvg unless said. */
  readonly aggregation?: () => Aggregation;
  /** Seconds that a backend may take for an answer before it is asked client by client; no limit unless said. */
  readonly answerSeconds?: number;
  readonly onRound?: (report: RoundReport, state: FederationState) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

export interface RoundReport {
  readonly round: number;
  readonly clients: readonly number[];
  readonly trainLoss: number;
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
  readonly best?: boolean;
  /** Clients whose answers were left out of this round, and why. */
  readonly refused?: readonly Rejection[];
}

/** Everything a federation needs to go on: random numbers have addresses, so there is no generator to save. */
export interface FederationState {
  /** Rounds done. */
  readonly round: number;
  readonly generalist: Float32Array;
  readonly best: Float32Array;
  readonly bestRound: number;
  readonly bestLoss: number;
  /** Validations since the best. */
  readonly waited: number;
  /** Whether the loop has ended by itself. */
  readonly done: boolean;
}

/** The state before the first round. */
export function beginning(initial: Float32Array): FederationState {
  return { round: 0, generalist: initial, best: initial, bestRound: -1, bestLoss: Infinity, waited: 0, done: false };
}

const NONE = { scores: [], refused: [] } as const;

// so many clients' vectors are held at once, whatever the cohort: enough to keep every worker busy
const AT_ONCE = 64;

async function trainRound(
  { backend, aggregation = () => new FedAvg(), answerSeconds = Infinity }: FederationOptions,
  members: readonly number[],
  before: Float32Array,
  round: number,
): Promise<{ generalist: Float32Array; trainLoss: number; last: Float32Array; refused: Rejection[] }> {
  const sum = aggregation();
  let [loss, examples] = [0, 0];
  let last = before;
  const refused: Rejection[] = [];
  for (let at = 0; at < members.length; at += AT_ONCE) {
    const answers = await ask(members.slice(at, at + AT_ONCE), {
      call: (clients) => backend.train(clients, before, round),
      admit: (answer, client) => admitUpdate(answer, { client, length: before.length, metrics: ["trainLoss"] }),
      answerSeconds,
    });
    for (const update of answers) {
      if (isRejection(update)) {
        refused.push(update);
        continue;
      }
      sum.add(update);
      loss += update.examples * update.metrics["trainLoss"]!;
      examples += update.examples;
      last = update.values;
    }
  }
  if (refused.length === members.length) throw nobody(refused, round);
  const generalist = sum.result();
  if (examples === 0) throw new RangeError(`federate: round ${round} has no examples; every client is empty`);
  checkFinite("federate", `the aggregation of round ${round}`, generalist);
  return { generalist, trainLoss: loss / examples, last, refused };
}

async function scoresOf(
  { backend, answerSeconds = Infinity }: FederationOptions,
  clients: readonly number[],
  generalist: Float32Array,
  round: number,
): Promise<{ scores: Evaluation[]; refused: Rejection[] }> {
  const answers = await ask(clients, {
    call: (asked) => backend.evaluate(asked, generalist, round),
    admit: (answer, client) => admitScores(answer, { client, metrics: ["loss", "accuracy"] }),
    answerSeconds,
  });
  const refused = answers.filter(isRejection);
  if (refused.length === clients.length) throw nobody(refused, round);
  return { scores: admitted(answers), refused };
}

/** The error of a round in which no client's answer could be used. */
function nobody(refused: readonly Rejection[], round: number): RangeError {
  if (refused.every(({ fault }) => fault === "diverged"))
    return new DivergenceError(
      `federate: the loss is NaN in round ${round}; lower the learning rate or look at the data`,
    );
  const some = refused.slice(0, 3).map(({ client, reason }) => `client ${client}: ${reason}`);
  return new RangeError(
    `federate: no client's answer could be used in round ${round}, got ${some.join("; ")}${refused.length > 3 ? `; and ${refused.length - 3} more` : ""}`,
  );
}

function weighted(answers: readonly Evaluation[], metric: string, weights: boolean): number {
  let sum = 0;
  let total = 0;
  for (const { metrics, examples } of answers) {
    const weight = weights ? examples : 1;
    sum += weight * metrics[metric]!;
    total += weight;
  }
  if (!(total > 0)) throw new RangeError("federate: the clients that validate have no examples; every one is empty");
  return sum / total;
}

/**
 * Runs rounds from `state` until they are done, validation stops improving or `signal` aborts (then the state returned
 * is not `done`, and running from it again continues as if nothing had happened).
 */
export async function federate(options: FederationOptions, state: FederationState): Promise<FederationState> {
  const { clients, rounds, cohort, validation, selection, key, onRound, signal } = options;
  checkOptions("federate", { rounds, cohort }, { rounds: COUNT, cohort: COUNT });
  checkOptions("federate: validation", validation, { every: COUNT, patience: COUNT_OR_ENDLESS, clients: COUNT });
  if (cohort > clients.length)
    throw new RangeError(
      `federate: a cohort of ${cohort}, but only ${clients.length} clients have opted in; lower the cohort or the opt-out`,
    );
  const distinct = new Set(clients).size;
  if (distinct < clients.length)
    throw new RangeError(`federate: clients, got ${clients.length} of which ${distinct} differ; each has one say`);
  const validators = draw(clients, Math.min(validation.clients, clients.length), fold(key, "validators"));
  let at = state;
  const aborted = (): boolean => signal?.aborted ?? false;
  while (!at.done && !aborted()) {
    const { round } = at;
    const members = draw(clients, cohort, fold(key, "cohort", round));
    const validates = round % validation.every === 0;
    // the authors score what the round starts from; the method as meant scores what it ends with
    const before =
      validates && selection === "last-client" ? await scoresOf(options, members, at.generalist, round) : NONE;
    const { generalist, trainLoss, last, refused } = await trainRound(options, members, at.generalist, round);
    const after = validates && selection === "average" ? await scoresOf(options, validators, generalist, round) : NONE;
    let { best, bestRound, bestLoss, waited } = at;
    let report: RoundReport = { round, clients: members, trainLoss };
    if (validates) {
      const { scores } = selection === "average" ? after : before;
      const validationLoss = weighted(scores, "loss", selection === "average");
      const better = validationLoss < bestLoss;
      if (better) {
        best = selection === "average" ? generalist : last;
        bestRound = round;
        bestLoss = validationLoss;
        waited = 0;
      } else waited++;
      report = {
        ...report,
        validationLoss,
        validationAccuracy: weighted(scores, "accuracy", selection === "average"),
        best: better,
      };
    }
    const out = [...before.refused, ...refused, ...after.refused];
    if (out.length > 0) report = { ...report, refused: out };
    const done = round + 1 >= rounds || waited >= validation.patience;
    at = { round: round + 1, generalist, best, bestRound, bestLoss, waited, done };
    await onRound?.(report, at);
  }
  return at;
}

function draw(clients: readonly number[], count: number, key: Key): number[] {
  return Array.from(new Stream(key).choose(clients.length, count), (i) => clients[i]!);
}
