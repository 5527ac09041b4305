// Codes of error replies. Flower's own, and two of ours: whoever runs the rounds tells a loss that is no number, which a lower
// rate may help, and a privacy budget that is spent, from other failures.

/** What Flower calls a client app that raised. */
export const CLIENT_FAILED = 2;
/** A message that could not be read. */
export const MESSAGE_UNAVAILABLE = 3;
/** A node that is offline, said by the SuperLink in its place. */
export const NODE_UNAVAILABLE = 5;
/** The client's numbers are none any more. */
export const CLIENT_DIVERGED = 1001;
/** The client's privacy budget has no room for another answer. */
export const CLIENT_SPENT = 1002;

/** What a client could not answer for. */
export const faultCodes: { readonly failed: number; readonly diverged: number; readonly spent: number } = {
  failed: CLIENT_FAILED,
  diverged: CLIENT_DIVERGED,
  spent: CLIENT_SPENT,
};
