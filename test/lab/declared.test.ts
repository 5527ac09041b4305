// Forms are made from declarations: what a form can say of a method is what the method takes.
import { optionsOf } from "../../src/federated/method.ts";
import { methods } from "../../src/federated/methods/index.ts";
import { comparable, declared, fieldsOf, paperAddress, settingsOf } from "../../lab/page/declared.ts";
import { assert, test } from "../support/suite.ts";

test("every method but the page's own can be chosen", () => {
  assert.is(
    comparable.length,
    methods.size -
      2 -
      [...methods.values()].filter(({ needsPublic, needsGroups }) => needsPublic ?? needsGroups).length,
  );
  assert.is(declared("ditto")?.name, "ditto");
  assert.is(declared("nobody"), undefined);
});

test("every option has a field of its kind, with the limits of its declaration", () => {
  for (const method of comparable) {
    const fields = fieldsOf(method);
    assert.equal(
      fields.map(({ label }) => label),
      Object.keys(method.options),
    );
    for (const field of fields) {
      const usual = method.options[field.label]!;
      assert.is(field.path, `methods.${method.name}.${field.label}`);
      if (field.kind === "check") assert.type(usual, "boolean");
      else if (field.kind === "choice") {
        assert.ok(field.choices.some(([value]) => value === usual));
        for (const [value] of field.choices) optionsOf(method, { [field.label]: value });
      } else {
        assert.type(usual, "number");
        assert.ok(field.hint?.includes(`; ${usual} unless set`), field.hint);
        for (const limit of [field.min, field.max])
          if (limit !== undefined) optionsOf(method, { [field.label]: limit });
        if (field.max !== undefined)
          assert.throws(() => optionsOf(method, { [field.label]: field.max! + 1 }), /expected a number from/);
        if (field.step === 1) assert.throws(() => optionsOf(method, { [field.label]: 1.5 }), /whole/);
      }
    }
  }
});

test("settings by name are whole, and allowed", () => {
  for (const method of comparable) {
    const [[first, usual], ...named] = settingsOf(method) as [[string, object], ...[string, object][]];
    assert.is(first, "default");
    assert.equal(usual, method.options);
    for (const [, options] of named) assert.equal(Object.keys(options), Object.keys(method.options));
  }
});

test("papers have addresses where they say where they are", () => {
  assert.is(paperAddress("arXiv 2012.04221"), "https://arxiv.org/abs/2012.04221");
  assert.is(paperAddress("10.1000/xyz123"), "https://doi.org/10.1000/xyz123");
  assert.is(paperAddress("CVPR 2024, pp. 11986-11995"), undefined);
});

test.run();
