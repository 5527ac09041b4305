// What experts count, from records to a table.
import type { ClientMetric, Metric } from "../../src/report/metrics.ts";
import { expertLoads, loadsTable } from "../../src/report/loads.ts";
import { near } from "../support/near.ts";
import { assert, test } from "../support/suite.ts";

const of = (method: string, client: number, load?: readonly number[]): ClientMetric => ({
  kind: "client",
  client,
  method,
  optedOut: false,
  localTest: 0.5,
  globalTest: 0.5,
  localNll: 1,
  globalNll: 1,
  ...(load && { load }),
});

test("experts' loads are means over clients, with the largest of a client and how far clients are apart", () => {
  const metrics: Metric[] = [
    of("fedavg", 0),
    of("comigs", 0, [0.5, 0.5]),
    of("comigs", 1, [0.9, 0.1]),
    of("fedmoe", 0, [0.2, 0.3, 0.5]),
    of("fedmoe", 1, [0.2, 0.3, 0.5]),
  ];
  const [comigs, fedmoe] = expertLoads(metrics);
  assert.is(comigs!.method, "comigs");
  near([...comigs!.mean, comigs!.most, comigs!.apart], [0.7, 0.3, 0.7, 0.2], 1e-12);
  near([...fedmoe!.mean, fedmoe!.most, fedmoe!.apart], [0.2, 0.3, 0.5, 0.5, 0], 1e-12);
  const { html } = loadsTable(metrics)!;
  assert.match(html, /70\.0, 30\.0/);
  assert.match(html, /20\.0, 30\.0, 50\.0/);
  assert.is(loadsTable([of("fedavg", 0)]), null);
});

test.run();
