import {
  cuts,
  elementsOf,
  type Extent,
  memberNamed,
  membersOf,
  type ObjectMember,
  textOf,
} from '../../lib/json/json-outline.ts';
import type { Edit } from '../../lib/splice.ts';
import type { LossList } from '../losses.ts';
import type { Block, Verdict } from '../same-api/message-block.ts';
import { blocksAt, listEdits } from '../same-api/message-edits.ts';
import type { Betas } from './betas.ts';
import { isNull, ONLY_ANTHROPIC } from './own-members.ts';
import { type ServerTools, tellServerTool } from './server-tools.ts';
import { ownValue } from '../../lib/own-value.ts';

/** A field that exists only in an Anthropic beta. */
interface BetaField {
  readonly betas: readonly string[];
  /** Whether dropping it changes the meaning of the request. */
  readonly meaning?: boolean;
}

/**
 * Top-level fields of Anthropic's own service, from the types of `@anthropic-ai/sdk` 1.14 and from requests of Claude
 * Code. Those without a beta belong to its accounts and regions. Clients send released ones without naming the beta.
 */
const FIELDS: Readonly<Record<string, BetaField>> = {
  billing_policy: { betas: ['user-profiles-billing'] },
  compaction: { betas: ['compact'] },
  container: { betas: ['code-execution', 'skills'], meaning: true },
  context_management: { betas: ['context-management', 'compact'] },
  diagnostics: { betas: ['cache-diagnosis'] },
  fallback_credit_token: { betas: ['fallback-credit'] },
  fallbacks: { betas: ['server-side-fallback'] },
  inference_geo: { betas: [] },
  mcp_servers: { betas: ['mcp-client'], meaning: true },
  output_format: { betas: ['structured-outputs'], meaning: true },
  safeguards: { betas: ['safeguards'] },
  service_tier: { betas: [] },
  speed: { betas: ['fast-mode'] },
  thread: { betas: ['message-threads'], meaning: true },
  user_profile_id: { betas: ['user-profiles'] },
  workspace_id: { betas: [] },
};

/** Whether the field must be dropped because the provider does not accept it. Records the loss, unless it is null. */
export function isLostField(
  { key, value }: ObjectMember,
  bytes: Uint8Array,
  { betas, losses }: { readonly betas: Betas; readonly losses: LossList },
): boolean {
  const field = ownValue(FIELDS, key);
  if (field === undefined || betas.takes(field.betas)) return false;
  if (isNull(bytes, value.start)) return true;
  const why = field.betas.length === 0 ? ONLY_ANTHROPIC : BETA_REFUSED;
  if (field.meaning === true) losses.meaning(key, why);
  else losses.dropped(key, why);
  return true;
}

const BETA_REFUSED = 'the provider does not accept the beta of this field';

const TOOL_SEARCH = ['advanced-tool-use', 'tool-search-tool', 'tool-search'];
const EAGER_INPUT = ['fine-grained-tool-streaming'];
const MID_SYSTEM = ['mid-conversation-system'];

/** The beta features inside the body that the provider accepts. */
export interface Takes {
  readonly system: boolean;
  readonly toolSearch: boolean;
  readonly display: boolean;
  readonly binding: boolean;
  readonly taskBudget: boolean;
  /** Members of tools. */
  readonly members: Readonly<Record<string, boolean>>;
}

/** `strict`: the model accepts strict tools where it is carried. */
export function takesOf(betas: Betas, passes: boolean, strict: boolean): Takes {
  return {
    system: betas.takes(MID_SYSTEM),
    toolSearch: passes || betas.takes(TOOL_SEARCH),
    display: passes || betas.takes(['thinking-display-updates']),
    binding: passes || betas.takes(['thinking-binding-controls']),
    taskBudget: passes || betas.takes(['task-budgets']),
    members: {
      strict: passes || strict || betas.takes(['structured-outputs']),
      input_examples: passes || betas.takes(['advanced-tool-use', 'tool-examples']),
      allowed_callers: passes || betas.takes(['advanced-tool-use', 'code-execution']),
      eager_input_streaming: passes || betas.takes(EAGER_INPUT),
    },
  };
}

/** Judges message blocks that tool search leaves in a history. Adds the names of the tools found to `referenced`. */
export function toolSearchJudge(referenced: Set<string>, losses: LossList): (block: Block) => Verdict {
  return (block) => {
    const { bytes, members, type, path } = block;
    const isSearch =
      type === 'server_tool_use' &&
      textOf(bytes, memberNamed(members, 'name')?.value)?.startsWith('tool_search') === true;
    if (type === 'tool_reference') return referenceAsText(block, referenced, losses);
    if (type !== 'tool_search_tool_result' && !isSearch) return undefined;
    if (!isSearch) noteFound(bytes, memberNamed(members, 'content'), referenced);
    losses.dropped(path, 'the provider does not support tool search');
    return 'cut';
  };
}

