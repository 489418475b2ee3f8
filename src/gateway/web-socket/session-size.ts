import type { Usage } from '../../protocols/protocol.ts';

/** Instructions and tools that a provider adds by itself. */
const FIRST_TOKENS = 1024;

/** The longest context of a model of the Realtime API. Older turns are left out beyond it. */
const MOST_TOKENS = 131_072;

/** Encoded bytes of sound per token, at least: a token is a tenth of a second, of 8,000 bytes in the smallest format. */
const AUDIO_BYTES_PER_TOKEN = 400;

const AUDIO = 'input_audio_buffer.append';

/** The most tokens that the next response of a session of the Realtime API reads. */
export class SessionSize {
  #tokens = FIRST_TOKENS;
  /** The part that the running response may not have read. */
  #unread = 0;

  get tokens(): number {
    return Math.min(MOST_TOKENS, this.#tokens);
  }

  /** Counts a message of the client. A token of text is at least a byte. A stored prompt may have any length. */
  sent(text: string, type: string): void {
    const tokens = type === AUDIO ? Math.ceil(text.length / AUDIO_BYTES_PER_TOKEN) : Buffer.byteLength(text);
    const isStored = type !== AUDIO && text.includes('"prompt"');
    this.#tokens += isStored ? MOST_TOKENS : tokens;
    this.#unread += tokens;
  }

  begun(): void {
    this.#unread = 0;
  }

  /** The conversation is now what the response has read and written, and what came in the meantime. */
  ended({ inputTokens, outputTokens }: Usage): void {
    if (inputTokens !== undefined) this.#tokens = inputTokens + (outputTokens ?? 0) + this.#unread;
  }
}
