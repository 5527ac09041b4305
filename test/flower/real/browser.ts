// A Chromium tab in a real Flower federation: over the HTTP API and over gRPC-Web, both through Envoy where that can be
// installed, with node authentication by a key that never leaves the tab.
import { createServer } from "node:http";
import { build } from "esbuild";
import { launchChromium } from "../../../scripts/chromium.ts";
import { suite, assert } from "../../support/suite.ts";
import { openDoor } from "../support/envoy.ts";
import { finalStatus, withSuperLink } from "./federation.ts";

export const browser: ReturnType<typeof suite> = suite("real flower, browser");

async function page(): Promise<{ url: string; close(): void }> {
  const { outputFiles } = await build({
    entryPoints: [new URL("page/client.ts", import.meta.url).pathname],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    external: ["node:*", "@grpc/grpc-js"],
  });
  const script = outputFiles[0]!.text;
  const server = createServer((request, response) => {
    if (request.url === "/client.js") response.setHeader("content-type", "text/javascript").end(script);
    else
      response
        .setHeader("content-type", "text/html")
        .end('<!doctype html><script type="module" src="client.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

browser("a tab trains two rounds over HTTP and two over gRPC-Web, through Envoy", () =>
  withSuperLink("browser", { grpc: true }, async (link, folder) => {
    const door = await openDoor(link, folder, { grpc: true });
    if (door === undefined) {
      console.log("skipped: Envoy cannot be installed here");
      return;
    }
    const { port } = door;
    const site = await page();
    const chrome = await launchChromium();
    try {
      for (const address of [`http://127.0.0.1:${port}`, `grpc-web+http://127.0.0.1:${port}`]) {
        const tab = await chrome.newPage();
        tab.on("pageerror", (error) => console.log(`page: ${error.message}`));
        await tab.goto(site.url);
        await tab.waitForFunction("globalThis.takePart !== undefined");
        const runId = await link.run({ rounds: 2, out: `${folder}/${address.length}`, "min-nodes": 1 });
        const { lines, bias, rounds } = await tab.evaluate<{ lines: string[]; bias: number[]; rounds: number }>(
          `takePart(${JSON.stringify(address)})`,
        );
        assert.is(rounds, 2, lines.join("\n"));
        assert.is(bias.length, 2);
        assert.ok(bias.every(Number.isFinite));
        assert.ok(lines.includes("left the federation"));
        assert.is(await finalStatus(link, runId), "finished:completed");
        await tab.close();
      }
      // the door shows nothing else of the SuperLink
      const control = await fetch(`http://127.0.0.1:${port}/v1/control/list-runs`, { method: "POST" });
      assert.is(control.status, 404);
    } finally {
      await chrome.close();
      site.close();
      door.close();
    }
  }),
);
