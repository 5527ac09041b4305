// The round loop of every method: a cohort's turns, the server's step, validation by who answers, the best moment kept.
import { DivergenceError } from "../nn/divergence.ts";
import { checkFinite } from "../nn/finite.ts";
import { BELOW_ONE, checkOne, checkOptions, COUNT, COUNT_OR_ENDLESS, PART, SECONDS } from "../runtime/options.ts";
import { fold, type Key } from "../runtime/random.ts";
import { admitScores, admitted, admitVectors, isRejection, type Rejection } from "./admission.ts";
import { ask } from "./asking.ts";
import { draw, inOrder, inParts, lot } from "./cohort.ts";
import { AT_ONCE, type Host, type Order } from "./hosts/host.ts";
import type { Evaluation, Purpose, ServerSide, Update, Vectors } from "./method.ts";
import { downOf, type Report, type RoundsState } from "./roundsState.ts";
import type { States } from "./states.ts";
import { bytesOf, Traffic } from "./traffic.ts";

/** Who takes part in a federation, how long, and who hears of it. */
export interface RoundsOptions {
  /** Where the clients are. */
  readonly host: Host;
  /** The method at the server. */
  readonly server: ServerSide;
  /** What clients may send: see Method.sends. */
  readonly sends: readonly string[];
  /** Scalars that the server goes by: see Method.measures. */
  readonly measures?: readonly string[] | undefined;
  /** Whether clients tell their training losses, as they do unless said. */
  readonly losses?: boolean | undefined;
  /** What of what clients are sent is another client's: see Method.peers. */
  readonly peers?: readonly string[] | undefined;
  /** What the clients keep; empty where that lies with them. */
  readonly states: States;
  /** Ids of the clients that take part; opted-out clients are not among them. */
  readonly clients: readonly number[];
  /** Rounds at most. */
  readonly rounds: number;
  /** How many clients a round trains, drawn uniformly without replacement. */
  readonly cohort: number;
  /**
   * "fixed" unless said. "poisson": every client takes part by itself with probability cohort / clients, as accounting of
   * privacy likes it; a round may then have nobody.
   */
  readonly sampling?: "fixed" | "poisson";
  /** How the best moment is found; without it that is the last one. */
  readonly validation?: {
    /** Validate in every so many rounds, beginning with the first; no round between them, nor a last one, can be the best. */
    readonly every: number;
    /** Stop after so many validations without a lower loss. */
    readonly patience: number;
    /** How many clients validate; always the same ones. */
    readonly clients: number;
  };
  /** The address of the federation's random numbers. */
  readonly key: Key;
  /** What a simulation has of clients that go: the share of a cohort that does not answer. The first of a cohort always does. */
  readonly dropout?: number;
  /** And the share of the others that is slow: each of them gets a part of its epochs done, uniformly drawn. */
  readonly slow?: number;
  /** Seconds that a host may take for an answer before it is asked client by client; no limit unless said. */
  readonly answerSeconds?: number;
  /**
   * Told whom a host was asked for when it has not answered after a minute, after two, after four and so on; a warning on the
   * console unless said, null for nobody. Nothing else comes of it: a limit, which results depend on, is `answerSeconds`.
   */
  readonly onSilence?: ((clients: readonly number[], seconds: number) => void) | null;
  /** Hears of every round, with the state after it. */
  readonly onRound?: (report: Report, state: RoundsState) => void | Promise<void>;
  /** Aborting it ends the federation after what has been taken; the state says where. */
  readonly signal?: AbortSignal;
}

function warn(clients: readonly number[], seconds: number): void {
  const some = `${clients.slice(0, 5).join(", ")}${clients.length > 5 ? ` and ${clients.length - 5} more` : ""}`;
  console.warn(
    `federate: client ${some}, got no answer in ${seconds} s, expected one; answerSeconds leaves out who is silent`,
  );
}

/**
 * Runs rounds from `state` until they are done, validation stops improving or `signal` aborts (then the state returned
 * is not `done`, and running from it again continues as if nothing had happened).
 */
