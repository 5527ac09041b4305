// Networks for a config that names this module: a gate for as many experts as there are.
import type { Form } from "../../src/experiment/index.ts";
import { Linear, type Module, Sequential } from "../../src/nn/index.ts";

export { expert } from "./networks.ts";

export const gate = ({ outputs = 1 }: Form): Module => new Sequential({ out: new Linear(2, outputs) });
