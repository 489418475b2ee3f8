import { append } from '../../lib/append.ts';
import {
  cuts,
  inOrder,
  memberNamed,
  membersOf,
  type ObjectMember,
  valueBegin,
} from '../../lib/json/json-outline.ts';
import { type Edit, splice } from '../../lib/splice.ts';
import type { JsonTree } from '../json.ts';
import { claudeFamily } from '../models/claude.ts';
import { createLossList, type LossList } from '../losses.ts';
import type { FetchedByPath, RemoteMedia } from '../remote-media.ts';
import type { Block, Verdict } from '../same-api/message-block.ts';
import { messageEdits } from '../same-api/message-edits.ts';
import { thinkingJudge } from '../same-api/own-reasoning.ts';
import {
  chosenTool,
  isLostField,
  outputEdits,
  type Takes,
  takesOf,
  textsOf,
  thinkingEdits,
  toolEdits,
  toolSearchJudge,
} from './beta-leftovers.ts';
import { lastMarkEdits } from './last-mark.ts';
import { isNull, withOwnMembers } from './own-members.ts';
import { remoteJudge, type RemoteScene, resultEdits } from './remote-blocks.ts';
import { type Betas, type BetaPolicy, betasOf } from './betas.ts';
import { isChosenLost, serverToolJudge, type ServerTools, serverToolsOf } from './server-tools.ts';

/** A provider that carries Claude, and its settings. */
export interface CarriageTarget {
  readonly carriage: 'bedrock' | 'vertex';
  /** The upstream model. */
  readonly model: string;
  /** The provider's `anthropic_beta`; undefined means `drop`. */
  readonly betas?: BetaPolicy | undefined;
  /** The route's `claude.mid_system`: the target accepts messages with role `system`. */
  readonly midSystem?: boolean | undefined;
}

export interface CarriageRequest {
  readonly operation: 'generate' | 'count';
  /** The client's header `anthropic-beta`. */
  readonly betas?: string | undefined;
  /** The files that were fetched, by the path of their block. */
  readonly files?: FetchedByPath | undefined;
}

export interface Carried {
  readonly body: Uint8Array;
  /** The value of the header `anthropic-beta` to send; undefined: none. Bedrock takes betas in the body. */
  readonly betaHeader: string | undefined;
  /** The client's betas that are not sent to the provider. */
  readonly droppedBetas: readonly string[];
  /** `refusing` reports whether the policy allows sending the body. */
  readonly losses: LossList;
  /** Images and documents by URL that were not among `files`, and are cut. */
  readonly remote: readonly RemoteMedia[];
}

/**
 * Converts a Messages body to the form that Bedrock's InvokeModel or Vertex takes. Works by splices, so unaffected
 * bytes stay as they are. Also applies to bodies that the Messages writer produced for clients of other APIs. The URL
 * names the model (`upstream-url.ts`). `body` must already be known to be a JSON object.
 */
export function carry(body: Uint8Array, target: CarriageTarget, request: CarriageRequest): Carried {
  const losses = createLossList();
  const members = membersOf(body, valueBegin(body));
  const inBody = members.filter(({ key }) => key === BETAS).flatMap(({ value }) => textsOf(body, value));
  const policy = target.betas ?? 'drop';
  const betas = betasOf([...(request.betas ?? '').split(','), ...inBody], policy);
  const { strict } = claudeFamily(target.model, target.carriage);
  const takes = {
    ...takesOf(betas, policy === 'pass', strict),
    ...(target.midSystem === true && { system: true }),
  };
  const remote: RemoteMedia[] = [];
  const files = request.files ?? NO_FILES;
  const server = serverToolsOf(target.carriage, betas, policy === 'pass');
  const scene: Scene = { body, members, losses, takes, server, files, takesIds: policy === 'pass', remote };
  const isCount = request.operation === 'count';
  const isCut = (member: ObjectMember) =>
    isOfCarrier(member, target, isCount) ||
    (policy !== 'pass' && isLostField(member, body, { betas, losses }));
  const cut = new Set(members.filter(isCut));
  const edits = innerEdits(scene, cut);
  if (policy !== 'pass') edits.push(...requestMark(scene, cut, edits));
  append(
    edits,
    cuts(members, (index) => isIn(cut, members[index])),
  );
  const added = additions(target, isCount, betas);
  if (isCount && target.carriage === 'bedrock') added['max_tokens'] = leastTokens(scene);
  edits.push(insertion(scene, added, cut.size === members.length));
  const carried = splice(body, inOrder(edits));
  return {
    body: isCount && target.carriage === 'bedrock' ? bedrockCount(carried) : carried,
    betaHeader: target.carriage === 'vertex' && betas.kept.length > 0 ? betas.kept.join(',') : undefined,
    droppedBetas: betas.dropped,
    losses,
    remote,
  };
}

const NO_FILES: FetchedByPath = new Map();

/** A body, and what the provider accepts of it. */
interface Scene extends RemoteScene {
  readonly body: Uint8Array;
  readonly members: readonly ObjectMember[];
  readonly takes: Takes;
  readonly server: ServerTools;
}

