// flower/compose.yaml: its commands are the command line's, server and clients have one config, and nothing can be reached from outside.
import { existsSync } from "node:fs";
import { configOf } from "../../src/cli/configOf.ts";
import { parse } from "../support/commandLine.ts";
import { assert, suite } from "../support/suite.ts";
import { imageEntrypoint, readCompose } from "./support/compose.ts";
import { project } from "./support/python.ts";

const test = suite("flower compose");
const { services, volumes } = readCompose();
const members = Object.entries(services).filter(([name]) => name !== "superlink");

test("the commands are ones of moiety, with one config at the rounds and at all of its clients", async () => {
  assert.equal(members.map(([name]) => name), ["rounds", "client-0", "client-1", "client-2"]); // prettier-ignore
  const configs = [];
  for (const [name, { command }] of members) {
    const args = await parse(command);
    configs.push(await configOf(args["config"] as string, args as Record<string, unknown>));
    if (name !== "rounds") assert.is(`client-${args["client"] as number}`, name);
  }
  for (const config of configs) assert.equal(config, configs[0]);
  assert.is(configs[0]!.clients, 3);
  assert.equal(imageEntrypoint(), ["node", "/opt/moiety/dist/cli/main.js"]);
  assert.match(services["rounds"]!.entrypoint!.join(" "), `exec ${imageEntrypoint().join(" ")} "$$@" $$r`);
});

test("all share the SuperLink's loopback, which starts runs for whoever reaches it; nobody has another's volume", () => {
  const superlink = services["superlink"]!.command;
  assert.is(superlink[superlink.indexOf("--host") + 1], "127.0.0.1");
  for (const [name, service] of Object.entries(services)) {
    assert.not.ok("ports" in service, name);
    assert.equal(service.volumes, [`${name}:/data`]);
    if (name !== "superlink") assert.is(service.network_mode, "service:superlink");
  }
  assert.equal(Object.keys(volumes), Object.keys(services));
  const { context, dockerfile } = services["superlink"]!.build!;
  assert.ok(existsSync(`${project}/${context}/${dockerfile}`));
});

test.run();
