// A static server for this machine: files of a folder, and headers that a test asks for.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

export interface Served {
  readonly url: string;
  /** Paths that were asked for and not there. */
  readonly missed: readonly string[];
  close(): void;
}

/** Serves a folder on a port of localhost, a free one unless said. Rejects when the port is taken. */
export async function serveFolder(
  folder: string,
  headers: Readonly<Record<string, string>> = {},
  wanted = 0,
): Promise<Served> {
  const missed: string[] = [];
  const server = createServer((request, response) => {
    const path = pathOf(request.url ?? "/");
    if (path === undefined) {
      response.writeHead(400, { "content-type": "text/plain" }).end("no address\n");
      return;
    }
    const file = path.endsWith("/") ? `${path}index.html` : path;
    readFile(join(folder, file)).then(
      (bytes) => {
        const type = types[extname(file)] ?? "application/octet-stream";
        response.writeHead(200, { "content-type": type, ...headers }).end(bytes);
      },
      () => {
        if (path !== "/favicon.ico") missed.push(path);
        response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(wanted, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://localhost:${port}/`, missed, close };
}

// a request is anybody's: what is no address is answered, not thrown at the server
function pathOf(url: string): string | undefined {
  try {
    return normalize(decodeURIComponent(new URL(url, "http://localhost").pathname));
  } catch {
    return undefined;
  }
}