function isIn<Item>(set: ReadonlySet<Item>, item: Item | undefined): boolean {
  return item !== undefined && set.has(item);
}

const BETAS = 'anthropic_beta';
const VERSION = 'anthropic_version';

/**
 * Whether the carrier takes the member elsewhere or sets it itself. Compares names in any case, since some parsers
 * ignore case.
 */
function isOfCarrier({ key }: ObjectMember, { carriage }: CarriageTarget, isCount: boolean): boolean {
  const name = key.toLowerCase();
  return (
    name === VERSION ||
    name === BETAS ||
    name === 'model' ||
    (name === 'stream' && (carriage === 'bedrock' || isCount))
  );
}

/** The edits inside the members that stay. Adds members that the edits leave empty to `cut`. */
function innerEdits(scene: Scene, cut: Set<ObjectMember>): Edit[] {
  const { body, members, losses, takes, server } = scene;
  const choice = memberNamed(members, 'tool_choice');
  const chosen = chosenTool(body, choice);
  const referenced = new Set(chosen === undefined ? [] : [chosen]);
  const judge = judgeOf(scene, referenced);
  const edits: Edit[] = [];
  for (const { key, value } of members) {
    if (key === 'messages')
      append(edits, messageEdits(body, value, { judge, foldSystem: !takes.system, losses, referenced }));
    else if (key === 'thinking') edits.push(...thinkingEdits(body, value, takes, losses));
  }
  const config = memberNamed(members, 'output_config');
  const inConfig = config === undefined ? [] : outputEdits(body, config.value, takes, losses);
  if (inConfig !== 'all') edits.push(...inConfig);
  else if (config !== undefined) cut.add(config);
  for (const member of members) {
    if (member.key !== 'tools') continue;
    const inner = toolEdits(body, member.value, { takes, server, referenced, chosen, losses });
    if (choice !== undefined && isChosenLost(body, member.value, server, chosen)) cut.add(choice);
    if (inner !== 'all') {
      append(edits, inner);
      continue;
    }
    cut.add(member);
    if (choice !== undefined) cut.add(choice);
  }
  return edits;
}

/** Moves the request's own cache mark to its last block. */
function requestMark(
  { body, members, losses }: Scene,
  cut: Set<ObjectMember>,
  edits: readonly Edit[],
): readonly Edit[] {
  const mark = memberNamed(members, 'cache_control');
  if (mark === undefined) return [];
  for (const member of members) if (member.key === mark.key) cut.add(member);
  if (isNull(body, mark.value.start)) return [];
  const moved = lastMarkEdits(body, members, edits);
  if (moved === undefined) losses.dropped(mark.key, 'the last block cannot have its mark');
  return moved ?? [];
}

function judgeOf(
  { takes, server, losses, files, takesIds, remote }: Scene,
  referenced: Set<string>,
): (block: Block) => Verdict {
  const thinking = thinkingJudge(true, losses);
  const media = remoteJudge({ files, takesIds, losses, remote });
  const search = takes.toolSearch ? undefined : toolSearchJudge(referenced, losses);
  const servers = serverToolJudge(server, losses);
  const found = (block: Block): Verdict => media(block) ?? search?.(block) ?? servers(block);
  const other = takesIds ? found : (block: Block): Verdict => withOwnMembers(found(block), block, losses);
  return (block) =>
    block.type !== 'tool_result'
      ? (thinking(block) ?? other(block))
      : takesIds
        ? resultEdits(block, other)
        : withOwnMembers(resultEdits(block, other), block, losses);
}

function additions({ carriage, model }: CarriageTarget, isCount: boolean, { kept }: Betas): JsonTree {
  if (carriage === 'vertex')
    return isCount ? { model, [VERSION]: 'vertex-2023-10-16' } : { [VERSION]: 'vertex-2023-10-16' };
  const version = { [VERSION]: 'bedrock-2023-05-31' };
  return kept.length === 0 ? version : { ...version, [BETAS]: kept };
}

/**
 * The `max_tokens` to add to a count request. Bedrock validates such a body like a generation request: a limit must
 * exist and exceed the thinking budget.
 */
function leastTokens({ body, members }: Scene): number | undefined {
  if (memberNamed(members, 'max_tokens') !== undefined) return undefined;
  const thinking = memberNamed(members, 'thinking');
  const budget = memberNamed(membersOf(body, thinking?.value.start ?? body.length), 'budget_tokens')?.value;
  const tokens = budget === undefined ? 0 : Number(TEXT.decode(body.subarray(budget.start, budget.end)));
  return Number.isSafeInteger(tokens) && tokens > 0 ? tokens + 1 : 1;
}

function insertion({ body }: Scene, added: JsonTree, isAlone: boolean): Edit {
  const at = valueBegin(body) + 1;
  const text = JSON.stringify(added).slice(1, -1);
  return { start: at, end: at, bytes: UTF8.encode(isAlone ? text : `${text},`) };
}

function bedrockCount(body: Uint8Array): Uint8Array {
  return UTF8.encode(JSON.stringify({ input: { invokeModel: { body: body.toBase64() } } }));
}

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder();
