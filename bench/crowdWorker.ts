// A worker of the suite of workers.
import { serveClients } from "../src/federated/index.ts";
import { benchOf } from "./crowd.ts";

serveClients(benchOf);
