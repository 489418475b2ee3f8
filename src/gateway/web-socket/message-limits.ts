/** Maximum size of a message in either direction, in bytes. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Maximum number of bytes that may wait for a peer or a check before the connection ends. */
export const MAX_WAITING_BYTES = 2 * MAX_MESSAGE_BYTES;

/** Amount of unsent data to the client above which the provider is paused. */
export const HIGH_WATER_BYTES = 1024 * 1024;

/** Limit on a client's messages. Audio in pieces of 20 ms takes 50 per second. */
export const MESSAGE_LIMIT = { ratePerSecond: 1_000, burst: 10_000 };

/** Maximum number of provider messages before the client's handshake is answered. */
export const MAX_EARLY_MESSAGES = 64;

/** The type of the message that requests a response. */
export const CREATE = 'response.create';
