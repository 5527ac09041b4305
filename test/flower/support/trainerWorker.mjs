// Node's threads do not inherit the TypeScript loader: register it, then go on in TypeScript.
import { register } from "tsx/esm/api";

register();
await import("./trainerWorker.ts");
