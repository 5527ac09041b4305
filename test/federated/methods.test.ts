// What every method owes, whatever it does: this walks the registry, so that a new method is tried by being in it.
import { memory } from "../../src/autograd/index.ts";
import { isRejection } from "../../src/federated/admission.ts";
import { clientCalls } from "../../src/federated/hosts/pool.ts";
import {
  type Answers,
  type Method,
  type Options,
  optionsOf,
  type Sizes,
  type Vectors,
} from "../../src/federated/method.ts";
import { methods } from "../../src/federated/methods/index.ts";
import { covers } from "../../src/federated/outgoing.ts";
import type { RoundsState } from "../../src/federated/roundsState.ts";
import { States } from "../../src/federated/states.ts";
import { taken } from "../../src/federated/taken.ts";
import { predictAll } from "../../src/nn/index.ts";
import type { Calls, Pool } from "../../src/runtime/pool.ts";
import { finish } from "../../src/runtime/steps.ts";
import { benchOf, federation, kitOf, type Ran, settings } from "../support/federation.ts";
import { near } from "../support/near.ts";
import { remembered } from "../support/remembered.ts";
import { assert, test } from "../support/suite.ts";

const all = [...methods.values()];

/** Everything a federation has left: the server's state and every client's. */
async function left({ end, states }: Ran): Promise<unknown> {
  const kept = await Promise.all(Array.from({ length: settings.clients }, (_, client) => states.get(client)));
  return { now: end.now, best: end.best, bestRound: end.bestRound, bestLoss: end.bestLoss, kept };
}

// runs of one method with the same options are the same run
const ran = remembered<Promise<Ran>>();
function once(method: Method, options: Options): Promise<Ran> {
  const name = `${method.name} ${JSON.stringify(optionsOf(method, options))}`;
  if (!ran.has(name)) ran.set(name, federation(method, options));
  return ran.get(name)!;
}