export async function runRounds(options: RoundsOptions, state: RoundsState): Promise<RoundsState> {
  const {
    host,
    server,
    sends,
    measures = [],
    losses = true,
    peers,
    answerSeconds = Infinity,
    states,
    clients,
    rounds,
    cohort,
    validation,
    key,
    onRound,
    signal,
  } = options;
  const { dropout = 0, slow = 0, sampling = "fixed" } = options;
  checkOptions(
    "federate",
    options,
    { rounds: COUNT, cohort: COUNT, dropout: BELOW_ONE, slow: PART, answerSeconds: SECONDS },
    "sampling host server sends measures losses peers states clients validation key onSilence onRound signal",
  );
  checkOne("federate", "sampling", sampling, ["fixed", "poisson"]);
  const onSilence = options.onSilence === undefined ? warn : (options.onSilence ?? undefined);
  if (validation)
    checkOptions("federate: validation", validation, { every: COUNT, patience: COUNT_OR_ENDLESS, clients: COUNT });
  if (cohort > clients.length)
    throw new RangeError(
      `federate: a cohort of ${cohort}, but only ${clients.length} clients have opted in; lower the cohort or the opt-out`,
    );
  const distinct = new Set(clients).size;
  if (distinct < clients.length)
    throw new RangeError(`federate: clients, got ${clients.length} of which ${distinct} differ; each has one say`);
  const validators = draw(clients, Math.min(validation?.clients ?? 0, clients.length), fold(key, "validators"));
  const { by, weighted } = server.validation ?? { by: "same", weighted: true };
  // parts of a round on their way while one is taken in: a second one so that nobody waits for the slowest of the first, but where
  // the time for an answer counts, which it would spend behind the others
  const ahead = host.apart ? (answerSeconds === Infinity ? 2 : 1) : 0;
  const orders = (to: readonly number[], now: Vectors, round: number, purpose: Purpose): Order[] =>
    to.map((client) => ({ client, down: downOf(server, now, { client, round, purpose, key }) }));
  let at = state;
  const aborted = (): boolean => signal?.aborted ?? false;
  while (!at.done && !aborted()) {
    const { round } = at;
    const members =
      sampling === "fixed"
        ? draw(clients, cohort, fold(key, "cohort", round))
        : clients.filter((client) => lot(key, "takes part", round, client) < cohort / clients.length);
    const gone = members.filter((client, i) => i > 0 && lot(key, "dropout", round, client) < dropout);
    const away = new Set(gone);
    const here = members.filter((client) => !away.has(client));
    const effort = (client: number): number => {
      if (lot(key, "slow", round, client) >= slow) return 1;
      return lot(key, "effort", round, client);
    };
    const gathering = server.gather(at.now, {
      round,
      cohort,
      clients: clients.length,
      key: fold(key, "server", round),
    });
    let [loss, examples] = [0, 0];
    const traffic = new Traffic(at.bytes, peers);
    const refused = gone.map((client): Rejection => ({ client, fault: "silent", reason: "dropped out, as simulated" }));
    const sizes = new Map(Object.entries(at.now).map(([name, { length }]) => [name, length]));
    const answersOf = (some: readonly number[]): Promise<(Update | Rejection)[]> => {
      const asked = orders(some, at.now, round, "turn").map((order) =>
        slow > 0 ? { ...order, effort: effort(order.client) } : order,
      );
      for (const { down } of asked) traffic.sent(down);
      return ask(some, {
        call: (of) => host.train(ordersOf(asked, of), round),
        admit: (answer, client) =>
          admitVectors(answer, { client, sends, sizes, metrics: losses ? ["trainLoss", ...measures] : measures }),
        answerSeconds,
        onSilence,
      });
    };
    const bytes = (client: number): number => bytesOf(downOf(server, at.now, { client, round, purpose: "turn", key }));
    const parts = inParts(here, host.atOnce?.(bytes(here[0]!), here.length) ?? AT_ONCE);
    await inOrder(parts, answersOf, ahead, (answers) => {
      for (const update of answers) {
        if (isRejection(update)) {
          refused.push(update);
          continue;
        }
        gathering.add(update);
        traffic.received(update.up);
        if (losses) loss += update.examples * update.metrics["trainLoss"]!;
        examples += update.examples;
        if (gathering.spends) host.spent?.(update);
      }
    });
    // whoever has spent its budget is as if it had not come
    const empty =
      refused.length === members.length && refused.every((one) => one.fault === "spent" || away.has(one.client));
    if (refused.length === members.length && !empty) throw nobody(refused, round);
    if (!(examples > 0) && !empty)
      throw new RangeError(`federate: round ${round} has no examples; every client is empty`);
    const now = gathering.result();
    for (const [name, values] of Object.entries(now)) checkFinite("federate", `${name} after round ${round}`, values);
    let { best, bestRound, bestLoss, waited } = at;
    let report: Report = { round, clients: members, ...(!empty && losses && { trainLoss: loss / examples }) };
    if (validation && round % validation.every === 0) {
      const asked = orders(by === "same" || empty ? validators : members, now, round, "validation");
      const answers = await ask(
        asked.map(({ client }) => client),
        {
          call: (of) => host.evaluate(ordersOf(asked, of), round),
          admit: (answer, client) => admitScores(answer, { client, metrics: ["loss", "accuracy"] }),
          answerSeconds,
          onSilence,
        },
      );
      const found = admitted<Evaluation>(answers);
      const out = answers.filter(isRejection);
      if (found.length === 0) throw nobody(out, round);
      refused.push(...out);
      const validationLoss = meanOf(found, "loss", weighted);
      const better = validationLoss < bestLoss;
      if (better) {
        best = { server: now, marks: await states.pin("best") };
        [bestRound, bestLoss, waited] = [round, validationLoss, 0];
      } else waited++;
      report = { ...report, validationLoss, validationAccuracy: meanOf(found, "accuracy", weighted), best: better };
    }
    if (refused.length > 0) report = { ...report, refused };
    const done = round + 1 >= rounds || (validation !== undefined && waited >= validation.patience);
    if (done && !validation) {
      best = { server: now, marks: await states.pin("best") };
      bestRound = round;
    }
    at = { round: round + 1, now, best, bestRound, bestLoss, waited, bytes: traffic.bytes, done };
    await onRound?.(report, at);
  }
  return at;
}

function ordersOf(orders: readonly Order[], clients: readonly number[]): Order[] {
  return clients.length === orders.length ? [...orders] : orders.filter(({ client }) => clients.includes(client));
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

function meanOf(answers: readonly Evaluation[], metric: string, weighted: boolean): number {
  let [sum, total] = [0, 0];
  for (const { metrics, examples } of answers) {
    const weight = weighted ? examples : 1;
    sum += weight * metrics[metric]!;
    total += weight;
  }
  if (!(total > 0)) throw new RangeError("federate: the clients that validate have no examples; every one is empty");
  return sum / total;
}
