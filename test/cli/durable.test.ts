// Writing that survives a cut: what is on the disk at the instant that a write is done.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { appendFile, createFile, makeFolder, removePath, replaceFile, StoreError } from "../../src/cli/durable.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("durable writing");

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "moiety-durable-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Step =
  | { readonly kind: "replace" | "append" | "create"; readonly name: string; readonly text: string }
  | { readonly kind: "remove"; readonly name: string };

const name = fc.constantFrom("a", "b", "sub/c");
const text = fc.string({ maxLength: 20 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom("replace", "append", "create"), name, text }),
  fc.record({ kind: fc.constant("remove" as const), name }),
);

test("whatever is written in whatever order, the files hold it and nothing is left beside them", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), (steps) =>
      inFolder(async (folder) => {
        const wanted = new Map<string, string>();
        for (const at of steps) {
          const path = join(folder, at.name);
          await makeFolder(join(path, ".."));
          if (at.kind === "remove") {
            await removePath(path);
            wanted.delete(at.name);
          } else if (at.kind === "create") {
            assert.is(await createFile(path, at.text, `${path}.apart`), !wanted.has(at.name));
            if (!wanted.has(at.name)) wanted.set(at.name, at.text);
          } else if (at.kind === "append") {
            await appendFile(path, at.text);
            wanted.set(at.name, (wanted.get(at.name) ?? "") + at.text);
          } else {
            await replaceFile(path, at.text);
            wanted.set(at.name, at.text);
          }
        }
        const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
        assert.is(files.length, wanted.size);
        for (const [file, content] of wanted) assert.is(readFileSync(join(folder, file), "utf8"), content);
      }),
    ),
    { numRuns: 30 },
  );
});

test("what cannot be written is told with its path and the reason, and the old file is as it was", () =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, "file"), "old");
    const thrown = async (act: () => Promise<unknown>): Promise<StoreError> =>
      act().then(
        () => assert.unreachable("nothing was thrown"),
        (error: StoreError) => error,
      ) as Promise<StoreError>;
    const gone = await thrown(() => replaceFile(join(folder, "none/file"), "new"));
    assert.is(gone.message, `cannot write ${folder}/none/file (ENOENT), its folder is gone`);
    assert.not(gone.isPassing);
    const under = await thrown(() => makeFolder(join(folder, "file/sub")));
    assert.is(under.message, `cannot write ${folder}/file/sub (ENOTDIR), a part of its path is a file`);
    const full = existsSync("/dev/full") ? await thrown(() => appendFile("/dev/full", "x")) : undefined;
    if (full) {
      assert.is(full.message, "cannot write /dev/full (ENOSPC), no space is left on the device; make room");
      assert.ok(full.isPassing);
    }
    assert.is(readFileSync(join(folder, "file"), "utf8"), "old");
  }));

test.run();
