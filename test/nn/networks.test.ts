// The paper's networks against PyTorch's own: same weights, same inputs, same outputs and gradients.
import fc from "fast-check";
import { backward, mean, nll, scope, square, sum, tensor } from "../../src/autograd/index.ts";
import { sizeOf } from "../../src/autograd/shape.ts";
import {
  constant,
  Dropout,
  gaussian,
  lenetCifar,
  lenetCifarGate,
  lenetFashion,
  lenetFashionGate,
  Linear,
  mlp,
  mlpGate,
  type Module,
  Net,
  Sequential,
} from "../../src/nn/index.ts";
import { fold, key } from "../../src/runtime/random.ts";
import { golden, wave } from "../support/golden.ts";
import { near } from "../support/near.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

interface Wanted {
  readonly shape: readonly number[];
  readonly count: number;
  readonly output: readonly number[];
  readonly loss: number;
  readonly parameters: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly norm: number;
    readonly first: readonly number[];
    readonly last: number;
  }[];
}

const torch = golden<Record<string, Wanted>>(new URL("golden/networks.json", import.meta.url));

const zoo: Record<string, Module> = {
  lenetCifar: lenetCifar(),
  lenetCifarGate: lenetCifarGate(),
  lenetFashion: lenetFashion(),
  lenetFashionGate: lenetFashionGate(),
  mlp: mlp(),
  mlpGate: mlpGate(),
};

const sizeOfModule = ({ specs }: Module): number => specs.reduce((n, { shape }) => n + sizeOf(shape), 0);

function squares(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, v) => total + v * v, 0);
}

const counts: Record<string, number> = {
  lenetCifar: 62_006,
  lenetCifarGate: 61_241,
  lenetFashion: 22_180,
  lenetFashionGate: 21_793,
  mlp: 159_010,
  mlpGate: 157_201,
};

for (const [name, module] of Object.entries(zoo)) {
  test(`${name} has ${counts[name]} parameters, named as in a PyTorch state_dict`, () => {
    assert.is(sizeOfModule(module), counts[name]);
    assert.is(sizeOfModule(module), torch[name]!.count);
    assert.equal(
      module.specs.map((spec) => [spec.name, spec.shape]),
      torch[name]!.parameters.map((spec) => [spec.name, spec.shape]),
    );
  });

  test(`${name} puts out what PyTorch puts out, and has its gradients`, () => {
    const { shape, count, output, loss, parameters } = torch[name]!;
    const net = new Net(module, { group: "shared" });
    net.parameters.copyFrom(Float64Array.from({ length: count }, (_, i) => 0.1 * Math.sin(0.3 * i + 1)));
    scope(() => {
      const x = tensor(wave(3 * sizeOf(shape), 1, 0.05), [3, ...shape]);
      const y = net.forward(x);
      near(y.toArray(), output, 2e-5);
      const l = name.endsWith("Gate") ? mean(square(y)) : mean(nll(y, tensor([7, 0, 3], [3], "i32")));
      near([l.item()], [loss], 2e-5);
      backward(l);
    });
    for (const [i, { norm, first, last, name }] of parameters.entries()) {
      const g = net.parameters.tensors[i]!.grad!.toArray();
      const scale = 1e-4 * Math.max(1e-3, norm);
      const check = (got: number, wanted: number): void =>
        assert.ok(Math.abs(got - wanted) <= scale, `${name}: ${got}, PyTorch has ${wanted}`);
      check(Math.sqrt(squares(g)), norm);
      first.forEach((wanted, j) => check(g[j]!, wanted));
      check(g[g.length - 1]!, last);
    }
    net.dispose();
  });
}

test("a classifier takes any number of classes", () => {
  assert.is(sizeOfModule(lenetCifar(100)), 69_656);
  assert.is(sizeOfModule(mlp(10, 3)), 10 * 200 + 200 + 200 * 3 + 3);
});

test("experts end in log-probabilities, or in probabilities where asked", () => {
  scope(() => {
    const x = tensor(wave(2 * 784, 1, 0.3), [2, 1, 28, 28]);
    const net = new Net(lenetFashion(), { group: "shared" }).init(1);
    const probabilities = new Net(lenetFashion(10, "softmax"), { group: "shared" });
    probabilities.parameters.copyFrom(net.parameters);
    const logp = net.predict(x).toArray();
    near(probabilities.predict(x).toArray(), Array.from(logp, Math.exp));
    near(sum(probabilities.predict(x), { axis: 1 }).toArray(), [1, 1]);
  });
});

test("dropout is active in training only, and repeats with the key of the pass", () => {
  scope(() => {
    const net = new Net(lenetFashion(), { group: "shared" }).init(2);
    const x = tensor(wave(784, 1, 0.3), [1, 1, 28, 28]);
    const train = (seed: number): number[] => Array.from(net.forward(x, { train: true, key: key(seed) }).toArray());
    assert.equal(train(1), train(1));
    assert.not.equal(train(1), train(2));
    assert.equal(Array.from(net.forward(x).toArray()), Array.from(net.predict(x).toArray()));
    assert.not.equal(train(1), Array.from(net.predict(x).toArray()));
  });
});

