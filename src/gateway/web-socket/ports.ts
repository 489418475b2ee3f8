import type { UpstreamFailure, UpstreamRequest } from '../ports.ts';

/** The writable end of a WebSocket connection. Calls after its end have no effect. */
export interface SocketEnd {
  /** Sends a string as a text message, and bytes as a binary one. */
  readonly send: (message: string | Uint8Array) => void;
  /** Number of bytes that the peer has not accepted yet. */
  readonly bufferedBytes: () => number;
  readonly close: (code: number, reason: string) => void;
}

/** The provider's end, which can be paused. */
export interface ProviderSocket extends SocketEnd {
  readonly pause: () => void;
  readonly resume: () => void;
}

/** Receives the provider's messages after a successful handshake. */
export interface ProviderListener {
  readonly onMessage: (message: string | Uint8Array) => void;
  /** Called once, with code 1006 if there was no close frame. */
  readonly onClose: (code: number, reason: string) => void;
}

/** Opens WebSockets to providers. `connect` never rejects. */
export interface UpstreamSockets {
  readonly connect: (request: SocketRequest, listener: ProviderListener) => Promise<SocketReply>;
}

/** A handshake with a provider. */
export interface SocketRequest extends Omit<UpstreamRequest, 'body' | 'method' | 'contentType'> {
  /** The sub-protocols that the client offers, without any that hold a key. */
  readonly protocols: readonly string[];
}

export type SocketReply =
  | { readonly kind: 'open'; readonly socket: ProviderSocket; readonly protocol: string }
  /** The provider answered with a status other than 101. */
  | { readonly kind: 'refused'; readonly status: number }
  | UpstreamFailure;
