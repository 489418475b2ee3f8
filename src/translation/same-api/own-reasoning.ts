import { cuts, memberNamed, textOf, type ObjectMember } from '../../lib/json/json-outline.ts';
import type { Edit } from '../../lib/splice.ts';
import { ENVELOPE_MARK, openEnvelope } from '../envelope.ts';
import type { LossList } from '../losses.ts';
import type { Block, Verdict } from './message-block.ts';

const FOREIGN = 'the reasoning is from another provider';
const OWN = 'the seal is restored to the form of its provider';
const UNSEALED = 'the reasoning has no seal';

/**
 * Judges blocks of a Messages body. Cuts reasoning of other providers, and takes Anthropic's own out of its envelope.
 * With `sealedOnly`, for Claude, also cuts thinking with an empty signature, which translated answers contain if the
 * provider has none.
 */
export function thinkingJudge(sealedOnly: boolean, losses: LossList): (block: Block) => Verdict {
  return (block) => {
    const isThinking = block.type === 'thinking';
    if (!isThinking && block.type !== 'redacted_thinking') return undefined;
    const member = memberNamed(block.members, isThinking ? 'signature' : 'data');
    const text = textOf(block.bytes, member?.value);
    if (member === undefined || text === undefined) return undefined;
    if (isThinking && text === '' && sealedOnly) return repaired(losses, block, UNSEALED, 'cut');
    if (!text.startsWith(ENVELOPE_MARK)) return undefined;
    const envelope = openEnvelope(text);
    if (envelope?.seal.origin !== 'anthropic') return repaired(losses, block, FOREIGN, 'cut');
    const { payload } = envelope.seal;
    if (envelope.redacted !== isThinking) return repaired(losses, block, OWN, [put(member, payload)]);
    const whole = isThinking
      ? { type: 'redacted_thinking', data: payload }
      : { type: 'thinking', thinking: '', signature: payload };
    return repaired(losses, block, OWN, [{ ...extentOf(block), bytes: jsonBytes(whole) }]);
  };
}

/**
 * Judges items of a Responses input. Cuts reasoning of other accounts or providers, and restores the id and content of
 * that of `provider`. With `sealedOnly`, for OpenAI, also cuts reasoning without content that OpenAI does not know:
 * with a gateway id, or without an id.
 */
export function reasoningItemJudge(
  { provider, sealedOnly }: { readonly provider: string; readonly sealedOnly: boolean },
  losses: LossList,
): (block: Block) => Verdict {
  return (block) => {
    if (block.type !== 'reasoning') return undefined;
    const { bytes, members } = block;
    const content = memberNamed(members, 'encrypted_content');
    const id = memberNamed(members, 'id');
    const text = textOf(bytes, content?.value) ?? '';
    if (content === undefined || text === '') {
      const isKnown = !sealedOnly || OPENAI_ID.test(textOf(bytes, id?.value) ?? OUR_ID);
      return isKnown ? undefined : repaired(losses, block, UNSEALED, 'cut');
    }
    if (!text.startsWith(ENVELOPE_MARK)) return undefined;
    const seal = openEnvelope(text)?.seal;
    if (seal?.origin !== 'openai' || seal.provider !== provider)
      return repaired(losses, block, FOREIGN, 'cut');
    const edits = [put(content, seal.payload)];
    if (seal.itemId !== undefined) edits.push(idEdit(block, id, seal.itemId));
    return repaired(losses, block, OWN, edits);
  };
}

/** `rs_X_0`, with the X of the request. OpenAI's ids never contain a second `_`. */
const OUR_ID = 'rs_x_0';
const OPENAI_ID = /^(?!rs_.*_\d+$)./;

/** Replaces the id of an item, or inserts one. */
function idEdit(block: Block, member: ObjectMember | undefined, id: string): Edit {
  if (member !== undefined) return put(member, id);
  const at = block.members[0]?.start ?? block.end;
  return { start: at, end: at, bytes: UTF8.encode(`"id":${JSON.stringify(id)},`) };
}

/** The value that Gemini documents for calls without a signature. */
const NO_SIGNATURE = 'skip_thought_signature_validator';

/**
 * Judges parts of a Gemini content. Cuts signatures of other providers. `sealed`: the model refuses calls without a
 * signature, so such calls get the documented replacement.
 */
export function thoughtJudge(sealed: boolean, losses: LossList): (block: Block) => Verdict {
  return (block) => {
    const { bytes, members } = block;
    const isSignature = ({ key }: ObjectMember) => key === 'thoughtSignature' || key === 'thought_signature';
    const member = members.findLast(isSignature);
    const text = textOf(bytes, member?.value) ?? '';
    if (member === undefined || !text.startsWith(ENVELOPE_MARK)) return undefined;
    const seal = openEnvelope(text)?.seal;
    if (seal?.origin === 'gemini') return repaired(losses, block, OWN, [put(member, seal.payload)]);
    const isCall = members.some(({ key }) => key === 'functionCall' || key === 'function_call');
    const edits =
      isCall && sealed
        ? [put(member, NO_SIGNATURE)]
        : cuts(members, (index) => members[index]?.key === member.key);
    if (members.every(isSignature)) return repaired(losses, block, FOREIGN, 'cut');
    return repaired(losses, block, FOREIGN, edits);
  };
}

/** Replaces the member's value with a text. */
export function put({ value }: ObjectMember, text: string): Edit {
  return { ...value, bytes: jsonBytes(text) };
}

function extentOf({ start, end }: Block): { readonly start: number; readonly end: number } {
  return { start, end };
}

// oxlint-disable-next-line max-params -- records and returns
function repaired(losses: LossList, { path }: Block, why: string, verdict: Verdict): Verdict {
  losses.repaired(path, why);
  return verdict;
}

function jsonBytes(value: unknown): Uint8Array {
  return UTF8.encode(JSON.stringify(value));
}

const UTF8 = new TextEncoder();
