// A method's rounds on a few clients of a few rows, whole as they are but in double precision on the reference engine, so that
// they can be held to numbers that were found otherwise.
import { tensor } from "../../src/autograd/index.ts";
import { Kit, type KitOptions } from "../../src/federated/kit.ts";
import {
  type Answer,
  type Answers,
  type Method,
  type Options,
  optionsOf,
  type Turn,
  type Update,
  type Vectors,
} from "../../src/federated/method.ts";
import { outgoing } from "../../src/federated/outgoing.ts";
import { downOf } from "../../src/federated/roundsState.ts";
import { FloatExamples, type Module } from "../../src/nn/index.ts";
import { withEngine } from "../../src/runtime/engine.ts";
import { fold, key } from "../../src/runtime/random.ts";
import { referenceEngine } from "../../src/runtime/reference/index.ts";
import { finish } from "../../src/runtime/steps.ts";

/** Rows of numbers, flat, and their classes. */
export interface Rows {
  readonly x: readonly number[];
  readonly width: number;
  readonly labels: readonly number[];
}

export interface World {
  readonly model: Module;
  readonly classes: number;
  readonly initial: Float64Array;
  readonly clients: readonly {
    readonly train: Rows;
    readonly validation: Rows;
    /** Share of its epochs that it gets done; all of them unless said. */
    readonly effort?: number;
  }[];
}

export interface ExactOptions extends Partial<Omit<KitOptions, "model" | "classes" | "initial" | "key">> {
  /** At most; what no longer moves has ended. */
  readonly rounds?: number;
  /** Clients of a round; all of them unless said. */
  readonly cohort?: (round: number) => readonly number[];
  /** Begin from here instead of from the method's own beginning. */
  readonly state?: Vectors;
  readonly kept?: readonly Vectors[];
  /** Sees the server's state after every round. */
  readonly onRound?: (state: Vectors, round: number) => void;
}

export interface ExactEnd<T> {
  readonly begun: Vectors;
  readonly server: Vectors;
  readonly kept: readonly Vectors[];
  readonly replies: readonly Update[];
  /** What was asked of each client's answers, by their names. */
  readonly answers: readonly Readonly<Record<string, T>>[];
}

let shared: ReturnType<typeof referenceEngine> | undefined;

/** Does something in double precision. */
export function exact<T>(work: () => T): T {
  return withEngine((shared ??= referenceEngine()), work);
}

// far below what anything is compared to, and no more than rounding: what comes to rest need not do it bit for bit
function isAtRest(before: Vectors, after: Vectors): boolean {
  const names = Object.keys(after);
  return (
    names.length === Object.keys(before).length &&
    names.every((name) => {
      const [was, is] = [before[name], after[name]!];
      return was?.length === is.length && is.every((x, i) => Math.abs(x - was[i]!) <= 1e-14 * Math.max(1, Math.abs(x)));
    })
  );
}

/**
 * Runs a method's rounds: by default 5 full-gradient steps of SGD at 0.1, at most 200 rounds, until nothing moves any more; `ask`
 * looks at who answers then.
 */
export function exactly<T>(
  method: Method,
  given: Options,
  world: World,
  wanted: ExactOptions,
  ask: (answer: Answer, client: number) => T,
): ExactEnd<T> {
  return exact(() => run(method, given, world, wanted, ask));
}

function run<T>(
  method: Method,
  given: Options,
  { model, classes, initial, clients }: World,
  {
    rounds = 200,
    cohort = () => clients.map((_, i) => i),
    state: begun,
    kept: before = [],
    onRound,
    ...rest
  }: ExactOptions,
  ask: (answer: Answer, client: number) => T,
): ExactEnd<T> {
  const options = optionsOf(method, given);
  const root = key(1);
  const kit = new Kit({
    model,
    classes,
    key: root,
    initial,
    optimizer: { kind: "sgd", lr: 0.1 },
    epochs: 5,
    batchSize: 1000,
    ...rest,
  });
  const side = method.client(kit, options);
  const server = method.server(options, kit);
  const examples = ({ x, width, labels }: Rows): FloatExamples =>
    new FloatExamples(tensor(x, [labels.length, width]), labels);
  const own = clients.map(({ train, validation }) => ({ train: examples(train), validation: examples(validation) }));
  const kept: Vectors[] = clients.map((_, i) => before[i] ?? {});
  const first = begun ?? server.begin(side.initial());
  let state = first;
  let replies: Update[] = [];
  const turnOf = (client: number, round: number): Turn => ({
    client,
    round,
    down: downOf(server, state, { client, round, purpose: round < rounds ? "turn" : "answers", key: root }),
    kept: kept[client]!,
    own: own[client]!,
    key: fold(root, "train", client, round),
    effort: clients[client]!.effort ?? 1,
  });
  // rounds in a row that left everything where it was; where everybody has had a turn in them, so will all that come
  let still = 0;
  for (let round = 0; round < rounds && still <= clients.length; round++) {
    const members = cohort(round);
    const before = [state, ...kept];
    const gathering = server.gather(state, {
      round,
      cohort: members.length,
      clients: clients.length,
      key: fold(root, "server", round),
    });
    replies = members.map((client) => {
      const reply = finish(side.train(turnOf(client, round)));
      if (reply.kept) kept[client] = reply.kept;
      return { client, ...outgoing(method, client, reply, own[client]!.train.count) };
    });
    for (const update of replies) gathering.add(update);
    state = gathering.result();
    still = [state, ...kept].every((vectors, i) => isAtRest(before[i]!, vectors)) ? still + 1 : 0;
    onRound?.(state, round);
  }
  const answers = clients.map((_, client) => {
    const made = side.answers(turnOf(client, rounds));
    const found = "own" in made ? (made as Answers) : finish(made);
    return Object.fromEntries(Object.entries(found).map(([name, answer]) => [name, ask(answer, client)]));
  });
  for (const rows of own) for (const part of [rows.train, rows.validation]) part.dispose();
  kit.dispose();
  return { begun: first, server: state, kept, replies, answers };
}
