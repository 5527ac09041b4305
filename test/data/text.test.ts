import { gzipSync } from "node:zlib";
import { loadAgNews, survey } from "../../src/data/index.ts";
import { memorySource } from "../../src/data/source.ts";
import { fromTexts } from "../../src/data/texts.ts";
import { tokenize } from "../../src/data/tokens.ts";
import { PADDING, UNKNOWN, vocabularyOf } from "../../src/data/vocabulary.ts";
import { refuses } from "../support/refuses.ts";
import { rejects } from "../support/rejects.ts";
import { assert, test } from "../support/suite.ts";

test("tokenize makes words of what fastText's script makes words of", () => {
  assert.equal(
    tokenize(`Wall St. Bears Claw Back, "into" the Black (Reuters): it's a #36;10 million\\year!<br />Really?`),
    "wall st . bears claw back , into the black ( reuters ) it ' s a #36 10 million\\year ! really ?".split(" "),
  );
  assert.equal(tokenize("  \t\n "), []);
  assert.equal(tokenize("ÉTÉ Zürich"), ["ÉtÉ", "zürich"]);
});

test("a vocabulary has the most frequent words first, ties by their characters, behind the special two", () => {
  const texts = [
    ["b", "a", "c"],
    ["c", "b"],
    ["d", "c"],
  ];
  assert.equal(vocabularyOf(texts, 10), ["<unk>", "<pad>", "c", "b", "a", "d"]);
  assert.equal(vocabularyOf(texts, 2), ["<unk>", "<pad>", "c", "b"]);
});

const sizes = { name: "tiny", classes: ["up", "down"] };

test("texts become numbers of a vocabulary that knows the training texts only", () => {
  const {
    kind,
    vocabulary,
    train,
    test: held,
  } = fromTexts({
    ...sizes,
    train: { texts: ["good good day", "", "bad day"], labels: [0, 0, 1] },
    test: { texts: ["a bad night"], labels: [1] },
    words: 2,
  });
  assert.is(kind, "text");
  assert.equal(vocabulary, ["<unk>", "<pad>", "day", "good"]);
  assert.equal(
    [Array.from(train.words), Array.from(train.offsets)],
    [
      [3, 3, 2, UNKNOWN, 2],
      [0, 3, 3, 5],
    ],
  );
  assert.equal([Array.from(train.labels), train.rows], [[0, 0, 1], 3]);
  assert.equal(Array.from(held.words), [UNKNOWN, UNKNOWN, UNKNOWN]);
  assert.not(Array.from(train.words).includes(PADDING));
});

test("texts without labels, or with labels that are no classes, are refused", () => {
  const good = { texts: ["x"], labels: [1] };
  refuses(() => fromTexts({ ...sizes, train: { texts: [], labels: [] }, test: good }), /train texts, got none/);
  refuses(
    () => fromTexts({ ...sizes, train: good, test: { texts: ["x"], labels: [] } }),
    /test labels, got 0, expected 1/,
  );
  refuses(
    () => fromTexts({ ...sizes, train: good, test: { texts: ["x"], labels: [2] } }),
    /got 2 in row 0, expected .*0 to 1/,
  );
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const rows = [`"3","Oil, again","Prices ""rise"""`, `"1","","A title, and\na description"`, `"4","One","Two"`];
const whole = bytes(`${rows.join("\n")}\n`);

test("AG News is read from CSV, gzip or not, classes from 1, title and description joined, line breaks in quotes", async () => {
  for (const file of [whole, new Uint8Array(gzipSync(whole)), bytes(rows.join("\r\n"))]) {
    const { train, vocabulary, classes } = await loadAgNews(memorySource({ "train.csv": file, "test.csv": file }));
    const texts = Array.from({ length: 3 }, (_, row) =>
      Array.from(train.words.subarray(train.offsets[row], train.offsets[row + 1]), (word) => vocabulary[word]).join(
        " ",
      ),
    );
    assert.equal(texts, ["oil , again , prices rise", "a title , and a description", "one , two"]);
    assert.equal(Array.from(train.labels), [2, 0, 3]);
    assert.equal(classes, ["World", "Sports", "Business", "Sci/Tech"]);
  }
});

test("a part of AG News does where the whole is not there, and is said to be a part", async () => {
  const files = { "ag_news/train_part.csv.gz": new Uint8Array(gzipSync(whole)), "ag_news/test.csv": whole };
  const [found] = await survey([memorySource(files)]);
  assert.equal(found, { ...found!, dataset: "ag-news", rows: { train: 3, test: 3 }, complete: false });
  const four = bytes(`${[...rows, rows[0]].join("\n")}\n`);
  const { train } = await loadAgNews(memorySource({ ...files, "ag_news/train.csv": four }));
  assert.is(train.rows, 4);
});

test("AG News with damaged rows, or without its files, is refused by file and row", async () => {
  const load = (text: string): Promise<unknown> =>
    loadAgNews(memorySource({ "train.csv": bytes(text), "test.csv": whole }, "here"));
  await rejects(() => load(`"1","a","b"\n"5","a","b"\n`), /here\/train\.csv, line 2, got 3 columns and class 5/);
  await rejects(() => load(`"1","a"\n`), /line 1, got 2 columns and class 1, expected class 1 to 4/);
  await rejects(() => load(`"1","a","b\n"2","a","b"\n`), /here\/train\.csv/);
  await rejects(
    () => loadAgNews(memorySource({ "test.csv": whole })),
    /got no train\.csv, expected train\.csv \(or train_part\.csv\), test\.csv/,
  );
  const [found] = await survey([memorySource({ "train.csv": bytes(`"1","a","b`), "test.csv": whole })]);
  assert.match(found!.problem!, /a quote that is never closed/);
});

test.run();
