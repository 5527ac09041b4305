// The relay that is another process, from its driver's side.
import { HttpRelay } from "../../src/federated/backends/flower/httpRelay.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("flower http relay");

const call = (url: string, token: string, kind: string): Promise<Response> =>
  fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: `${JSON.stringify({ kind, nodes: [], pushed: [], replies: [] })}\n`,
  });

test("a driver that is told to stop while the relay is busy closes, and the relay hears of it", async () => {
  const stop = new AbortController();
  let driver = { url: "", token: "" };
  let answer: Promise<Response> | undefined;
  const relay = await HttpRelay.listen({
    signal: stop.signal,
    start: async (given) => {
      driver = given;
      answer = call(given.url, given.token, "ready");
      await new Promise((resolve) => setTimeout(resolve, 10_000).unref());
    },
  });
  const heard = relay.exchange({ push: [], pull: [] });
  await (await answer!).text();
  // the relay has its order, and is at work on it
  const stopped = refusesLater(() => heard, "stop");
  stop.abort(new Error("stop"));
  await stopped;
  const closed = relay.close();
  const last = await call(driver.url, driver.token, "heard");
  assert.match(await last.text(), '"kind":"done"');
  await closed;
});

test("a relay that stays silent is given twice the time, and the old time again once it has answered", async () => {
  let silent = 3;
  const relay = await HttpRelay.listen({
    silenceSeconds: 0.05,
    start: async ({ url, token }) => {
      if (silent-- > 0) return new Promise(() => {});
      await (await call(url, token, "ready")).text();
      await (await call(url, token, "heard")).text();
      return new Promise(() => {});
    },
  });
  const nothing = { push: [], pull: [] };
  for (const seconds of [0.05, 0.1, 0.2])
    await refusesLater(() => relay.exchange(nothing), `the relay was silent for ${seconds} s`);
  assert.equal(await relay.exchange(nothing), { nodes: [], pushed: [], replies: [] });
  await refusesLater(() => relay.exchange(nothing), "the relay was silent for 0.05 s");
  await relay.close();
});

test.run();
