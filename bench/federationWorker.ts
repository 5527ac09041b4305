// A worker of a raced federation.
import { serveClients } from "../src/federated/index.ts";
import { benchOf } from "./federationTask.ts";

serveClients(benchOf);
