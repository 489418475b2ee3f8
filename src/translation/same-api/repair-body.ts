import { append } from '../../lib/append.ts';
import { find, markOf, occurs, type Mark } from '../../lib/json/json-marks.ts';
import { inOrder, membersOf, type ObjectMember, valueBegin } from '../../lib/json/json-outline.ts';
import { stringAt } from '../../lib/json/json-string.ts';
import type { Edit } from '../../lib/splice.ts';
import type { ProviderApi } from '../conversation.ts';
import { ENVELOPE_MARK } from '../envelope.ts';
import { createLossList, type Loss, type LossList } from '../losses.ts';
import { isClaude } from '../models/claude.ts';
import { DIALECTS, type DialectName } from '../models/dialects.ts';
import { detailEdits, FOREIGN_MEMBERS, strictEdits } from './foreign-members.ts';
import type { Block, Verdict } from './message-block.ts';
import { blocksAt, listEdits, messageEdits } from './message-edits.ts';
import { reasoningItemJudge, thinkingJudge, thoughtJudge } from './own-reasoning.ts';

/** The route that a body of the same API goes to. */
export interface SameApiTarget {
  readonly api: Exclude<ProviderApi, 'converse'>;
  /** The name of the configured provider. */
  readonly provider: string;
  /** The upstream model. */
  readonly model: string;
  readonly dialect: DialectName;
}

/** The changes that a body needs. The edits are in order and lie within its list of turns. */
export interface Repair {
  readonly edits: readonly Edit[];
  readonly losses: readonly Loss[];
}

/**
 * Finds what a body that stays in its API must not contain: envelopes of other providers, reasoning without a seal if
 * the provider refuses it, and members that a strict server does not know.
 *
 * They come from earlier translated answers, so only bodies for models with translated routes need this check.
 * undefined: no change is needed, which a byte search usually establishes. `body` must already be known to be a JSON
 * object.
 */
export function repairOf(body: Uint8Array, target: SameApiTarget): Repair | undefined {
  if (!mayNeedRepair(body, target)) return undefined;
  const losses = createLossList();
  const edits: Edit[] = [];
  for (const member of membersOf(body, valueBegin(body)))
    append(edits, editsOf(body, member, target, losses));
  return edits.length === 0 ? undefined : { edits: inOrder(edits), losses: losses.all() };
}

/** Whether a byte search finds something that may have to be changed. */
export function mayNeedRepair(body: Uint8Array, target: SameApiTarget): boolean {
  return SEARCHES[target.api](body, target);
}

/** Whether the bytes contain thinking without a seal. Cheap if they do not. */
export function hasEmptySignature(body: Uint8Array): boolean {
  for (let at = find(body, SIGNATURE, 0); at !== -1; at = find(body, SIGNATURE, at)) {
    at += SIGNATURE.bytes.length;
    let pos = at;
    while (SPACE_OR_COLON.has(body[pos] ?? 0)) pos += 1;
    if (body[pos] === QUOTE && body[pos + 1] === QUOTE) return true;
  }
  return false;
}

const SEARCHES: Readonly<Record<SameApiTarget['api'], (body: Uint8Array, target: SameApiTarget) => boolean>> =
  {
    messages: (body, { model }) => occurs(body, ENVELOPE) || (isClaude(model) && hasEmptySignature(body)),
    responses: (body, { dialect }) => occurs(body, ENVELOPE) || (isOpenAi(dialect) && hasReasoningItem(body)),
    chat: (body, { dialect }) => (DIALECTS[dialect].strict ? hasForeignMember(body) : occurs(body, ENVELOPE)),
    gemini: (body) => occurs(body, ENVELOPE),
  };

/** Every search scans the whole body, so names with a common prefix share one search. */
function hasForeignMember(body: Uint8Array): boolean {
  if (occurs(body, SIGNATURE_ID) || occurs(body, EXTRA_CONTENT)) return true;
  for (let at = find(body, REASONING_MEMBER, 0); at !== -1; at = find(body, REASONING_MEMBER, at + 1)) {
    const end = body.indexOf(QUOTE, at + 1) + 1;
    const isForeign = FOREIGN_MEMBERS.some(
      (name) => name.length + 2 === end - at && stringAt(body, at, end) === name,
    );
    if (isForeign) return true;
  }
  return false;
}

const isOpenAi = (dialect: DialectName): boolean => dialect === 'openai' || dialect === 'azure';

/** Finds `"reasoning"` as a value, not the field of that name. */
function hasReasoningItem(body: Uint8Array): boolean {
  for (let at = find(body, REASONING, 0); at !== -1; at = find(body, REASONING, at)) {
    at += REASONING.bytes.length;
    let pos = at;
    while ((body[pos] ?? 0xff) <= 0x20) pos += 1;
    if (body[pos] !== COLON) return true;
  }
  return false;
}

// oxlint-disable-next-line max-params -- a member of the body for a target
function editsOf(
  body: Uint8Array,
  { key, value }: ObjectMember,
  target: SameApiTarget,
  losses: LossList,
): readonly Edit[] {
  switch (target.api) {
    case 'messages': {
      if (key !== 'messages') return [];
      const judge = thinkingJudge(isClaude(target.model), losses);
      return messageEdits(body, value, { judge, foldSystem: false, losses });
    }
    case 'responses': {
      if (key !== 'input') return [];
      const { provider, dialect } = target;
      const judge = reasoningItemJudge({ provider, sealedOnly: isOpenAi(dialect) }, losses);
      return editsOfAll(blocksAt(body, value.start, 'input'), judge);
    }
    case 'chat': {
      if (key !== 'messages') return [];
      const { strict, callIds } = DIALECTS[target.dialect];
      return strict ? strictEdits(body, value, callIds, losses) : detailEdits(body, value, losses);
    }
    case 'gemini': {
      if (key !== 'contents') return [];
      const judge = thoughtJudge(REFUSES_UNSEALED.test(target.model), losses);
      return blocksAt(body, value.start, 'contents').flatMap((content) => {
        const parts = content.members.findLast((member) => member.key === 'parts');
        if (parts === undefined) return [];
        return editsOfAll(blocksAt(body, parts.value.start, `${content.path}.parts`), judge);
      });
    }
  }
}

/** Gemini 3 and later require a signature on the first call of a step. */
const REFUSES_UNSEALED = /gemini-(?:[3-9]|\d\d)/i;

/** The edits of a list that may end up empty. */
function editsOfAll(blocks: readonly Block[], judge: (block: Block) => Verdict): readonly Edit[] {
  const edits = listEdits(blocks, judge);
  if (edits !== 'all') return edits;
  const [first, last] = [blocks[0], blocks.at(-1)];
  if (first === undefined || last === undefined) return [];
  return [{ start: first.start, end: last.end, bytes: new Uint8Array() }];
}

const ENVELOPE: Mark = markOf(ENVELOPE_MARK);
const SIGNATURE = markOf('"signature"');
const REASONING = markOf('"reasoning"');
const REASONING_MEMBER = markOf('"reasoning_');
const EXTRA_CONTENT = markOf('"extra_content"');
const SIGNATURE_ID = markOf('__ts1_');
const SPACE_OR_COLON: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0x3a]);
const QUOTE = 0x22;
const COLON = 0x3a;
