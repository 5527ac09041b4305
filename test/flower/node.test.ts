import { suite, assert } from "../support/suite.ts";
import { createKeyPair, describe, identityOf, runNode } from "../../src/federated/backends/flower/index.ts";
import type { Identity, Leaving, NodeEvent, NodeOptions, Trainer } from "../../src/federated/backends/flower/index.ts";
import { clientTrainer } from "../../src/federated/backends/flower/trainer.ts";
import { openObject } from "../../src/federated/backends/flower/objects.ts";
import { FakeSuperLink } from "./support/fake.ts";
import { smallModel, sizeOfModel, steppingClient } from "./support/clients.ts";

const node = suite("flower node");

const identity = await identityOf(await createKeyPair());
const zeros = new Float32Array(sizeOfModel(smallModel));

interface Playing {
  readonly link: FakeSuperLink;
  readonly events: NodeEvent[];
  readonly lines: () => string[];
  readonly ended: ReturnType<typeof runNode>;
  readonly leave: () => void;
}

function play(trainer: Trainer, options: Partial<NodeOptions> = {}): Playing {
  const link = new FakeSuperLink();
  const events: NodeEvent[] = [];
  const controller = new AbortController();
  const ended = runNode({
    transport: link,
    identity,
    trainer,
    pollSeconds: [0.005, 0.01],
    signal: controller.signal,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { link, events, lines: () => events.map(describe), ended, leave: () => controller.abort(new Error("leave")) };
}

const message = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "",
    (error: Error) => error.message,
  );

node("trains, evaluates, says what it sent, and leaves at the farewell with the generalist", async () => {
  const client = steppingClient({ step: 2, examples: 7 });
  const { link, events, ended } = play(clientTrainer({ client }));
  const [id] = await link.nodes(1);
  const trained = await link.ask(id!, "train", smallModel, zeros, { "server-round": 3 });
  assert.is(trained.content!.metrics.get("metrics")!.get("num-examples"), 7);
  assert.equal([...trained.content!.arrays.get("arrays")!.get("hidden.bias")!.data], [2, 2, 2, 2]);
  assert.equal(client.seen, [2], "rounds count from 0 here, from 1 there");
  assert.is(trained.metadata.dstTaskId, 5n);
  const evaluated = await link.ask(
    id!,
    "evaluate",
    smallModel,
    zeros.map(() => 4),
    { "server-round": 3 },
  );
  assert.is(evaluated.content!.metrics.get("metrics")!.get("mean"), 4);
  assert.is(evaluated.content!.arrays.size, 0);
  await link.ask(
    id!,
    "query.farewell",
    smallModel,
    zeros.map(() => 9),
    { "server-round": 3 },
  );
  const summary = await ended;
  assert.is(summary.reason, "finished");
  assert.is(summary.rounds, 1);
  assert.is(summary.generalist!.round, 3);
  assert.equal([...summary.generalist!.tensors.get("hidden.bias")!.data], [9, 9, 9, 9]);
  const sent = events.find((event) => event.type === "sent")!;
  assert.equal(sent.type === "sent" && sent.tensors.map(({ name }) => name), ["hidden.weight", "hidden.bias"]);
  assert.is(events.at(-1)!.type, "left");
});

node("sends nothing but shared tensors, metrics and what frames them, over a whole run", async () => {
  const { link, ended } = play(clientTrainer({ client: steppingClient() }));
  const [id] = await link.nodes(1);
  for (const round of [1, 2, 3])
    await link.ask(
      id!,
      "train",
      smallModel,
      zeros.map(() => round),
      { "server-round": round },
    );
  await link.ask(id!, "query.farewell", smallModel, zeros, { "server-round": 3 });
  await ended;
  const allowed = new Set(smallModel.map(({ name }) => name));
  const types = new Set<string>();
  for (const [objectId, content] of link.pushed) {
    const { type, body } = openObject(objectId, content);
    types.add(type);
    if (type !== "ArrayRecord") continue;
    for (const name of Object.keys(JSON.parse(new TextDecoder().decode(body)) as object))
      assert.ok(allowed.has(name), name);
  }
  assert.equal([...types].toSorted(), ["Array", "ArrayChunk", "ArrayRecord", "Message", "MetricRecord", "RecordDict"]);
});

node("answers with an error, in one line, what it cannot do", async () => {
  const failing = steppingClient({
    before: () => {
      throw new RangeError("train: the disk is full\nand more");
    },
  });
  const { link, ended, leave, lines } = play(clientTrainer({ client: failing }));
  const [id] = await link.nodes(1);
  const raised = await link.ask(id!, "train", smallModel, zeros, { "server-round": 1 });
  assert.equal(raised.error, { code: 2n, reason: "train: the disk is full" });
  const other = [{ name: "hidden.weight", shape: [3, 4] }];
  const foreign = await link.ask(id!, "train", other, new Float32Array(12), { "server-round": 1 });
  assert.match(
    foreign.error!.reason,
    "another model, got hidden.weight[3,4], expected hidden.weight[4,3] hidden.bias[4]",
  );
  const unknown = await link.ask(id!, "query.secrets", smallModel, zeros, {});
  assert.match(unknown.error!.reason, /message type, got query.secrets/);
  leave();
  assert.is((await ended).reason, "left");
  assert.is(lines().filter((line) => line.includes("could not answer")).length, 3);
});

node("offers weights to start from when asked, if it has any", async () => {
  const { link, ended, leave } = play(clientTrainer({ client: steppingClient({ first: 0.5 }) }));
  const [id] = await link.nodes(1);
  const { content } = await link.ask(id!, "query.initial", [], new Float32Array(0), { "server-round": 0 });
  assert.equal([...content!.arrays.get("arrays")!.get("hidden.bias")!.data], [0.5, 0.5, 0.5, 0.5]);
  leave();
  await ended;
});

node("waits for objects that are still being uploaded", async () => {
  const { link, ended, leave } = play(clientTrainer({ client: steppingClient() }));
  link.lag = 1;
  const [id] = await link.nodes(1);
  const { content } = await link.ask(id!, "train", smallModel, zeros, { "server-round": 1 });
  assert.ok(content);
  leave();
  await ended;
});

node("goes on after an outage, and introduces itself again to a SuperLink that forgot it", async () => {
  const { link, ended, leave, lines } = play(clientTrainer({ client: steppingClient() }));
  const [first] = await link.nodes(1);
  link.down = true;
  await new Promise((resolve) => setTimeout(resolve, 50));
  link.restart();
  link.down = false;
  const [second] = await link.nodes(1);
  assert.is.not(second, first);
  const { content } = await link.ask(second!, "train", smallModel, zeros, { "server-round": 1 });
  assert.ok(content);
  leave();
  await ended;
  assert.ok(lines().some((line) => /offline, trying again: .*connection refused/.test(line)));
  assert.ok(lines().some((line) => /no longer knows this node/.test(line)));
});

node("is not silenced by one slow poll", async () => {
  const { link, ended, leave } = play(clientTrainer({ client: steppingClient() }));
  // twenty times this would be twelve seconds
  link.slow = 0.6;
  const [id] = await link.nodes(1);
  while (!link.calls.includes("PullMessages")) await new Promise((resolve) => setTimeout(resolve, 1));
  link.slow = 0;
  const silence = new Promise<string>((resolve) => setTimeout(resolve, 8000, "silent"));
  const heard = link.ask(id!, "train", smallModel, zeros, { "server-round": 1 }).then(() => "heard");
  assert.is(await Promise.race([heard, silence]), "heard");
  leave();
  await ended;
});

node("answers once where the SuperLink stored the answer and failed to say so", async () => {
  const { link, ended, leave, lines } = play(clientTrainer({ client: steppingClient({ step: 2 }) }));
  const [id] = await link.nodes(1);
  for (const rpc of ["PushMessages", "PushObject", "ConfirmMessageReceived"] as const) link.lost.add(rpc);
  const { content } = await link.ask(id!, "train", smallModel, zeros, { "server-round": 1 });
  assert.equal([...content!.arrays.get("arrays")!.get("hidden.bias")!.data], [2, 2, 2, 2]);
  while (!lines().some((line) => line.includes("sent"))) await new Promise((resolve) => setTimeout(resolve, 5));
  leave();
  assert.is((await ended).rounds, 1);
  assert.is(link.calls.filter((rpc) => rpc === "PushMessages").length, 2);
  assert.not.ok(lines().some((line) => line.includes("dropped")));
});

node("drops an answer that nobody wants any more, and stays", async () => {
  const { link, events, ended, leave } = play(clientTrainer({ client: steppingClient() }));
  const [id] = await link.nodes(1);
  link.closed = true;
  void link.ask(id!, "train", smallModel, zeros, { "server-round": 1 });
  while (!events.some((event) => event.type === "dropped")) await new Promise((resolve) => setTimeout(resolve, 5));
  link.closed = false;
  assert.ok((await link.ask(id!, "train", smallModel, zeros, { "server-round": 2 })).content);
  leave();
  await ended;
});

node("ends at a farewell that it could not fetch any more, without a generalist", async () => {
  const { link, ended } = play(clientTrainer({ client: steppingClient() }));
  const [id] = await link.nodes(1);
  link.closed = true;
  void link.ask(id!, "query.farewell", smallModel, zeros, { "server-round": 1 });
  const { reason, generalist } = await ended;
  assert.is(reason, "finished");
  assert.is(generalist, undefined);
});

node("leaves in the middle of training when told to", async () => {
  let begun: () => void;
  const training = new Promise<void>((resolve) => (begun = resolve));
  const before = (): Promise<void> => {
    begun();
    return new Promise(() => undefined);
  };
  const { link, ended, leave } = play(clientTrainer({ client: steppingClient({ before }) }));
  const [id] = await link.nodes(1);
  void link.ask(id!, "train", smallModel, zeros, { "server-round": 1 });
  await training;
  leave();
  assert.is((await ended).reason, "left");
  assert.ok(link.calls.includes("DeactivateNode"));
  assert.not.ok(link.calls.includes("UnregisterNode"), "a key that may come back keeps its registration");
});

node("gives up at once where its clock is wrong, and says so", async () => {
  const late: Identity = { ...identity, credentials: () => identity.credentials(new Date(Date.now() - 3_600_000)) };
  const { ended } = play(clientTrainer({ client: steppingClient() }), { identity: late });
  assert.match(await message(ended), /refuses this key or this clock \(20/);
});

/** What can be read of the log and of what the server holds, by reply. */
const logged = (): { log: Leaving[]; onLeaving: (leaving: Leaving) => void } => {
  const log: Leaving[] = [];
  return { log, onLeaving: (leaving) => void log.push(leaving) };
};

node(
  "everything that leaves is logged before its first byte does: tensors, scalars with their sizes, error texts",
  async () => {
    const { log, onLeaving } = logged();
    const failing = steppingClient({
      before: (round) => {
        if (round === 1) throw new RangeError("label 7 in row 3");
      },
    });
    let pushed = 0;
    const early = (leaving: Leaving): void => {
      assert.is(link.pushed.size, pushed, "nothing of it has left yet");
      onLeaving(leaving);
    };
    const { link, ended } = play(clientTrainer({ client: failing }), { onLeaving: early });
    const [id] = await link.nodes(1);
    for (const [type, round] of [
      ["query.initial", 0],
      ["train", 1],
      ["train", 2],
      ["evaluate", 3],
      ["query.farewell", 4],
    ] as const) {
      await link.ask(id!, type, type === "query.initial" ? [] : smallModel, zeros, { "server-round": round });
      pushed = link.pushed.size;
    }
    await ended;
    assert.equal(
      log.map(({ messageType, tensors, scalars, error }) => [
        messageType,
        tensors.map(({ name, shape }) => `${name}[${shape}]`).join(" "),
        scalars.map(({ name, bytes }) => `${name} ${bytes}`).join(),
        error,
      ]),
      [
        ["query.initial", "hidden.weight[4,3] hidden.bias[4]", "", undefined],
        ["train", "hidden.weight[4,3] hidden.bias[4]", "num-examples 2,trainLoss 9", undefined],
        ["train", "", "", "label 7 in row 3"],
        ["evaluate", "", "num-examples 2,mean 9", undefined],
        ["query.farewell", "", "num-examples 2", undefined],
      ],
    );
    // and every byte that the server holds is one that was logged
    const held = [...link.pushed.values()].reduce((total, { length }) => total + length, 0);
    assert.ok(log.reduce((total, { bytes }) => total + bytes, 0) >= held);
    for (const { replyId } of log) assert.ok(link.pushed.has(replyId));
  },
);

node("a reply whose answer is lost has left, and is in the log", async () => {
  const { log, onLeaving } = logged();
  const { link, events, ended, leave } = play(clientTrainer({ client: steppingClient() }), { onLeaving });
  const [id] = await link.nodes(1);
  // the last object is taken, and then denied
  const { unary } = link;
  link.unary = async (rpc, ...rest) => {
    const answer = await unary.call(link, rpc, ...rest);
    return rpc === "PushObject" && link.pushed.has(log[0]?.replyId ?? "") ? new Uint8Array(0) : answer;
  };
  void link.ask(id!, "train", smallModel, zeros, { "server-round": 1 });
  while (!events.some(({ type }) => type === "dropped")) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(link.pushed.has(log[0]!.replyId), "the server has it");
  assert.equal(
    log[0]!.tensors.map(({ name }) => name),
    ["hidden.weight", "hidden.bias"],
  );
  leave();
  await ended;
});

node("what cannot be logged does not leave, and the node does", async () => {
  const onLeaving = (): Promise<void> => Promise.reject(new Error("EISDIR: sent.jsonl is a directory"));
  const { link, ended } = play(clientTrainer({ client: steppingClient() }), { onLeaving });
  const [id] = await link.nodes(1);
  void link.ask(id!, "train", smallModel, zeros, { "server-round": 1 });
  const why = "node: the log of what leaves could not be written, EISDIR: sent.jsonl is a directory; nothing was sent";
  assert.is(await message(ended), why);
  assert.is(link.pushed.size, 0);
  assert.not.ok(link.calls.includes("PushMessages"));
  assert.ok(link.calls.includes("DeactivateNode"));
});

node("what others say is printed without control characters", () => {
  const line = describe({ type: "task", messageType: "train\u001b[2J\u0007\r\nspoof" });
  assert.not.match(line, /\p{Cc}/u);
});

node("refuses a heartbeat that Flower would refuse", async () => {
  const { ended } = play(clientTrainer({ client: steppingClient() }), { heartbeatSeconds: 5 });
  assert.match(await message(ended), /heartbeat, got 5 s, expected 10 to 1800/);
});

node.run();
