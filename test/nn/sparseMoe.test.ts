// The sparse layer of experts: who answers, what it weighs, and what keeps experts busy.
import fc from "fast-check";
import { backward, memory, mul, relu, scope, softmax, sum, type Tensor, tensor } from "../../src/autograd/index.ts";
import { chance, switchBalance, unevenness, zLoss } from "../../src/nn/balance.ts";
import { Apply, EVALUATE, Linear, type Module, Net, Sequential } from "../../src/nn/index.ts";
import { capacityOf, expertChoice, noisyLogits, topKWeights, withinCapacity } from "../../src/nn/routing.ts";
import { type Routing, SparseMoe } from "../../src/nn/sparseMoe.ts";
import { key } from "../../src/runtime/random.ts";
import { near } from "../support/near.ts";
import { assert, test } from "../support/suite.ts";

const logitsOf = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5 })).chain(([rows, experts]) =>
  fc.record({
    rows: fc.constant(rows),
    experts: fc.constant(experts),
    k: fc.integer({ min: 1, max: experts }),
    values: fc.array(fc.double({ min: -5, max: 5, noNaN: true }), {
      minLength: rows * experts,
      maxLength: rows * experts,
    }),
  }),
);
const rowOf = (flat: ArrayLike<number>, i: number, width: number): number[] =>
  Array.from({ length: width }, (_, j) => flat[i * width + j]!);
const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const expert = (): Module => new Sequential({ fc1: new Linear(3, 4, { relu: true }), fc2: new Linear(4, 2) });
const layer = (count: number, options = {}): SparseMoe =>
  new SparseMoe(3, Array.from({ length: count }, expert), options);
const made = (module: Module, seed = 1): Net<"private"> => {
  const net = new Net(module, { group: "private" }).init(seed);
  // a gate of zeros would not choose
  const gate = module.specs.findIndex(({ name }) => name.endsWith("gate"));
  const at = net.parameters.tensors[gate]!;
  at.set(Float32Array.from({ length: at.size }, (_, i) => Math.sin(3 * i + seed)));
  return net;
};
const points = (rows: number): Tensor =>
  tensor(
    Float32Array.from({ length: 3 * rows }, (_, i) => Math.cos(1.7 * i)),
    [rows, 3],
  );
const train = { train: true, key: key(4) } as const;

test("a row's k best experts have its weight, of two and more 1 in all, of one its probability", () => {
  fc.assert(
    fc.property(logitsOf, ({ rows, experts, k, values }) =>
      scope(() => {
        const logits = tensor(values, [rows, experts]);
        const [weights, all] = [topKWeights(logits, k).toArray(), softmax(logits).toArray()];
        for (let i = 0; i < rows; i++) {
          const [own, p, z] = [rowOf(weights, i, experts), rowOf(all, i, experts), rowOf(logits.toArray(), i, experts)];
          const chosen = own.flatMap((w, e) => (w > 0 ? [e] : []));
          const best = z.map((_, e) => e).sort((a, b) => z[b]! - z[a]! || a - b).slice(0, k); // prettier-ignore
          assert.ok(chosen.every((e) => best.includes(e)));
          near([total(own)], [k === 1 ? Math.max(...p) : 1], 1e-5);
        }
        if (k === experts) near(weights, all, 1e-6);
      }),
    ),
  );
  scope(() => assert.equal(Array.from(topKWeights(tensor([0, 0, 0], [1, 3]), 2).toArray()), [0.5, 0.5, 0]));
});

test("one expert is that expert, and all of them without noise are the dense mixture", () => {
  scope(() => {
    const [one, all] = [made(layer(1, { k: 1 })), made(layer(3, { k: 3 }))];
    const x = points(5);
    const experts = (net: Net, count: number): number[][] => {
      const [, ...rest] = net.parameters.tensors;
      return Array.from({ length: count }, (_, e) =>
        Array.from(
          expert()
            .bind(rest.slice(4 * e, 4 * e + 4), 0)(x, EVALUATE)
            .toArray(),
        ),
      );
    };
    near(one.predict(x).toArray(), experts(one, 1)[0]!, 1e-6);
    const weights = topKWeights(tensor(logitsAt(all, x, 3), [5, 3]), 3).toArray();
    const parts = experts(all, 3);
    near(all.predict(x).toArray(), parts[0]!.map((_, i) => total(parts.map((part, e) => weights[3 * Math.floor(i / 2) + e]! * part[i]!))), 1e-5); // prettier-ignore
    for (const net of [one, all]) net.dispose();
  });
});

