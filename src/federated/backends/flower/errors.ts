// Codes of error replies. Flower's own, and one of ours: whoever runs the rounds tells a loss that is no number, which a lower
// rate may help, from other failures.

/** What Flower calls a client app that raised. */
export const CLIENT_FAILED = 2;
/** A message that could not be read. */
export const MESSAGE_UNAVAILABLE = 3;
/** A node that is offline, said by the SuperLink in its place. */
export const NODE_UNAVAILABLE = 5;
/** The client's numbers are none any more. */
export const CLIENT_DIVERGED = 1001;
