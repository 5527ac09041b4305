// A chain of states: sums over all paths by trying them, its limit without factors, and its gradient by differences.
import fc from "fast-check";
import { backward, mean, nll, scope, tensor } from "../../src/autograd/index.ts";
import { Chain, chain, Net } from "../../src/nn/index.ts";
import { near } from "../support/near.ts";
import { refuses } from "../support/refuses.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("chain");

type Rows = readonly (readonly number[])[];

/** ln of the sum over all paths that end in each state, brought to 1. */
function byPaths(scores: Rows, factors: Rows): number[] {
  const states = factors.length;
  const total = new Array<number>(states).fill(0);
  const count = states ** scores.length;
  for (let path = 0; path < count; path++) {
    const at = scores.map((_, step) => Math.floor(path / states ** step) % states);
    const value = at.reduce(
      (sum, k, step) => sum + scores[step]![k]! + (step > 0 ? factors[at[step - 1]!]![k]! : 0),
      0,
    );
    total[at.at(-1)!]! += Math.exp(value);
  }
  const all = total.reduce((a, b) => a + b, 0);
  return total.map((one) => Math.log(one / all));
}

function answer(rows: readonly Rows[], factors: Rows): number[] {
  const [steps, states] = [rows[0]!.length, factors.length];
  const net = new Net(new Chain(steps, states), { group: "private" });
  net.parameters.copyFrom(factors.flat());
  const x = rows.flatMap((scores) => scores.flat());
  const found = scope(() => Array.from(net.predict(tensor(x, [rows.length, steps * states])).toArray()));
  net.dispose();
  return found;
}

test("messages passed forward are sums over all paths, and without factors the last step is alone", () => {
  const value = fc.double({ min: -3, max: 3, noNaN: true });
  const world = fc.integer({ min: 1, max: 3 }).chain((states) =>
    fc.record({
      factors: fc.array(fc.array(value, { minLength: states, maxLength: states }), {
        minLength: states,
        maxLength: states,
      }),
      rows: fc
        .integer({ min: 1, max: 4 })
        .chain((steps) =>
          fc.array(
            fc.array(fc.array(value, { minLength: states, maxLength: states }), { minLength: steps, maxLength: steps }),
            { minLength: 1, maxLength: 3 },
          ),
        ),
    }),
  );
  fc.assert(
    fc.property(world, ({ rows, factors }) => {
      near(answer(rows, factors), rows.flatMap((scores) => byPaths(scores, factors)), 1e-4); // prettier-ignore
      const none = factors.map((row) => row.map(() => 0));
      near(answer(rows, none), rows.flatMap((scores) => byPaths([scores.at(-1)!], none)), 1e-4); // prettier-ignore
    }),
  );
});

test("its factors learn: the gradient is that by differences", () => {
  const factors = [0.3, -0.2, 0.5, 0.1];
  const scores = [0.4, -1, 0.2, 0.7, -0.3, 0.1];
  const net = new Net(new Chain(3, 2), { group: "private" });
  const loss = (p: readonly number[]): number => {
    net.parameters.copyFrom(p);
    return scope(() => mean(nll(net.forward(tensor(scores, [1, 6])), tensor([1], [1], "i32"))).item());
  };
  net.parameters.copyFrom(factors);
  scope(() => backward(mean(nll(net.forward(tensor(scores, [1, 6])), tensor([1], [1], "i32")))));
  const found = Array.from(net.parameters.gradient!.toArray());
  const by = 1e-2;
  const slopes = factors.map((_, i) => {
    const moved = (step: number): number[] => factors.map((value, j) => (i === j ? value + step : value));
    return (loss(moved(by)) - loss(moved(-by))) / (2 * by);
  });
  near(found, slopes, 1e-3);
  assert.ok(found.some((value) => Math.abs(value) > 1e-2));
  net.dispose();
});

test("a network with a chain begins as one that sees the last step alone, and cannot be taken apart", () => {
  const net = new Net(chain(4, 2, 3), { group: "private" }).init(2);
  const x = [0.5, 1, -1, 0.3, 0.2, 0.7, 0.9, -0.4];
  const of = (values: readonly number[]): number[] =>
    scope(() => Array.from(net.predict(tensor(values, [1, 4, 2])).toArray()));
  near(of(x), of([9, 9, -9, 3, 5, 5, 0.9, -0.4]), 1e-5);
  assert.is(net.module.split, undefined);
  net.dispose();
  refuses(() => new Chain(0, 2), /Chain: steps, got 0/);
});

test.run();
