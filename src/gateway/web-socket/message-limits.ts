/** The longest message of either side, in bytes. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** What may wait for a peer, or to be checked, before the connection ends. */
export const MAX_WAITING_BYTES = 2 * MAX_MESSAGE_BYTES;

/** What a client has not taken when its provider is held up. */
export const HIGH_WATER_BYTES = 1024 * 1024;

/** A client's messages per second. Audio in pieces of 20 ms is 50. */
export const MESSAGE_LIMIT = { ratePerSecond: 1_000, burst: 10_000 };

/** What a provider may say before the client's handshake is answered. */
export const MAX_EARLY_MESSAGES = 64;

/** The message that asks for a response. */
export const CREATE = 'response.create';
