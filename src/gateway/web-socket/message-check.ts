import type { MasterKey } from '../../config/snapshot.ts';
import { inTurns, LARGE_BYTES, SLICE_BYTES } from '../../lib/in-turns.ts';
import { scanObjectInSlices } from '../../lib/json/json-scan.ts';
import {
  type ClientMessage,
  MESSAGE_MEMBERS,
  readClientMessage,
} from '../../protocols/web-socket/client-message.ts';
import type { ObjectOwners } from '../objects/object-owners.ts';
import { Refusal } from '../refusals.ts';
import { requireNamedInBody } from '../objects/restricted-key.ts';
import { requireAllowed } from './speaking-model.ts';

/** A message that passed the checks, as bytes. */
export type CheckedMessage = Extract<ClientMessage, { kind: 'event' }> & { readonly bytes: Uint8Array };

/** The type of most messages and of nearly all bytes. Such messages name no model or object. */
const AUDIO = 'input_audio_buffer.append';

/** Reads a message and checks every model and object that it names. Throws a `Refusal`. */
export function checkMessage(
  text: string,
  key: MasterKey | undefined,
  owners: ObjectOwners,
): CheckedMessage | Promise<CheckedMessage> {
  const bytes = Buffer.from(text);
  if (bytes.byteLength <= LARGE_BYTES) return checked(bytes, readClientMessage(bytes), { key, owners });
  // Yields to other connections between slices.
  return inTurns(scanObjectInSlices(bytes, MESSAGE_MEMBERS, SLICE_BYTES)).then((scan) =>
    checked(bytes, readClientMessage(bytes, scan), { key, owners }),
  );
}

function checked(
  bytes: Uint8Array,
  message: ClientMessage,
  { key, owners }: { readonly key: MasterKey | undefined; readonly owners: ObjectOwners },
): CheckedMessage | Promise<CheckedMessage> {
  if (message.kind === 'malformed')
    throw new Refusal('invalid_body', { problem: message.problem }, { param: message.param });
  for (const { name } of message.models) requireAllowed(name, key);
  const passed = { ...message, bytes };
  if (key === undefined || key.unrestricted || message.type === AUDIO) return passed;
  return requireNamedInBody({ key, owners }, bytes).then(() => passed);
}