/** Replaces a tool reference with a text. */
function referenceAsText(
  { bytes, members, start, end, path }: Block,
  referenced: Set<string>,
  losses: LossList,
): readonly Edit[] {
  const name = textOf(bytes, memberNamed(members, 'tool_name')?.value) ?? '';
  referenced.add(name);
  losses.approximated(path, 'a text replaces tool_reference');
  const cache = memberNamed(members, 'cache_control');
  const mark = cache === undefined ? '' : `,${TEXT.decode(bytes.subarray(cache.start, cache.end))}`;
  const text = JSON.stringify(`[tool ${name} is available]`);
  return [{ start, end, bytes: UTF8.encode(`{"type":"text","text":${text}${mark}}`) }];
}

function noteFound(bytes: Uint8Array, content: ObjectMember | undefined, referenced: Set<string>): void {
  const found = memberNamed(membersOf(bytes, content?.value.start ?? bytes.length), 'tool_references');
  if (found === undefined) return;
  for (const { members } of blocksAt(bytes, found.value.start, '')) {
    const name = textOf(bytes, memberNamed(members, 'tool_name')?.value);
    if (name !== undefined) referenced.add(name);
  }
}

/** The facts about a body by which its tools are judged. */
export interface ToolScene {
  readonly takes: Takes;
  readonly server: ServerTools;
  /** Tools that the history or the choice names. */
  readonly referenced: ReadonlySet<string>;
  /** The tool that the choice names. */
  readonly chosen: string | undefined;
  readonly losses: LossList;
}

/** The edits of the list of tools; `all`: no tool is left. */
export function toolEdits(
  bytes: Uint8Array,
  list: Extent,
  { takes, referenced, losses, server, chosen }: ToolScene,
): readonly Edit[] | 'all' {
  const tools = blocksAt(bytes, list.start, 'tools');
  const isOnly = tools.length === 1;
  const isSearch = ({ type }: Block) => type?.startsWith('tool_search_') === true;
  const hasSearch = tools.some(isSearch);
  return listEdits(tools, (tool) => {
    const { members, path } = tool;
    const lost = new Set<string>();
    if (server.isLost(tool.type)) {
      tellServerTool(tool, { chosen, isOnly, losses });
      return 'cut';
    }
    if (!takes.toolSearch) {
      if (isSearch(tool)) {
        losses.dropped(path, 'the provider does not support tool search');
        return 'cut';
      }
      const deferred = memberNamed(members, 'defer_loading');
      const name = textOf(bytes, memberNamed(members, 'name')?.value) ?? '';
      const isHidden = deferred !== undefined && bytes[deferred.value.start] === LOWER_T && !hasSearch;
      if (isHidden && !referenced.has(name)) return 'cut';
      if (deferred !== undefined) lost.add('defer_loading');
    }
    for (const { key, value } of members) {
      if (takes.members[key] !== false) continue;
      lost.add(key);
      // False and null ask for nothing.
      if (!isOff(bytes, value.start)) losses.dropped(`${path}.${key}`, BETA_REFUSED);
    }
    return lost.size === 0 ? undefined : cuts(members, (at) => lost.has(members[at]?.key ?? ''));
  });
}

function isOff(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === LOWER_F || isNull(bytes, at);
}

/** The edits of `output_config`; `all`: nothing is left of it. */
export function outputEdits(
  bytes: Uint8Array,
  value: Extent,
  takes: Takes,
  losses: LossList,
): readonly Edit[] | 'all' {
  const members = membersOf(bytes, value.start);
  if (takes.taskBudget) return [];
  const isLost = (member: ObjectMember | undefined): boolean => member?.key === 'task_budget';
  if (!members.some(isLost)) return [];
  losses.dropped('output_config.task_budget', BETA_REFUSED);
  return members.every(isLost) ? 'all' : cuts(members, (at) => isLost(members[at]));
}

/** The edits of `thinking`. */
export function thinkingEdits(bytes: Uint8Array, value: Extent, takes: Takes, losses: LossList): Edit[] {
  const members = membersOf(bytes, value.start);
  return cuts(members, (at) => {
    const member = members[at];
    const isUpdates =
      member?.key === 'display' && !takes.display && textOf(bytes, member.value) === 'updates';
    const isBinding = member?.key === 'block_binding' && !takes.binding;
    if (!isUpdates && !isBinding) return false;
    losses.dropped(`thinking.${member.key}`, BETA_REFUSED);
    return true;
  });
}

/** The name of the tool in the choice; undefined if it names none. */
export function chosenTool(bytes: Uint8Array, choice: ObjectMember | undefined): string | undefined {
  if (choice === undefined) return undefined;
  return textOf(bytes, memberNamed(membersOf(bytes, choice.value.start), 'name')?.value);
}

/** The strings in a list. */
export function textsOf(bytes: Uint8Array, list: Extent): readonly string[] {
  return elementsOf(bytes, list.start).flatMap((extent) => textOf(bytes, extent) ?? []);
}

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder();
const LOWER_T = 0x74;
const LOWER_F = 0x66;
