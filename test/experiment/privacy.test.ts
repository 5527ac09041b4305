// A run behind noise: its record says what it costs, and where it stops and goes on changes nothing of either.
import { privacyPlan } from "../../src/experiment/privacy.ts";
import { parseConfig } from "../../src/experiment/schema.ts";
import { setUp } from "../../src/experiment/setup.ts";
import { epsilonOf } from "../../src/federated/privacy/accountant.ts";
import { refuses, refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";
import { config, dataset, leftIn, recordsOf, runTiny } from "../support/tiny.ts";

const federation = (changes: object): typeof config => ({
  ...config,
  federation: { ...config.federation, ...changes },
});
const noisy = federation({ sampling: "poisson", privacy: { clip: 0.5, multiplier: 1.5, delta: 1e-3 } });

test("a run says what its noise costs, and costs the same after it was stopped anywhere", async () => {
  const whole = await runTiny({ config: noisy });
  const { summary } = recordsOf(whole.result);
  const { privacy } = summary.federations!["fedavg"]!;
  assert.is(privacy!.rounds, summary.rounds);
  const spent = [{ share: 0.5, multiplier: 1.5, rounds: summary.rounds, sampling: "poisson" } as const];
  assert.is(privacy!.epsilon, epsilonOf(spent, 1e-3));
  for (const stop of [2, 4]) {
    const controller = new AbortController();
    let heard = 0;
    const onEvent = (): void => void (++heard === stop && controller.abort());
    const { store } = await runTiny({ config: noisy, signal: controller.signal, onEvent });
    await runTiny({ config: noisy, store, resume: true });
    assert.equal(leftIn(store), leftIn(whole.store), `stopped after event ${stop}`);
  }
});

test("no noise moves nothing but the weights of clients, and noise moves the model", async () => {
  const hash = async (of: typeof config): Promise<string> => recordsOf((await runTiny({ config: of })).result).summary.weightsSha256; // prettier-ignore
  const [one, other] = [await hash(noisy), await hash(federation({ ...noisy.federation, privacy: { clip: 0.5, multiplier: 1.6, delta: 1e-3 } }))]; // prettier-ignore
  assert.not.equal(one, other);
  assert.is(await hash(noisy), one);
});

test("rounds end before the budget does", () => {
  const setup = setUp(federation({ rounds: 400, privacy: { clip: 1, multiplier: 4, delta: 1e-3, budget: 3 } }), dataset); // prettier-ignore
  const { rounds, share, multiplier, sampling, delta } = privacyPlan(setup, "fedavg")!;
  assert.ok(rounds > 0 && rounds < 400, `${rounds}`);
  const cost = (n: number): number => epsilonOf([{ share, multiplier, sampling, rounds: n }], delta);
  assert.ok(cost(rounds) <= 3 && cost(rounds + 1) > 3);
});

test("what promises nothing is refused by name", async () => {
  const refused = (privacy: object, pattern: RegExp): void =>
    refuses(() => privacyPlan(setUp(federation({ privacy }), dataset), "fedavg"), pattern);
  refused({ clip: 1 }, /expected epsilon or multiplier, and not both/);
  refused({ clip: 1, epsilon: 1, multiplier: 1 }, /expected epsilon or multiplier, and not both/);
  refused({ clip: 1, epsilon: 1, budget: 1 }, /budget: epsilon is the budget already/);
  refused({ clip: 1, epsilon: 1, delta: 0.5 }, /delta: got 0.5 with 4 clients/);
  refused({ clip: 1, multiplier: 0.1, budget: 0.01 }, /which one round exceeds/);
  assert.throws(
    () => parseConfig(federation({ privacy: { clip: 0, multiplier: 1 } })),
    /federation.privacy.clip: got 0/,
  );
  const scaffold = { ...noisy, methods: { scaffold: {} } };
  await refusesLater(() => runTiny({ config: scaffold }), /federation.privacy: scaffold: .*does not average/);
});

test.run();
