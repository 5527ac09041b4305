// A throw-away certificate authority and a server certificate for 127.0.0.1, by openssl.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

export interface Certificates {
  /** Paths. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const openssl = (...args: string[]): void => void execFileSync("openssl", args, { stdio: "ignore" });

/** @param names other names of the server: "IP:10.0.0.1" */
export function makeCertificates(folder: string, names: readonly string[] = []): Certificates {
  const at = (name: string): string => `${folder}/${name}`;
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const all = ["IP:127.0.0.1", "DNS:localhost", ...names].join(",");
  writeFileSync(at("server.ext"), `subjectAltName=${all}\nbasicConstraints=CA:FALSE\n`);
  openssl(
    "req",
    "-x509",
    ...curve,
    "-days",
    "2",
    "-subj",
    "/CN=moiety test CA",
    "-keyout",
    at("ca.key"),
    "-out",
    at("ca.pem"),
  );
  openssl("req", ...curve, "-subj", "/CN=127.0.0.1", "-keyout", at("server.key"), "-out", at("server.csr"));
  openssl(
    "x509",
    "-req",
    "-days",
    "2",
    "-in",
    at("server.csr"),
    "-CA",
    at("ca.pem"),
    "-CAkey",
    at("ca.key"),
    "-CAcreateserial",
    "-extfile",
    at("server.ext"),
    "-out",
    at("server.pem"),
  );
  return { ca: at("ca.pem"), cert: at("server.pem"), key: at("server.key") };
}

export const text = (path: string): string => readFileSync(path, "utf8");
