import fc from "fast-check";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/io/checkpoint.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/io/safetensors.ts";
import { assert, test } from "../support/suite.ts";

const state = {
  tensors: {
    generalist: Float32Array.of(0.5, -2, 3e-9),
    "optim.m": Float32Array.of(1, 2, 3),
    "rng.counter": Uint32Array.of(4294967295, 0),
    steps: BigInt64Array.of(-1n),
    order: Uint8Array.of(2, 0, 1),
  },
  meta: { round: 12, best: { loss: 0.25, round: 9 }, seen: [3, 1], note: 'a "quoted" ü\n', done: false, next: null },
};

test("a state saved and loaded is the same, to the byte when saved again", () => {
  const bytes = encodeCheckpoint(state);
  const loaded = decodeCheckpoint(bytes);
  assert.equal(loaded, state);
  assert.equal(encodeCheckpoint(loaded), bytes);
});

test("any names and any JSON survive", () => {
  // not-a-number is held by the byte comparison, equality does not see it
  const floats = fc.oneof(fc.float32Array({ noNaN: true }), fc.float64Array({ noNaN: true }));
  const arrays = fc.oneof(floats, fc.int32Array(), fc.uint8Array(), fc.bigInt64Array());
  const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)));
  fc.assert(
    fc.property(fc.dictionary(fc.string(), arrays), json, (tensors, meta) => {
      const bytes = encodeCheckpoint({ tensors, meta });
      const loaded = decodeCheckpoint(bytes);
      assert.equal({ ...loaded.tensors }, { ...tensors });
      assert.equal(loaded.meta, meta);
      assert.equal(encodeCheckpoint(loaded), bytes);
    }),
  );
});

test("a checkpoint is a safetensors file", () => {
  const { tensors, metadata } = decodeSafetensors(encodeCheckpoint(state));
  assert.equal(tensors.get("generalist"), { shape: [3], data: state.tensors.generalist });
  assert.is(metadata["format"], "moiety-checkpoint");
  assert.is(metadata["version"], "1");
});

test("every cut and every flipped bit is recognised", () => {
  const bytes = encodeCheckpoint(state);
  for (let at = 0; at < bytes.length; at++) {
    assert.throws(() => decodeCheckpoint(bytes.subarray(0, at)), /^(checkpoint|safetensors): /);
    const changed = bytes.slice();
    changed[at]! ^= 1 << (at % 8);
    assert.throws(() => decodeCheckpoint(changed), /^checkpoint: /);
  }
});

test("another safetensors file is no checkpoint", () => {
  const bytes = encodeSafetensors([["w", { shape: [1], data: Float32Array.of(1) }]]);
  assert.throws(() => decodeCheckpoint(bytes), /no seal; is this a checkpoint/);
});

test.run();
