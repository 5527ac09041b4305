// The tutorials, followed as a reader follows them: files are saved under the names that the text gives them, commands are typed in
// their order in an empty folder, and what the page shows of their output is what they print (… stands for what differs).
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, suite } from "./support/suite.ts";

const test = suite("tutorials");
const root = fileURLToPath(new URL("..", import.meta.url));
const program = join(root, "scripts/moiety.mjs");
const execute = promisify(execFile);

// the text in front of a block names the file that it is, or says why it is not run
const step = /(?:`([\w./-]+\.(?:mjs|js|json|csv))`:\n\n|<!-- not run: .+ -->\n+)?```(\w*)\n([\s\S]*?)^```$/gm;

/** Lines of a shell's block, without comments. */
function commandsOf(code: string): string[] {
  return code
    .replaceAll(/\\\n\s*/g, " ")
    .split("\n")
    .map((line) => line.replace(/(?:^|\s+)#.*$/, "").trim())
    .filter((line) => line !== "");
}

/** A line of output without what spaces and times do to it. */
const plain = (line: string): string => line.trim().replaceAll(/\s+/g, " ");

function isShown(line: string, printed: readonly string[]): boolean {
  const parts = plain(line)
    .split("…")
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  const like = new RegExp(`^${parts.join(".*")}$`);
  return printed.some((one) => like.test(one));
}

async function type(line: string, cwd: string): Promise<string> {
  const [name = "", ...words] = line.split(/\s+/).map((word) => word.replaceAll(/['"]/g, ""));
  assert.ok(["moiety", "node"].includes(name), `${line}: a tutorial types moiety and node`);
  const args = name === "moiety" ? [program, ...words] : words;
  const { stdout } = await execute(process.execPath, args, { cwd, env: { ...process.env, MOIETY_DATA: "" } });
  return stdout;
}

for (const page of ["tutorial-own-clients", "tutorial-class"])
  test(`${page} does what it says`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "moiety-tutorial-"));
    const text = readFileSync(join(root, `docs/${page}.md`), "utf8");
    // a module finds moiety as it would in a project that has it installed
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules/moiety"));
    let printed: string[] = [];
    let [ran, compared] = [0, 0];
    try {
      for (const [whole, file, language, code = ""] of text.matchAll(step)) {
        if (whole.startsWith("<!--")) continue;
        if (file !== undefined) {
          mkdirSync(dirname(join(folder, file)), { recursive: true });
          writeFileSync(join(folder, file), code);
        } else if (language === "sh") {
          printed = [];
          for (const line of commandsOf(code)) printed.push(...(await type(line, folder)).split("\n").map(plain));
          ran++;
        } else {
          assert.is(language, "text", `${page}: a block is a file, commands, or what they print`);
          for (const line of code.split("\n"))
            if (line.trim() !== "")
              assert.ok(isShown(line, printed), `${page}: not printed: ${line}\n${printed.join("\n")}`);
          compared++;
        }
      }
      for (const [, path] of text.matchAll(/`((?:runs|figures)\/[\w./-]+)`/g))
        assert.ok(existsSync(join(folder, path!)), `${page} speaks of ${path}, which is not there at its end`);
      assert.ok(ran > 2 && compared > 1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

test.run();