// x W^T of the gate
function logitsAt(net: Net, x: Tensor, experts: number): number[] {
  const [gate, rows] = [net.parameters.tensors[0]!.toArray(), x.toArray()];
  return Array.from({ length: x.shape[0]! * experts }, (_, i) =>
    total([0, 1, 2].map((j) => gate[(i % experts) * 3 + j]! * rows[Math.floor(i / experts) * 3 + j]!)),
  );
}

test("only experts that a row has have a gradient of it, and the gate has one though there is but one expert a row", () => {
  scope(() => {
    const net = made(layer(4, { k: 1 }));
    const x = points(1);
    const { clean } = ((): Routing => {
      let heard: Routing | undefined;
      const module = layer(4, { k: 1, hear: (routing: Routing) => (heard = routing) });
      const same = new Net(module, { group: "private" });
      same.parameters.copyFrom(net.parameters);
      same.forward(x, train);
      same.dispose();
      return heard!;
    })();
    const z = Array.from(clean.toArray());
    const best = z.indexOf(Math.max(...z));
    backward(sum(mul(net.forward(x, train), 1)));
    const gradients = net.parameters.gradient!.toArray();
    let at = 0;
    for (const { name, shape } of net.module.specs) {
      const size = shape.reduce((a, b) => a * b, 1);
      const moves = gradients.slice(at, (at += size)).some((g) => g !== 0);
      if (name === "gate") assert.ok(moves);
      else if (!name.startsWith(`experts.${best}.`)) assert.not(moves, name);
    }
    net.dispose();
  });
});

test("an expert has its first rows within its capacity, and a dropped row keeps the shared expert", () => {
  fc.assert(
    fc.property(logitsOf, fc.integer({ min: 1, max: 9 }), ({ rows, experts, k, values }, capacity) =>
      scope(() => {
        const weights = topKWeights(tensor(values, [rows, experts]), k);
        const [before, after] = [weights.toArray(), withinCapacity(weights, capacity).toArray()];
        for (let e = 0; e < experts; e++) {
          const column = (of: ArrayLike<number>): number[] =>
            Array.from({ length: rows }, (_, i) => of[i * experts + e]!);
          let room = capacity;
          assert.equal(column(after), column(before).map((w) => (w > 0 && room-- > 0 ? w : 0))); // prettier-ignore
        }
      }),
    ),
  );
  assert.is(capacityOf(100, 4, 2, 1.25), 63);
  assert.is(capacityOf(3, 8, 1, 1), 4);
  scope(() => {
    const shared = new Linear(3, 2);
    const net = made(layer(2, { k: 1, capacityFactor: 0.1, shared }));
    // a gate that sends everything to the first expert: capacity 4
    net.parameters.tensors[0]!.set(Float32Array.of(9, 0, 0, -9, 0, 0));
    const x = tensor(
      Float32Array.from({ length: 18 }, (_, i) => (i % 3 === 0 ? 1 : Math.sin(i))),
      [6, 3],
    );
    const y = net.forward(x, train).toArray();
    const alone = shared.bind(net.parameters.tensors.slice(-2))(x, EVALUATE).toArray();
    near(y.slice(8), alone.slice(8), 1e-6);
    assert.not.equal(y.slice(0, 8), alone.slice(0, 8));
    // there is no limit out of training
    assert.not.equal(net.predict(x).toArray().slice(8), alone.slice(8));
    net.dispose();
  });
});

test("experts that choose have as many rows each, and those are their best", () => {
  fc.assert(
    fc.property(logitsOf, fc.integer({ min: 1, max: 9 }), ({ rows, experts, values }, capacity) =>
      scope(() => {
        const logits = tensor(values, [rows, experts]);
        const [weights, all] = [expertChoice(logits, capacity).toArray(), softmax(logits).toArray()];
        for (let e = 0; e < experts; e++) {
          const column = (of: ArrayLike<number>): number[] =>
            Array.from({ length: rows }, (_, i) => of[i * experts + e]!);
          const [own, p] = [column(weights), column(all)];
          const chosen = own.flatMap((w, i) => (w > 0 ? [i] : []));
          assert.is(chosen.length, Math.min(capacity, rows));
          for (const i of chosen) near([own[i]!], [p[i]!], 1e-6);
          const least = Math.min(...chosen.map((i) => p[i]!));
          assert.ok(p.every((one, i) => chosen.includes(i) || one <= least + 1e-6));
        }
      }),
    ),
  );
});

