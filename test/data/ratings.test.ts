// Ratings that are made up: the same every time, and in the form that is said.
import { generateDataset } from "../../src/data/index.ts";
import { ratingsCsv } from "../../src/data/ratings.ts";
import { Sha256 } from "../../src/io/index.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("ratings");

test("sixty users rate forty of 48 items each, from 1 to 5 by halves, the same every time", async () => {
  const text = ratingsCsv();
  assert.is(new Sha256().update(new TextEncoder().encode(text)).hex().slice(0, 16), "65d328a80b246caf");
  const rows = text.trim().split("\n").slice(1).map((line) => line.split(",")); // prettier-ignore
  assert.is(rows.length, 60 * 40);
  assert.is(new Set(rows.map(([user, item]) => `${user} ${item}`)).size, 60 * 40);
  for (const row of rows) {
    const rating = Number(row.at(-1));
    assert.ok(rating >= 1 && rating <= 5 && Number.isInteger(2 * rating), row.join());
  }
  const { shape, train, test: tests, owners, classes } = await generateDataset("ratings");
  // 48 items, one more for others, and four traits
  assert.equal([shape, classes, owners!.names.length], [[53], ["rating"], 60]);
  assert.equal([train.rows, tests.rows], [60 * 32, 60 * 8]);
});

test.run();
