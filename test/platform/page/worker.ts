import { client } from "./client.ts";

void client().then((hash) => postMessage(hash));
