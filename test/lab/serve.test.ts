// The lab's server answers whatever is asked of it, and lives.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { serveFolder } from "../../scripts/serve.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("the lab's server");

/** What is answered to a request for a path as it is, which no client of ours would send. */
function ask(url: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.on("data", (bytes) => (text += bytes.toString("latin1")));
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`, "latin1");
  });
}

test("whatever path is asked for, an answer comes, never a file from elsewhere, and the server goes on", async () => {
  const above = mkdtempSync(join(tmpdir(), "moiety-serve-"));
  mkdirSync(join(above, "site"));
  writeFileSync(join(above, "secret"), "SECRET");
  writeFileSync(join(above, "site/index.html"), "<p>hello</p>");
  const server = await serveFolder(join(above, "site"));
  try {
    const piece = fc.oneof(
      fc.constantFrom(
        "%zz",
        "%",
        "..",
        "%2e%2e",
        "%2f",
        "%5c",
        "%00",
        "/",
        "//",
        "secret",
        "index.html",
        "?",
        ":",
        "@",
      ),
      fc.string({ maxLength: 4 }).map((text) => text.replaceAll(/[^!-~]/g, "%")),
    );
    const path = fc.array(piece, { maxLength: 6 }).map((pieces) => `/${pieces.join("")}`);
    await fc.assert(
      fc.asyncProperty(path, async (asked) => {
        const answer = await ask(server.url, asked);
        assert.match(answer, /^HTTP\/1\.1 (200|400|404) /, asked);
        assert.not.match(answer, "SECRET", asked);
      }),
      { examples: [["/%zz"], ["//"], ["/%2f..%2f..%2fsecret"], ["/%2e%2e/secret"]] },
    );
    assert.match(await ask(server.url, "/"), "<p>hello</p>");
  } finally {
    server.close();
    rmSync(above, { recursive: true });
  }
});

test.run();
