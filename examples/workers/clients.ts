// The workers' module: each makes its part of the federation from what it is given, and answers for any client.
import { serveClients } from "moiety/federated";
import { bench } from "./federation.ts";

serveClients(bench);
