import fc from "fast-check";
import { complete } from "../../src/experiment/complete.ts";
import { ConfigError } from "../../src/experiment/config.ts";
import { behaviour } from "../../src/experiment/fidelity.ts";
import { type Config, heldOutGate, override, parseConfig, preset, presetList } from "../../src/experiment/index.ts";
import { shown } from "../../src/runtime/options.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const quick = preset("quick");

/** What parseConfig says to the quick preset with one field changed. */
function refusal(path: string, value: unknown): () => unknown {
  return () => parseConfig(override(quick, path, value));
}

test("every preset is a valid config, and is what parseConfig makes of it", () => {
  assert.ok(presetList().length >= 3);
  for (const { name, about, config } of presetList()) {
    assert.is(config.preset, name);
    assert.ok(about.length > 10);
    assert.equal(parseConfig(config), config);
    assert.equal(parseConfig(JSON.parse(JSON.stringify(config))), config);
    assert.equal(preset(name), config);
  }
});

test("a preset is a copy", () => {
  (preset("quick") as { seed: number }).seed = 99;
  assert.equal(preset("quick"), quick);
});

test("an unknown preset is an error that lists the known ones", () => {
  const names = presetList()
    .map(({ name }) => name)
    .join(", ");
  for (const name of ["quik", "", "constructor", "toString", "__proto__"])
    refuses(() => preset(name), `preset: no ${name}; there are ${names}`);
});

test("the authors' numbers are those of their README", () => {
  const { clients, rows, federation, personal, mixture } = preset("fashion-mnist");
  assert.equal([clients, rows], [100, { train: 100, validation: 200, test: 200 }]);
  const { rounds, cohort, localEpochs, batchSize, lr, validateEvery, patience } = federation;
  assert.equal([rounds, cohort, localEpochs, batchSize, lr, validateEvery, patience], [1250, 5, 3, 10, 5e-5, 40, 5]);
  assert.equal(personal, {
    clients: 20,
    lr: 5e-5,
    epochs: 500,
    batchSize: 10,
    validateEvery: 5,
    patience: 10,
    margin: 0.01,
  });
  assert.is(mixture.lr, 1e-5);
});

test("errors name the field, what it got and what was expected", () => {
  refuses(refusal("partition.p", 1.5), "config: partition.p: got 1.5, expected a number from 0 to 1");
  refuses(refusal("partition.p", -0.1), "config: partition.p: got -0.1, expected a number from 0 to 1");
  refuses(refusal("optOut", 2), "config: optOut: got 2, expected a number from 0 to 1");
  refuses(refusal("clients", 0), "config: clients: got 0, expected a whole number from 1");
  refuses(refusal("dataset", ""), 'config: dataset: got "", expected a name');
  refuses(refusal("dataset", "mnist"), /^config: dataset: got "mnist", expected fashion-mnist, /);
  refuses(
    refusal("rows.validation", 0),
    /^config: federation.validateEvery: got \d+, expected 0, never, as rows.validation is 0$/,
  );
  refuses(refusal("rows.test", 0), /^config: personal.clients: got \d+, expected 0, nobody, as rows.test is 0$/);
  refuses(refusal("clients", 2.5), "config: clients: got 2.5, expected a whole number");
  refuses(refusal("federation.lr", 0), "config: federation.lr: got 0, expected a number above 0");
  refuses(refusal("federation.lr", "fast"), 'config: federation.lr: got "fast", expected number');
  refuses(refusal("federation.lr", NaN), "config: federation.lr: got NaN, expected number");
  refuses(refusal("seed", 0.5), "config: seed: got 0.5, expected an integer below 2^53");
  refuses(refusal("fidelity", "exact"), 'config: fidelity: got "exact", expected paper or authors-code');
  refuses(
    refusal("partition.kind", "random"),
    /^config: partition\.kind: got "random", expected majority or dirichlet-labels or dirichlet-sizes or iid or column or/,
  );
  refuses(refusal("personal.margin", -1), "config: personal.margin: got -1, expected a number from 0");
  refuses(refusal("rows.train", "10"), 'config: rows.train: got "10", expected number');
  refuses(refusal("mixture.gateOnly", "yes"), 'config: mixture.gateOnly: got "yes", expected boolean');
  refuses(refusal("partition", { kind: "majority", p: 0.5 }), "config: partition.overlap: is missing");
  refuses(refusal("partition", { kind: "iid", p: 0.5 }), "config: partition.p: there is no such field");
  refuses(refusal("checkpointEvery", -1), "config: checkpointEvery: got -1, expected a whole number from 0");
});

