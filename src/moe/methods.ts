/** What every client is evaluated with; variants of the mixture have the names they were given. */
export const methods = [
  "local",
  "fedavg",
  "finetuned",
  "mixture",
  "ensemble",
  "constantWeight",
  "stackedGate",
] as const;

export type Method = (typeof methods)[number];
