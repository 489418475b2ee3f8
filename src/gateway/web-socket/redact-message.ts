import type { Provider } from '../../config/snapshot.ts';
import { redact, revealsSecret } from '../redact.ts';

/** Removes the provider's credentials from its message. Returns the same message if there are none. */
export function redactMessage(message: string | Uint8Array, provider: Provider): string | Uint8Array {
  if (typeof message !== 'string') return redact(message, provider);
  if (!revealsSecret(message, provider)) return message;
  return Buffer.from(redact(Buffer.from(message), provider)).toString();
}
