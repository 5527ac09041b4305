// Problems come to the fields that they are about, and fields are called what the page calls them.
import { toldOf } from "../../lab/page/problem.ts";
import { assert, test } from "../support/suite.ts";

const labels = new Map([
  ["clients", "How many"],
  ["federation.cohort", "Clients in a round"],
  ["federation.lr", "Learning rate"],
  ["methods.ditto.lambda", "lambda"],
]);

test("a field that is named by its path is called by its label, and has its part of the message", () => {
  const { text, at } = toldOf('config: clients: got "many", expected number; federation.lr: got 0, expected a number above 0', labels); // prettier-ignore
  assert.is(text, '“How many”: got "many", expected number; “Learning rate”: got 0, expected a number above 0.');
  assert.equal([...at], [["clients", 'Got "many", expected number.'], ["federation.lr", "Got 0, expected a number above 0."]]); // prettier-ignore
});

test("a message that names a field in its midst is at this field as it is", () => {
  const { at } = toldOf(
    "config: 3 of 3 clients opt in, but federation.cohort is 5; lower the opt-out or the cohort",
    labels,
  );
  assert.equal([...at], [["federation.cohort", "3 of 3 clients opt in, but “Clients in a round” is 5."]]);
});

test("a message about no field is left alone", () => {
  assert.equal(toldOf("data: got no table", labels), { text: "Data: got no table.", at: new Map() });
  assert.equal(toldOf("", labels), { text: "", at: new Map() });
});

test.run();
