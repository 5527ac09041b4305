// A client under Deno beside one under Node, started from a file of weights.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { installed } from "../../../scripts/installed.ts";
import { suite, assert } from "../../support/suite.ts";
import { steppingClient } from "../support/clients.ts";
import { member, tensorOf, withSuperLink, zerosFile } from "./federation.ts";

export const deno: ReturnType<typeof suite> = suite("real flower, Deno");

deno("a client under Deno trains beside one under Node", async () => {
  const program = await denoProgram();
  if (program === undefined) {
    console.log("skipped: Deno cannot be installed here");
    return;
  }
  await withSuperLink("deno", {}, async (link, folder) => {
    await link.run({ rounds: 2, out: `${folder}/out`, weights: zerosFile(folder) });
    const here = await member(link.address, { client: steppingClient({ step: 1, examples: 10 }) });
    const peer = fileURLToPath(new URL("peer.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(program, ["run", "-A", peer, link.address]);
    assert.match(stdout, "train round 2: sent 2 shared tensors");
    assert.match(stdout, '{"rounds":2,"bias":[8,8,8,8]}');
    assert.equal(tensorOf(await here.summary, "hidden.bias"), [8, 8, 8, 8]);
  });
});

async function denoProgram(): Promise<string | undefined> {
  return installed("deno", "2.9.6").then(
    (folder) => `${folder}/node_modules/.bin/deno`,
    () => undefined,
  );
}
