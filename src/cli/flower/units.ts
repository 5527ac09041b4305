// The services of a federation over machines, for systemd: three on the server's, one on each client's. What they start is what
// `moiety flower up` prints; they begin it again where it fails, and where a machine was started anew.
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { QUIET } from "./server.ts";

export interface UnitsOptions {
  /** The federation's folder on the server, absolute. */
  readonly folder: string;
  /** The SuperLink's command, without the folder of its program. */
  readonly superlink: readonly string[];
  /** What runs the rounds: `moiety flower relay ...`, or Flower's own. */
  readonly run: readonly string[];
  /** What server and clients have alike: `--config quick --method ditto`. */
  readonly alike: readonly string[];
  /** The port of the door. */
  readonly door: number;
}

/** What a client's unit says where its own machine's things belong. */
export const YOURS = { host: "YOUR-HOST", ca: "/etc/moiety/ca.pem", folder: "/var/lib/moiety" } as const;

// one word of a command in a unit: systemd reads % and $ itself
const word = (text: string): string => {
  const plain = text.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w./:=,@%-]+$/.test(plain) ? plain : `"${plain.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
};
const command = (words: readonly string[]): string => words.map(word).join(" ");

function unit(about: string, after: string, lines: readonly string[]): string {
  return `[Unit]
Description=${about}
Wants=${after}
After=${after}

[Service]
${lines.join("\n")}
Restart=on-failure
RestartSec=5

[Install]
WantedBy=multi-user.target
`;
}

/** The command line as a service calls it: by this very program, whatever a PATH says. */
const program = [process.execPath, fileURLToPath(new URL("../main.js", import.meta.url))];

/** Units by the names of their files; `moiety-client@.service` is for clients' machines, `moiety-client@3` their client 3. */
export function units({ folder, superlink, run, alike, door }: UnitsOptions): ReadonlyMap<string, string> {
  const bin = `${folder}/venv/bin`;
  const environment = Object.entries({ ...QUIET, FLWR_HOME: `${folder}/flwr`, PATH: `${bin}:/usr/bin:/bin` });
  const server = [
    ...environment.map(([name, value]) => `Environment=${word(`${name}=${value}`)}`),
    `WorkingDirectory=${folder}`,
  ];
  const isOurs = run[0] === "moiety";
  // a federation that was begun goes on; Flower's own is told so by --resume of `up`
  // typed from where one stands, run in the federation's folder
  const placed = (one: string): string =>
    /^(?:--|[\w.]+=)/.test(one)
      ? one
      : one.replaceAll(/(?<=^|,)(?:\.{1,2}\/[^,]+|[^,]+\.json)/g, (path) => resolve(path));
  const rounds = isOurs
    ? [
        ...program,
        ...run
          .slice(1)
          .filter((one) => one !== "--resume")
          .map(placed),
      ]
    : [`${bin}/${run[0]}`, ...run.slice(1)];
  const resume = `r=; test -e ${folder}/rounds/config.json && r=--resume; exec "$@" $r`;
  const start = isOurs ? ["/bin/sh", "-c", resume, "rounds", ...rounds] : rounds;
  const client = [
    ...program,
    "join",
    `https://${YOURS.host}:${door}`,
    "--ca",
    YOURS.ca,
    "--out",
    `${YOURS.folder}/client-`,
    ...alike,
    "--client",
  ];
  return new Map([
    [
      "moiety-superlink.service",
      unit("Flower's SuperLink", "network-online.target", [
        ...server,
        `ExecStart=${command([`${bin}/${superlink[0]}`, ...superlink.slice(1)])}`,
      ]),
    ],
    [
      "moiety-door.service",
      unit("The door to the SuperLink", "moiety-superlink.service", [
        ...server,
        `ExecStart=${command([`${bin}/envoy`, "-c", `${folder}/envoy.json`])}`,
      ]),
    ],
    [
      "moiety-rounds.service",
      unit("The rounds of a federation", "moiety-superlink.service", [...server, `ExecStart=${command(start)}`]),
    ],
    [
      "moiety-client@.service",
      unit("Client %i of a federation", "network-online.target", [
        `WorkingDirectory=${YOURS.folder}`,
        `ExecStart=${command(client).replace(`${YOURS.folder}/client-`, `${YOURS.folder}/client-%i`)} %i`,
      ]),
    ],
  ]);
}