test("dropout layers of one model have masks of their own", () => {
  scope(() => {
    const mode = { train: true, key: key(1) } as const;
    const ones = tensor(new Float32Array(64).fill(1), [1, 64]);
    const masks = (module: Module): number[] =>
      Array.from(new Net(module, { group: "private" }).forward(ones, mode).toArray());
    const once = masks(new Sequential({ a: new Dropout(0.5) }));
    const twice = masks(new Sequential({ a: new Dropout(0.5), b: new Dropout(0.5) }));
    // with the same mask twice, just as many would be left
    assert.ok(twice.filter((v) => v > 0).length < once.filter((v) => v > 0).length);
    const nested = masks(new Sequential({ x: new Sequential({ a: new Dropout(0.5) }), b: new Dropout(0.5) }));
    assert.not.equal(nested, twice);
  });
});

test("predict records no history", () => {
  scope(() => {
    const net = new Net(mlp(4, 2), { group: "shared" }).init(1);
    const x = tensor([1, 2, 3, 4], [1, 4]);
    assert.not(net.predict(x).requiresGrad);
    assert.ok(net.forward(x).requiresGrad);
  });
});

test("linear layers flatten images", () => {
  scope(() => {
    const net = new Net(new Sequential({ fc: new Linear(12, 2) }), { group: "shared" }).init(1);
    const values = wave(24, 1, 0.3);
    near(
      net.predict(tensor(values, [2, 3, 2, 2])).toArray(),
      Array.from(net.predict(tensor(values, [2, 12])).toArray()),
      0,
    );
  });
});

test("first weights are uniform within 1 / sqrt(fan in), biases too, and fill the range", () => {
  for (const [name, module] of Object.entries(zoo)) {
    const net = new Net(module, { group: "shared" }).init(3);
    for (const [i, { shape }] of module.specs.entries()) {
      // a bias has the fan-in of the weight in front of it
      const weight = module.specs[i - (shape.length === 1 ? 1 : 0)]!.shape;
      const bound = 1 / Math.sqrt(sizeOf(weight.slice(1)));
      const values = Array.from(net.parameters.tensors[i]!.toArray());
      assert.ok(
        values.every((v) => Math.abs(v) <= bound * (1 + 1e-6)),
        `${name} ${module.specs[i]!.name}`,
      );
      if (values.length < 400) continue;
      const variance = squares(values) / values.length;
      // of u^2 the standard deviation is 0.894 of the mean
      const ratio = variance / (bound ** 2 / 3);
      assert.ok(Math.abs(ratio - 1) < (5 * 0.894) / Math.sqrt(values.length), `${name}: variance ${ratio} of U(-b, b)`);
      assert.ok(values.some((v) => v > 0.98 * bound) && values.some((v) => v < -0.98 * bound));
    }
    net.dispose();
  }
});

test("normal and constant first weights are what they say", () => {
  const specs = [
    { name: "a", shape: [4000], init: gaussian(2) },
    { name: "b", shape: [3], init: constant(0.5) },
  ];
  const net = new Net({ specs, bind: () => (x) => x }, { group: "private" }).init(1);
  const [a, b] = net.parameters.tensors.map((t) => Array.from(t.toArray()));
  const mean = a!.reduce((sum, v) => sum + v, 0) / 4000;
  // five standard deviations of each
  assert.ok(Math.abs(mean) < 0.16, `${mean}`);
  assert.ok(Math.abs(squares(a!) / 4000 - 4) < 0.45, `${squares(a!) / 4000}`);
  assert.equal(b, [0.5, 0.5, 0.5]);
});

test("parameters of one shape do not begin alike", () => {
  const net = new Net(new Sequential({ a: new Linear(6, 6), b: new Linear(6, 6) }), { group: "private" }).init(1);
  const [a, , b] = net.parameters.tensors.map((t) => Array.from(t.toArray()));
  assert.is(a!.filter((v, i) => v === b![i]).length, 0);
});

test("first weights depend on the seed alone", () => {
  const module = lenetFashion();
  const values = (seed: Parameters<Net["init"]>[0]): number[] => {
    const net = new Net(module, { group: "shared" }).init(seed);
    const found = Array.from(net.parameters.toArray());
    net.dispose();
    return found;
  };
  const first = values(1);
  values(2);
  assert.equal(values(1), first);
  assert.equal(values(key(1)), first);
  assert.not.equal(values(2), first);
  assert.not.equal(values(fold(key(1), "x")), first);
  // no two parameters begin with the same numbers
  assert.is(new Set(first).size > 0.95 * first.length, true);
});

const names = fc.oneof(
  fc.string({ minLength: 1, maxLength: 4 }),
  fc.nat(40).map(String),
  fc.constantFrom("01", "-1", "1.5", "4294967294", "4294967295", "in", "__proto__", "constructor"),
);

test("children run in the order in which they are written, or are refused", () => {
  const passed = (module: Module): string[] => module.specs.map(({ name }) => name);
  fc.assert(
    fc.property(fc.uniqueArray(names, { minLength: 1, maxLength: 5 }), (written) => {
      const wanted = written.flatMap((name) => [`${name}.weight`, `${name}.bias`]);
      const pairs = written.map((name) => [name, new Linear(2, 2)] as const);
      assert.equal(passed(new Sequential(pairs)), wanted);
      let found: string[];
      try {
        found = passed(new Sequential(Object.fromEntries(pairs)));
      } catch (error) {
        assert.match((error as Error).message, /^Sequential: name, got \d+, which an object puts first/);
        return;
      }
      assert.equal(found, wanted);
    }),
  );
  refuses(
    () =>
      new Sequential([
        ["a", new Linear(1, 1)],
        ["a", new Linear(1, 1)],
      ]),
    "Sequential: name, got a twice, expected a name of its own for each module",
  );
});

test.run();