test("Switch's term is 1 where either is even, and no less than that where the gate follows itself", () => {
  const at = (values: readonly number[], shape: readonly [number, number], k: number, f?: Tensor): number =>
    scope(() => switchBalance(tensor(values, shape), k, f).item());
  near([at([1, 0, 0, 1], [2, 2], 1)], [1], 1e-6);
  near([at([9, 0, 0, 9, 0, 0], [2, 3], 1, tensor([1 / 3, 1 / 3, 1 / 3], [3]))], [1], 1e-6);
  fc.assert(fc.property(logitsOf, ({ experts, values }) => {
    // one row: its best expert has the largest probability
    assert.ok(at(values.slice(0, experts), [1, experts], 1) >= 1 - 1e-5);
  })); // prettier-ignore
  near([at([0, 0, 0, 0], [2, 2], 2)], [1], 1e-6);
});

test("the terms of load and size", () => {
  scope(() => {
    near([unevenness(tensor([1, 0, 0, 1], [2, 2])).item()], [0], 1e-6);
    // columns 2 and 0: variance 1 over mean squared 1
    near([unevenness(tensor([1, 0, 1, 0], [2, 2])).item()], [1], 1e-6);
    near([zLoss(tensor([0, 0], [1, 2])).item()], [Math.log(2) ** 2], 1e-6);
  });
});

test("an expert's chance is how often it is among the best when noise is drawn again", () => {
  scope(() => {
    const clean = [0.3, -0.2, 0.5];
    const width = tensor([0.7, 0.7, 0.7], [1, 3]);
    const logits = tensor(clean, [1, 3]);
    const once = noisyLogits(logits, width, key(9));
    const [said, drawn] = [chance(logits, once, width, 1).toArray(), once.toArray()];
    for (let e = 0; e < 3; e++) {
      // only its own noise is drawn anew: against the best of the others
      const other = Math.max(...Array.from(drawn).filter((_, i) => i !== e));
      let wins = 0;
      for (let i = 0; i < 4000; i++) if (noisyLogits(logits, width, key(100 + i)).toArray()[e]! > other) wins++;
      near([said[e]!], [wins / 4000], 0.03);
    }
    near(chance(logits, once, width, 3).toArray(), [1, 1, 1], 0);
  });
});

test("noise is in training alone, and the same at the same address", () => {
  scope(() => {
    const net = made(layer(4, { k: 2, noise: true }));
    const x = points(8);
    assert.equal(net.forward(x, train).toArray(), net.forward(x, train).toArray());
    assert.not.equal(net.forward(x, train).toArray(), net.forward(x, { train: true, key: key(5) }).toArray());
    assert.equal(net.predict(x).toArray(), net.predict(x).toArray());
    net.dispose();
  });
});

test("experts in another order are the same layer", () => {
  scope(() => {
    const [a, b] = [made(layer(2, { k: 1 })), made(layer(2, { k: 1 }))];
    const { specs } = a.module;
    const parts = a.parameters.toRecord();
    const swapped = Object.fromEntries(
      specs.map(({ name, shape }) => {
        const from = name.startsWith("experts.0") ? name.replace("0", "1") : name.replace("experts.1", "experts.0");
        const { data } = parts[from]!;
        return [name, { shape, data: name === "gate" ? Float32Array.of(...data.slice(3), ...data.slice(0, 3)) : data }];
      }),
    );
    b.parameters.fromRecord(swapped);
    near(b.predict(points(7)).toArray(), a.predict(points(7)).toArray(), 1e-6);
    for (const net of [a, b]) net.dispose();
  });
});

test("a layer of what cannot be is refused, and leaves no memory", () => {
  assert.throws(() => layer(2, { k: 3 }), /SparseMoe: k, got 3, expected 1 to 2/);
  assert.throws(() => layer(2, { choice: "experts" }), /SparseMoe: capacityFactor, got none/);
  const work = (): void => {
    const net = made(
      new Sequential({ moe: layer(3, { k: 2, noise: true, capacityFactor: 1 }), relu: new Apply(relu) }),
    );
    scope(() => backward(sum(net.forward(points(6), train))));
    net.dispose();
  };
  work();
  const before = memory().used;
  work();
  assert.is(memory().used, before);
});

test.run();