test("variants and quirks are set by path, and checked", () => {
  const gate = override(override(quick, "mixture.variants.fast.gateLr", 1e-3), "mixture.variants.fast.gateOnly", true);
  const made = parseConfig(override(override(gate, "mixture.variants.three.threeWay", true), "quirks.keep", "last"));
  assert.equal(made.mixture.variants, { fast: { gateLr: 1e-3, gateOnly: true }, three: { threeWay: true } });
  assert.equal(made.quirks, { keep: "last" });
  assert.is(behaviour(made).keep, "last");
  assert.is(behaviour({ ...made, quirks: undefined }).keep, "best");
  const average = { ...quick, fidelity: "authors-code", quirks: { selection: "average", generalistDropout: false } };
  const { selection, generalistDropout, keep } = behaviour(parseConfig(average));
  assert.equal([selection, generalistDropout, keep], ["average", false, "last"]);
  refuses(refusal("mixture.variants", { mixture: {} }), /mixture\.variants: .*expected names other than local, /);
  refuses(refusal("mixture.variants", { "a b": {} }), /expected a name of letters and digits/);
  refuses(refusal("mixture.variants.fast.speed", 1), /mixture\.variants\.fast\.speed: there is no such field/);
  refuses(refusal("quirks.selection", "best"), /quirks\.selection: got "best", expected average or last-client/);
});

test("the gate held out is a config like any other", () => {
  let made: unknown = quick;
  for (const [field, value] of Object.entries(heldOutGate)) made = override(made, `mixture.${field}`, value);
  assert.equal(parseConfig(made).mixture, { ...parseConfig(quick).mixture, ...heldOutGate });
});

test("every wrong field is named at once", () => {
  const wrong = override(override(quick, "clients", -1), "federation.rounds", 0.5);
  refuses(
    () => parseConfig(wrong),
    /^config: clients: got -1, expected a whole number from 1; federation\.rounds: got 0\.5, /,
  );
});

test("a field of any name that there is not is told as it was written", () => {
  const names = fc.string({ unit: "binary" }).filter((name) => !(name in quick) && name !== "__proto__");
  const depth = fc.constantFrom<("" | "rows" | "federation")[]>("", "rows", "federation");
  fc.assert(
    fc.property(names, depth, (name, at) => {
      if (at !== "" && name in quick[at]) return;
      const path = /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
      const wrong = at === "" ? { ...quick, [name]: 1 } : { ...quick, [at]: { ...quick[at], [name]: 1 } };
      refuses(() => parseConfig(wrong), `config: ${at && `${at}.`}${path}: there is no such field`);
    }),
  );
});

test("missing and superfluous fields are errors", () => {
  const { seed: _, ...rest } = quick;
  refuses(() => parseConfig(rest), "config: seed: is missing");
  refuses(() => parseConfig({ ...quick, colour: "red" }), "config: colour: there is no such field");
  refuses(() => parseConfig(null), "config: config: got null, expected Object");
  let error: unknown;
  try {
    parseConfig({});
  } catch (caught) {
    error = caught;
  }
  assert.instance(error, ConfigError);
});

test("override changes one field and leaves its argument alone", () => {
  const before = structuredClone(quick);
  const changed = override(quick, "federation.lr", 0.5) as Config;
  assert.is(changed.federation.lr, 0.5);
  assert.equal({ ...changed, federation: { ...changed.federation, lr: quick.federation.lr } }, quick);
  assert.equal(quick, before);
  assert.is((override(quick, "seed", 9) as Config).seed, 9);
});