for (const method of all) {
  const { name, laws = [], sends, keeps = [], peers = [], traffic } = method;

  for (const { when, is, with: other = {} } of laws)
    test(`${name} with ${JSON.stringify(when)} is ${is}, to the bit`, async () => {
      const [one, two] = [await once(method, when), await once(methods.get(is)!, other)];
      assert.equal(one.trained, two.trained);
      for (const client of one.trained)
        assert.equal((await one.answersOf(client))["own"], (await two.answersOf(client))["own"], `client ${client}`);
    });

  test(`${name} goes on after any round as if it had not stopped`, async () => {
    const whole = await left(await once(method, {}));
    for (let stop = 1; stop < settings.rounds; stop++) {
      const abort = new AbortController();
      const first = await federation(
        method,
        {},
        {
          signal: abort.signal,
          onRound: (_, state) => void (state.round === stop && abort.abort()),
        },
      );
      assert.is(first.end.round, stop);
      // through structured clones, as files and threads would have it
      const states = new States();
      for (let client = 0; client < settings.clients; client++) {
        const kept = await first.states.get(client);
        if (Object.keys(kept).length > 0) await states.put(client, first.states.marks[client]!, structuredClone(kept));
      }
      const state: RoundsState = structuredClone(first.end);
      assert.equal(
        await left(await federation(method, {}, { from: { state, states } })),
        whole,
        `after ${stop} rounds`,
      );
    }
  });

  test(`${name} is the same bits whichever worker a turn is on`, async () => {
    // optimisers remember and rates fall: nothing of one turn may be there in the next
    const optimizer = { kind: "sgd", lr: 0.1, momentum: 0.5, schedule: { kind: "exponential", gamma: 0.8 } } as const;
    const kit = { optimizer };
    const whole = await left(await federation(method, {}, { kit }));
    for (const workers of [2, 3]) {
      // a side is one thread's, so each worker has its own
      const benches = Array.from({ length: workers }, () => benchOf(method, optionsOf(method), { ...settings, kit }));
      const scattered = await federation(method, {}, { kit, pool: () => new Scattered(benches.map(clientCalls)) });
      for (const { kit } of benches) kit.dispose();
      assert.equal(await left(scattered), whole, `${workers} workers`);
    }
  });

  test(`${name} sends and keeps what it declares, whatever the client has`, async () => {
    // a client without a row, and one with a single one
    const { bench, server, states } = await federation(
      method,
      {},
      { rows: (client) => [0, 1, 9][client % 3]!, rounds: 3, cohort: 6 },
    );
    const calls = clientCalls(bench);
    const down = server.down?.(server.begin(bench.side.initial()), {
      client: 0,
      round: 0,
      purpose: "turn",
      key: bench.key,
    });
    const call = { client: 2, down: down ?? server.begin(bench.side.initial()), kept: {} };
    const [answer] = await calls.train({ federation: "", round: 0, calls: [call] });
    if (!answer || isRejection(answer)) throw new Error(answer?.reason ?? "no answer");
    for (const declared of sends.filter((one) => /^\w+$/.test(one))) assert.ok(declared in answer.up, declared);
    const known = (one: string): boolean =>
      keeps.some((declared) => (declared.endsWith("*") ? one.startsWith(declared.slice(0, -1)) : one === declared));
    for (let client = 0; client < settings.clients; client++)
      for (const [one, values] of Object.entries(await states.get(client))) {
        assert.ok(known(one), `${one} is not declared to be kept`);
        assert.ok(values.every(Number.isFinite), `client ${client}'s ${one} is not finite`);
      }
  });

  test(`${name} answers right after a turn, whether or not a client has had one before`, async () => {
    const { bench, server, end, states } = await once(method, {});
    for (const client of [0, 5]) {
      const to = { client, round: 9, purpose: "answers", key: bench.key } as const;
      const down = server.down?.(end.now, to) ?? end.now;
      const own = bench.stage(client, 9);
      const turn = { client, round: 9, down, kept: await states.get(client), own, effort: 1, key: bench.key };
      const after = taken(bench.side, turn, finish(bench.side.train(turn)));
      const made = bench.side.answers(after);
      const { own: answer } = "own" in made ? (made as Answers) : finish(made);
      const logp = predictAll(own.validation, bench.classes, answer);
      const values = logp.toArray();
      for (let row = 0; row < own.validation.count; row++) {
        const said = values.slice(row * bench.classes, (row + 1) * bench.classes);
        near([Array.from(said, Math.exp).reduce((a, b) => a + b, 0)], [1], 1e-4);
      }
      logp.dispose();
      own.dispose();
    }
  });

  test(`${name} has nobody refused, whoever comes again or for the first time`, async () => {
    // in the second round some have seen the server's state before and some have not
    const { reports } = await federation(method, {}, { rounds: 3, cohort: 4 });
    for (const { refused } of reports) assert.equal(refused ?? [], []);
  });

  if (traffic)
    test(`${name} sends as many numbers as it says`, async () => {
      const { end, server, bench, states } = await once(method, {});
      const { model, features, classes, parts } = kitOf();
      const size = ({ specs }: typeof model): number =>
        specs.reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0);
      const sizes: Sizes = {
        model: size(model),
        body: size(parts.body),
        head: size(parts.head),
        features,
        classes,
        clients: settings.clients,
        cohort: settings.cohort,
      };
      const numbers = (vectors: Vectors): number => Object.values(vectors).reduce((n, { length }) => n + length, 0);
      const others = (vectors: Vectors): Vectors =>
        Object.fromEntries(Object.entries(vectors).filter(([one]) => peers.some((declared) => covers(declared, one))));
      const client = 1;
      const down = server.down?.(end.now, { client, round: 9, purpose: "turn", key: bench.key }) ?? end.now;
      const [answer] = await clientCalls(bench).train({
        federation: "",
        round: 9,
        calls: [{ client, down, kept: await states.get(client) }],
      });
      if (!answer || isRejection(answer)) throw new Error(answer?.reason ?? "no answer");
      assert.is((end.bytes.peer ?? 0) > 0, peers.length > 0);
      const told = peers.length > 0 ? { peer: numbers(others(down)) } : {};
      assert.equal({ down: numbers(down), up: numbers(answer.up), ...told }, traffic(sizes, optionsOf(method)));
    });

  test(`${name} leaves memory as it was`, async () => {
    const run = async (): Promise<number> => {
      const { bench } = await federation(method, {}, { rounds: 3 });
      bench.kit.dispose();
      return memory().used;
    };
    await run();
    const before = await run();
    const after = await run();
    assert.ok(after <= before, `${before} bytes before, ${after} after`);
  });

  test(`${name} has options that its ranges allow, and presets of options that it has`, () => {
    assert.equal(optionsOf(method, method.options), method.options);
    for (const [preset, { options, note, ...training }] of Object.entries(method.presets ?? {})) {
      optionsOf(method, options);
      // what somebody published names its source, or says in full how it was trained
      assert.ok(preset === "safe" || options || note || Object.keys(training).length > 0, `${preset} says something`);
    }
    assert.ok(method.presets?.["safe"], "what we would begin with");
    assert.ok(Object.keys(method.ranges ?? {}).every((option) => option in method.options));
  });
}

/** Sets of calls that take turns at the lists, as workers would: each has one at a time. */
class Scattered<C extends Calls> implements Pool<C> {
  readonly size: number;
  readonly #sets: readonly C[];
  readonly #last: Promise<unknown>[];

  constructor(sets: readonly C[]) {
    [this.size, this.#sets] = [sets.length, sets];
    this.#last = sets.map(() => Promise.resolve());
  }

  map: Pool<C>["map"] = (name, arguments_) =>
    Promise.all(
      arguments_.map((argument, i) => {
        const at = (i + 1) % this.size;
        const answer = this.#last[at]!.then(() => this.#sets[at]![name]!(structuredClone(argument) as never));
        this.#last[at] = answer.catch(() => undefined);
        return answer;
      }),
    ) as never;

  async close(): Promise<void> {}
}

test.run();
