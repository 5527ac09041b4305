// Any method by commands alone, as the guide has them: a server and two clients; the process with the rounds is killed, another
// goes on, and what all of them leave has the bits of a run in one process.
import { readFileSync } from "node:fs";
import { override, parseConfig, preset } from "../../../src/experiment/index.ts";
import { decodeCheckpoint } from "../../../src/io/checkpoint.ts";
import { parseJsonLines } from "../../../src/io/jsonl.ts";
import { suite, assert } from "../../support/suite.ts";
import { begin, endCommands, endSuperLink } from "../support/moiety.ts";
import { flowerEnvironment } from "../support/python.ts";
import { freePort } from "../../../scripts/freePort.ts";
import { scratch, until } from "./federation.ts";
import { inProcess, roundsOf } from "./methods.ts";

export const cliMethods: ReturnType<typeof suite> = suite("real flower, command line, any method");

const changes = {
  clients: 2,
  "rows.train": 80,
  "rows.validation": 20,
  "rows.test": 40,
  "federation.rounds": 3,
  "federation.cohort": 2,
  "federation.localEpochs": 1,
  "federation.validateEvery": 1,
  "federation.validationClients": 2,
  "personal.clients": 2,
  "personal.epochs": 1,
};

const words = ["--config", "quick", "--method", "ditto,ifca", "--set"].concat(
  Object.entries(changes).map(([field, value]) => `${field}=${value}`),
);

const config = parseConfig(
  Object.entries(changes).reduce((so, [field, value]) => override(so, field, value), {
    ...preset("quick"),
    methods: { ditto: {}, ifca: {} },
  } as unknown),
);

cliMethods(
  "the process with the rounds is killed, and another goes on to the bits of a run in one process",
  async () => {
    const environment = flowerEnvironment();
    if ("missing" in environment) throw new Error(environment.missing);
    const folder = scratch("cli-methods");
    const port = `${await freePort()}`;
    // the first use compiles what is stale; several at once would compile it several times
    const ready = await begin(folder, "presets").ended;
    assert.is(ready.code, 0, ready.printed);
    const place = ["--port", port, "--bin", environment.bin, "--out", "federation"];
    try {
      const server = begin(folder, "flower", "up", "--start", ...place, ...words);
      const clients = [0, 1].map((client) =>
        begin(
          folder,
          "join",
          `http://127.0.0.1:${port}`,
          "--client",
          `${client}`,
          "--out",
          `client-${client}`,
          ...words,
        ),
      );
      const here = inProcess(config);
      await until(() => {
        if (server.process.exitCode !== null) throw new Error(server.printed());
        return server.printed().includes("ditto round 1");
      }, 600);
      server.process.kill("SIGKILL");
      assert.is((await server.ended).code, "SIGKILL");
      const refused = await begin(folder, "flower", "relay", ...place, ...words).ended;
      assert.is(refused.code, 2);
      assert.match(refused.printed, "holds a federation; --resume goes on with it, another --out begins anew");
      const { code, printed } = await begin(folder, "flower", "relay", "--resume", ...place, ...words).ended;
      assert.is(code, 0, printed);
      assert.match(printed, /ditto: 3 rounds, best after round \d/);
      assert.match(printed, /ifca: 3 rounds, best after round \d/);
      assert.match(printed, /the server's weights {2}[0-9a-f]{64}/);

      const { rounds, store } = await here;
      const { rows } = parseJsonLines(readFileSync(`${folder}/federation/rounds/metrics.jsonl`, "utf8"));
      assert.equal(roundsOf(rows as { kind: string }[]), rounds);
      assert.equal(
        new Uint8Array(readFileSync(`${folder}/federation/rounds/generalist.safetensors`)),
        await store.read("generalist.safetensors"),
      );
      for (const [client, command] of clients.entries()) {
        const { code, printed } = await command.ended;
        assert.is(code, 0, printed);
        assert.match(printed, /ditto +[\d.]+ +[\d.]+/);
        const name = `clients/${client}.safetensors`;
        const kept = decodeCheckpoint(readFileSync(`${folder}/client-${client}/${name}`));
        assert.equal(kept.tensors, decodeCheckpoint((await store.read(name))!).tensors);
        assert.ok(Object.keys(kept.tensors).length > 0);
      }
    } finally {
      endCommands();
      await endSuperLink(port);
    }
  },
);