test("override of a field that is not there lists those that are", () => {
  refuses(
    () => override(quick, "federation.speed", 1),
    /^config: no field federation\.speed; here there are rounds, cohort, /,
  );
  refuses(() => override(quick, "colour", 1), /^config: no field colour; here there are .*federation, personal/);
  refuses(() => override(quick, "seed.deep", 1), "config: seed.deep leads into a plain value");
  refuses(() => override(quick, "toString", 1), /^config: no field toString; /);
  refuses(() => override(quick, "toString.x", 1), /^config: no field toString\.x; /);
});

test("another kind of partition brings fields of its own", () => {
  const iid = override(
    override(override(quick, "partition", {}), "partition.kind", "dirichlet-labels"),
    "partition.alpha",
    0.5,
  );
  assert.equal(parseConfig(iid).partition, { kind: "dirichlet-labels", alpha: 0.5 });
  // in either order, and in a file that names no more than the kind
  const shares = override(override(quick, "partition.alpha", 0.1), "partition.kind", "dirichlet-shares");
  assert.equal(parseConfig(shares).partition, { kind: "dirichlet-shares", alpha: 0.1, balanced: false });
  const short = parseConfig(complete({ partition: { kind: "shards" } }));
  assert.equal(short.partition, { kind: "shards", shards: 2 });
  assert.equal(parseConfig(override(short, "partition.minimum.train", 7)).partition, {
    kind: "shards",
    shards: 2,
    minimum: { train: 7 },
  });
});

test("a fidelity stands for the quirks of the authors' code, or for none of them", () => {
  const authors = parseConfig(override(quick, "fidelity", "authors-code"));
  assert.equal(behaviour(quick), {
    ...behaviour(quick),
    selection: "average",
    keep: "best",
    space: "probability",
    generalistDropout: false,
    globalRows: "all",
    expertOutput: "logSoftmax",
    partition: "paper",
  });
  assert.equal(behaviour(authors), {
    ...behaviour(authors),
    selection: "last-client",
    keep: "last",
    space: "output",
    generalistDropout: true,
    globalRows: 1000,
    expertOutput: "softmax",
    partition: "authors-code",
  });
  // only the Fashion-MNIST net of the authors ends in probabilities
  assert.is(behaviour({ ...authors, dataset: "cifar10" }).expertOutput, "logSoftmax");
  assert.is(behaviour({ ...authors, model: "mlp" }).expertOutput, "logSoftmax");
  // what is mixed can be said for itself
  assert.is(behaviour({ ...authors, mixture: { ...authors.mixture, space: "probability" } }).space, "probability");
  assert.is(behaviour({ ...quick, mixture: { ...quick.mixture, space: "output" } }).space, "output");
});

test("whatever stands where a kind is named ends in one error, be it an object that cannot become text", () => {
  const odd = fc.oneof(
    fc.constantFrom(null, 1, true, [], {}),
    fc.dictionary(fc.constantFrom("toString", "valueOf", "kind", "__proto__"), fc.constantFrom(null, {}, 1, "iid")),
  );
  fc.assert(
    fc.property(odd, fc.constantFrom("partition", "shift", "stream", "files", "methods"), (kind, field) => {
      for (const value of [kind, { kind }])
        refuses(() => {
          parseConfig(complete({ preset: "quick", [field]: value }));
          throw new ConfigError("config: taken");
        }, /^config: /);
      for (const path of ["partition.kind", "shift.kind"])
        refuses(() => {
          parseConfig(override(preset("quick"), path, kind));
          throw new ConfigError("config: taken");
        }, /^config: /);
    }),
    { numRuns: 100 },
  );
});

test("what cannot become text is shown in an error all the same", () => {
  const values = [{ toString: 1 }, Object.create(null), [1, 2], () => 1, Symbol("s"), 1n, undefined];
  assert.equal(values.map(shown), ["Object", "Object", "Array", "Function", "Symbol(s)", "1", "undefined"]);
});

test.run();
