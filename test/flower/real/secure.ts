// Masked sums by commands alone, behind a real SuperLink: a server and four clients; one is killed in the midst of a round, when its
// letters are dealt and its numbers are not sent, and joins again. What comes out has the bits of the same sums made in this process.
import { readFileSync } from "node:fs";
import { override, parseConfig, preset } from "../../../src/experiment/index.ts";
import { STAGES } from "../../../src/federated/backends/flower/secureLetters.ts";
import { parseJsonLines } from "../../../src/io/jsonl.ts";
import type { RoundMetric } from "../../../src/report/metrics.ts";
import { suite, assert } from "../../support/suite.ts";
import { fashion } from "../support/fashion.ts";
import { distance, modelOf, Nodes } from "../support/masking.ts";
import { begin, type Command, endCommands, endSuperLink } from "../support/moiety.ts";
import { flowerEnvironment } from "../support/python.ts";
import { freePort } from "../../../scripts/freePort.ts";
import { scratch, until } from "./federation.ts";

export const secure: ReturnType<typeof suite> = suite("real flower, masked sums");

const changes = {
  clients: 4,
  "rows.train": 80,
  "rows.validation": 20,
  "rows.test": 40,
  "federation.rounds": 3,
  "federation.cohort": 4,
  "federation.localEpochs": 1,
  "federation.validateEvery": 1,
  "federation.validationClients": 4,
  "personal.clients": 4,
  "personal.epochs": 1,
};
const words = ["--secure", "--config", "quick", "--method", "fedavg", "--set"].concat(
  Object.entries(changes).map(([field, value]) => `${field}=${value}`),
);
const config = parseConfig(
  Object.entries(changes).reduce((so, [field, value]) => override(so, field, value), {
    ...preset("quick"),
    methods: { fedavg: {} },
  } as unknown),
);

interface Left {
  readonly messageType: string;
  readonly tensors: readonly { readonly name: string }[];
}

secure("a client killed in mid-round costs its part of that round, and the sums are those of the others", async () => {
  const environment = flowerEnvironment();
  if ("missing" in environment) throw new Error(environment.missing);
  const folder = scratch("secure");
  const port = `${await freePort()}`;
  // the first use compiles what is stale; several at once would compile it several times
  const ready = await begin(folder, "presets").ended;
  assert.is(ready.code, 0, ready.printed);
  const join = (client: number): Command =>
    begin(folder, "join", `http://127.0.0.1:${port}`, "--client", `${client}`, "--out", `client-${client}`, "--heartbeat", "10", ...words); // prettier-ignore
  try {
    const place = ["--port", port, "--bin", environment.bin, "--out", "federation", "--audit"];
    const server = begin(folder, "flower", "up", "--start", ...place, ...words);
    const clients = [0, 1, 2, 3].map(join);
    const victim = clients[3]!;
    // twice: in the second round
    await until(() => {
      if (server.process.exitCode !== null) throw new Error(server.printed());
      return victim.printed().split(`asked to ${STAGES.masked}`).length === 3;
    }, 400);
    victim.process.kill("SIGKILL");
    assert.is((await victim.ended).code, "SIGKILL");
    clients[3] = join(3);
    const { code, printed } = await server.ended;
    assert.is(code, 0, printed);
    assert.match(printed, /fedavg: the server sees sums over the clients of a round, of whom 3 of 4 must stay/);

    const [masked, plain] = [new Nodes(config, await fashion(), true), new Nodes(config, await fashion(), false)];
    masked.fails.set(3, { type: STAGES.masked, nth: 1 });
    plain.fails.set(3, { type: "train", nth: 1 });
    const here = await masked.coordinate();
    const far = distance(modelOf(here), modelOf(await plain.coordinate()));
    console.log(`largest difference to the rounds in the clear: ${far.toExponential(1)}`);
    assert.ok(far < 1e-5, `${far}`);
    assert.match(printed, `the server's weights  ${here.finished ? here.weightsSha256 : "none"}`);
    const { rows } = parseJsonLines(readFileSync(`${folder}/federation/rounds/metrics.jsonl`, "utf8"));
    const refused = (rows as RoundMetric[]).flatMap(({ kind, refused = [] }) =>
      kind === "round" ? [refused.map(({ client }) => client)] : [],
    );
    assert.equal(refused, [[], [3], []]);

    // of an update nothing else left a client, and nothing else is in the server's log
    for (const [client, command] of clients.entries()) {
      const { code, printed } = await command.ended;
      assert.is(code, 0, printed);
      const left = parseJsonLines(readFileSync(`${folder}/client-${client}/sent.jsonl`, "utf8")).rows as Left[];
      assert.not(left.some(({ messageType }) => messageType === "train"));
      const sent = left.filter(({ messageType, tensors }) => messageType === STAGES.masked && tensors.length > 0);
      assert.ok(sent.length >= 2);
      for (const { tensors } of sent) assert.equal(tensors.map(({ name }) => name), ["secure/masked"]); // prettier-ignore
    }
    const audit = parseJsonLines(readFileSync(`${folder}/federation/rounds/audit.jsonl`, "utf8")).rows as { kind: string; vectors?: { name: string }[] }[]; // prettier-ignore
    const vectors = audit.filter(({ kind }) => kind === "train").flatMap((line) => line.vectors ?? []);
    assert.equal([vectors.length, new Set(vectors.map(({ name }) => name))], [11, new Set(["masked"])]);
  } finally {
    endCommands();
    await endSuperLink(port);
  }
});
