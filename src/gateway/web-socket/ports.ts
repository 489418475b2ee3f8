import type { UpstreamFailure, UpstreamRequest } from '../ports.ts';

/** One end of a WebSocket connection, to write to. After its end nothing happens. */
export interface SocketEnd {
  /** A string goes out as a text message. */
  readonly send: (message: string | Uint8Array) => void;
  /** Bytes that the peer has not taken yet. */
  readonly bufferedBytes: () => number;
  readonly close: (code: number, reason: string) => void;
}

/** The provider's end, which can be held up. */
export interface ProviderSocket extends SocketEnd {
  readonly pause: () => void;
  readonly resume: () => void;
}

/** Told what comes from the provider once its handshake has succeeded. */
export interface ProviderListener {
  readonly onMessage: (message: string | Uint8Array) => void;
  /** Called once. 1006: without a close frame. */
  readonly onClose: (code: number, reason: string) => void;
}

/** The provider's side of WebSockets. `connect` never rejects. */
export interface UpstreamSockets {
  readonly connect: (request: SocketRequest, listener: ProviderListener) => Promise<SocketReply>;
}

/** A handshake with a provider. */
export interface SocketRequest extends Omit<UpstreamRequest, 'body' | 'method' | 'contentType'> {
  /** Sub-protocols that the client offers, without those that hold a key. */
  readonly protocols: readonly string[];
}

export type SocketReply =
  | { readonly kind: 'open'; readonly socket: ProviderSocket; readonly protocol: string }
  /** The provider answered with another status than 101. */
  | { readonly kind: 'refused'; readonly status: number }
  | UpstreamFailure;
