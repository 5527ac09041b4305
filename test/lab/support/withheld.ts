// A server in front of another that does not answer for one file while it is told not to: what a network or a browser does at its worst.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Withheld {
  readonly url: string;
  /** Answers for the file from now on. */
  release(): void;
  close(): void;
}

/** Serves what `url` serves, but for the file of this name. */
export async function withhold(url: string, name: string): Promise<Withheld> {
  let held = true;
  const server = createServer((request, response) => {
    if (held && request.url?.endsWith(name)) return;
    void fetch(new URL(request.url ?? "/", url)).then(async (answer) => {
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
      response.end(new Uint8Array(await answer.arrayBuffer()));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    release: () => void (held = false),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
