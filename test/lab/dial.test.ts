// The plane at a stop of the gate's curve: every client stands where its curve says, whatever it is shown with otherwise.
import { DialView } from "../../lab/page/dial.ts";
import { Notebook, POSTERIOR, type Topic } from "../../lab/page/notebook.ts";
import { defaultConfig, readAddress, writeAddress } from "../../lab/page/address.ts";
import { posteriorGate } from "../../src/experiment/presets.ts";
import { openDocument } from "../../src/report/index.ts";
import type { ClientMetric, CurveMetric } from "../../src/report/metrics.ts";
import { assert, test } from "../support/suite.ts";

const at = [0, 0.5, 1];

const curve = (client: number, method = POSTERIOR): CurveMetric => ({
  kind: "curve",
  client,
  method,
  dial: "rho",
  at,
  localTest: at.map((rho) => 60 + 10 * rho + client),
  globalTest: at.map((rho) => 50 - 20 * rho - client),
});

const result = (client: number, method: string): ClientMetric => ({
  kind: "client",
  client,
  method,
  optedOut: false,
  localTest: 72,
  globalTest: 41,
  localNll: 1,
  globalNll: 1,
});

function done(): { notebook: Notebook; changed: Set<Topic> } {
  const changed = new Set<Topic>();
  const notebook = new Notebook((topics) => topics.forEach((topic) => changed.add(topic)));
  notebook.begin(
    [0, 1, 2].map((client) => ({ client, optedOut: false, evaluated: client < 2, counts: [1], classes: [0] })),
  );
  for (const client of [0, 1])
    notebook.hear([
      result(client, "mixture"),
      result(client, POSTERIOR),
      curve(client, "labelLaw"),
      curve(client),
      { kind: "done", client, done: client + 1 },
    ]);
  changed.clear();
  return { notebook, changed };
}

test("turned, all clients that have a curve stand on it, with the whole of it as their trail; turned back, at their mixtures", () => {
  const { notebook, changed } = done();
  for (const [stop, rho] of at.entries()) {
    notebook.turn(stop);
    for (const client of [0, 1]) {
      const { model, places, trail } = notebook.clients[client]!;
      assert.is(model, POSTERIOR);
      assert.equal(places[POSTERIOR], { localTest: 60 + 10 * rho + client, globalTest: 50 - 20 * rho - client });
      assert.equal(
        trail.map(({ localTest }) => localTest),
        curve(client).localTest,
      );
    }
    assert.is(notebook.clients[2]!.model, "fedavg");
  }
  assert.ok(changed.has("places"));
  notebook.turn(undefined);
  assert.equal(
    notebook.clients.map(({ model }) => model),
    ["mixture", "mixture", "fedavg"],
  );
  assert.equal(notebook.clients[0]!.trail, []);
});

test("a client that is done while others are turned joins them, the end of a run leaves them there, and a new run begins without", () => {
  const { notebook } = done();
  notebook.turn(1);
  notebook.hear([result(2, "mixture"), result(2, POSTERIOR), curve(2)]);
  assert.is(notebook.clients[2]!.model, POSTERIOR);
  notebook.conclude({ methods: {} } as never);
  assert.equal(
    notebook.clients.map(({ model }) => model),
    [POSTERIOR, POSTERIOR, POSTERIOR],
  );
  assert.is(notebook.dialled().length, 9);
  notebook.begin([]);
  assert.is(notebook.turned, undefined);
  assert.is(notebook.curves.size, 0);
});

test("the slider is there with the first curve, stands at the usual share, turns all clients and turns them back", async () => {
  const small = await openDocument();
  const { Node, Event } = small.defaultView! as unknown as {
    Node: typeof globalThis.Node;
    Event: typeof globalThis.Event;
  };
  // the page's elements are made where the page is
  Object.assign(globalThis, { document: small, Node });
  try {
    const place = small.createElement("div");
    const notebook = new Notebook(() => {});
    const view = new DialView(place, notebook);
    notebook.begin([{ client: 0, optedOut: false, evaluated: true, counts: [1], classes: [0] }]);
    view.draw();
    assert.ok(place.hidden);
    const rhos = Array.from({ length: 11 }, (_, i) => i / 10);
    const whole = { ...curve(0), at: rhos, localTest: rhos.map((rho) => 60 + 10 * rho), globalTest: rhos.map((rho) => 50 - 20 * rho) }; // prettier-ignore
    notebook.hear([result(0, "mixture"), result(0, POSTERIOR), whole]);
    view.draw();
    const [slider, output, said, back] = ["input", "output", "p", "button"].map((tag) => place.querySelector(tag)!) as [HTMLInputElement, HTMLOutputElement, HTMLElement, HTMLButtonElement]; // prettier-ignore
    assert.not.ok(place.hidden);
    assert.is(output.textContent, "0.8");
    assert.is(notebook.turned, undefined);
    slider.value = "3";
    slider.dispatchEvent(new Event("input"));
    view.draw();
    assert.equal(notebook.clients[0]!.places[POSTERIOR], { localTest: 63, globalTest: 44 });
    assert.match(said.textContent!, "share of 0.3: 63.0 % local, 44.0 % global, the mean of one client");
    back.click();
    view.draw();
    assert.is(notebook.clients[0]!.model, "mixture");
    assert.is(slider.value, "3");
  } finally {
    Reflect.deleteProperty(globalThis, "document");
    Reflect.deleteProperty(globalThis, "Node");
  }
});

test("an address asks for the gate, and one without has none", () => {
  const asked = { ...defaultConfig(), posterior: posteriorGate };
  assert.equal(readAddress(`#${writeAddress(asked)}`), asked);
  assert.is(readAddress("#partition.p=0.6").posterior, undefined);
});

test.run();
