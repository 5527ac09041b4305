// A setup that goes to workers is the one that was made.
import fc from "fast-check";
import { pack, unpack } from "../../src/experiment/packed.ts";
import type { ClientSetup, Setup } from "../../src/experiment/setup.ts";
import { assert, test } from "../support/suite.ts";
import { config, runTiny, textOf } from "../support/tiny.ts";

const rows = fc.int32Array({ maxLength: 5 });
const client: fc.Arbitrary<ClientSetup> = fc
  .record({
    train: rows,
    validation: rows,
    test: rows,
    name: fc.option(fc.string(), { nil: undefined }),
    classes: fc.option(fc.array(fc.nat(9)), { nil: undefined }),
    shared: fc.option(rows, { nil: undefined }),
    optedOut: fc.boolean(),
    globalTest: rows,
  })
  .map(({ train, validation, test, name, classes, shared = train, optedOut, globalTest }) => ({
    rows: {
      train,
      validation,
      test,
      ...(name !== undefined && { name }),
      ...(classes && { classes }),
    },
    shared,
    optedOut,
    globalTest,
  }));

const plain = ({ rows, shared, optedOut, globalTest }: ClientSetup): unknown => [rows, shared, optedOut, globalTest];

test("whatever clients there are, they arrive as they were", () => {
  fc.assert(
    fc.property(fc.array(client, { maxLength: 8 }), fc.int32Array(), (clients, everybody) => {
      // a part that several have is the same array
      const all = clients.map((one, i) => (i % 2 ? { ...one, globalTest: everybody } : one));
      const setup = { config: { seed: 1 }, dataset: { name: "none" }, clients: all } as unknown as Setup;
      const arrived = unpack(structuredClone(pack(setup)));
      assert.equal(arrived.clients.map(plain), all.map(plain));
      assert.equal([arrived.config, arrived.dataset], [setup.config, setup.dataset]);
    }),
  );
});

test("a run that is interrupted while it is set up says so, and can be gone on with", async () => {
  const { result, store } = await runTiny({ signal: AbortSignal.abort() });
  assert.equal(result, { finished: false, at: "the set-up" });
  assert.equal(JSON.parse(textOf(store, "config.json")), config);
});

test.run();
