// AG News as it is published, or the part of it at hand: needs its files, which are not ours to ship.
import { existsSync, readFileSync } from "node:fs";
import { findDataset, loadAgNews } from "../../src/data/index.ts";
import { assert, test } from "../support/suite.ts";

const folder = process.env["MOIETY_DATA"] ?? "";
const here = {
  where: folder,
  read: async (name: string) => (existsSync(`${folder}/${name}`) ? readFileSync(`${folder}/${name}`) : undefined),
};
const found = folder && (await findDataset("ag-news", [here]).catch(() => undefined));

if (!found)
  console.log("skipped: MOIETY_DATA names no folder with AG News (train.csv or train_part.csv, and test.csv)");
else
  test("AG News has as many rows as were counted, 1,900 test rows of each class, and the full vocabulary", async () => {
    const { train, test: held, vocabulary, classes } = await loadAgNews(here);
    assert.equal({ train: train.rows, test: held.rows }, found.rows);
    assert.is(found.complete, train.rows === 120_000);
    assert.equal(
      classes.map((_, c) => held.labels.filter((label) => label === c).length),
      [1900, 1900, 1900, 1900],
    );
    assert.is(vocabulary.length, 10_002);
    assert.equal(vocabulary.slice(0, 5), ["<unk>", "<pad>", ",", ".", "the"]);
    for (const { words, offsets, rows } of [train, held]) {
      assert.is(offsets[rows], words.length);
      assert.ok(words.every((word) => word >= 0 && word !== 1 && word < vocabulary.length));
    }
  });

test.run();
