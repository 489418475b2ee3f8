import { type Extent, memberNamed, textOf } from '../../lib/json/json-outline.ts';
import { asObject, parsed } from '../json.ts';
import type { LossList } from '../losses.ts';
import { readOther } from '../anthropic-messages/read-other-blocks.ts';
import type { Block, Verdict } from '../same-api/message-block.ts';
import { blocksAt } from '../same-api/message-edits.ts';
import type { Betas } from './betas.ts';

/** Anthropic's server tools by the first part of their type, and the betas that name them. */
const SERVER_TOOLS: readonly (readonly [start: string, betas: readonly string[]])[] = [
  ['web_search_', ['web-search']],
  ['web_fetch_', ['web-fetch']],
  ['code_execution_', ['code-execution']],
  ['advisor_', ['advisor-tool']],
  ['mcp_toolset', ['mcp-client']],
];

/** Tools that run on Anthropic's servers, which carriers do not have. */
export interface ServerTools {
  /** Whether the carrier does not run the tool of this type. */
  readonly isLost: (type: string | undefined) => boolean;
}

/**
 * The server tools of a carrier: a web search at Vertex, and those whose beta the provider lists
 * (https://platform.claude.com/docs/en/build-with-claude/overview). `passes`: the provider accepts everything.
 */
export function serverToolsOf(carriage: 'bedrock' | 'vertex', betas: Betas, passes: boolean): ServerTools {
  const lost = SERVER_TOOLS.filter(
    ([start, names]) => !passes && !(carriage === 'vertex' && start === 'web_search_') && !betas.takes(names),
  );
  return { isLost: (type) => type !== undefined && lost.some(([start]) => type.startsWith(start)) };
}

/**
 * Whether losing the tool changes the meaning of the request: the choice names it, or there is no other tool. Records
 * the loss.
 */
export function tellServerTool(
  { bytes, members, type, path }: Block,
  {
    chosen,
    isOnly,
    losses,
  }: { readonly chosen: string | undefined; readonly isOnly: boolean; readonly losses: LossList },
): void {
  const name = textOf(bytes, memberNamed(members, 'name')?.value);
  const why = `the provider has no ${type ?? 'such tool'}`;
  if (isOnly || (name !== undefined && name === chosen)) losses.meaning(path, why);
  else losses.dropped(path, why);
}

/**
 * Judges blocks that server tools leave in a history. A carrier without the tool refuses them, so that a text replaces
 * what another model could read of them too.
 */
export function serverToolJudge({ isLost }: ServerTools, losses: LossList): (block: Block) => Verdict {
  return (block) => {
    const { bytes, members, type, path } = block;
    const tool = type === undefined ? undefined : toolOf(block, type);
    if (tool === undefined || !isLost(tool))
      return type === 'text' ? citationEdits(block, isLost, losses) : undefined;
    const value = asObject(parsed(TEXT.decode(bytes.subarray(block.start, block.end)))) ?? {};
    const noted = { slices: () => undefined, turn: 0, block: 0, referenced: new Set<string>() };
    const { instead, dispensable } = readOther(value, type ?? '', path, { ...noted, added: [], losses: [] });
    if (instead === undefined) {
      if (dispensable === true) losses.dropped(path, `the provider does not accept ${type}`);
      else losses.meaning(path, `the provider does not accept ${type}`);
      return 'cut';
    }
    losses.approximated(path, `a text replaces ${type}`);
    const cache = memberNamed(members, 'cache_control');
    const mark = cache === undefined ? '' : `,${TEXT.decode(bytes.subarray(cache.start, cache.end))}`;
    const text = `{"type":"text","text":${JSON.stringify(instead.text)}${mark}}`;
    return [{ start: block.start, end: block.end, bytes: UTF8.encode(text) }];
  };
}

/** The type of the tool that made a block; undefined for blocks of other kinds. */
function toolOf({ bytes, members }: Block, type: string): string | undefined {
  if (type === 'container_upload') return 'code_execution_';
  if (type === 'mcp_tool_use' || type === 'mcp_tool_result' || type === 'mcp_tool_listing')
    return 'mcp_toolset';
  const name =
    type === 'server_tool_use'
      ? (textOf(bytes, memberNamed(members, 'name')?.value) ?? '')
      : type.replace(RESULT, '');
  if (type !== 'server_tool_use' && !RESULT.test(type)) return undefined;
  // bash_code_execution and text_editor_code_execution belong to code execution.
  return name.endsWith('code_execution') ? 'code_execution_' : `${name}_`;
}

const RESULT = /_tool_result$/;

/** Citations of a search have an index that only the search can read. */
function citationEdits(
  { bytes, members, path }: Block,
  isLost: ServerTools['isLost'],
  losses: LossList,
): Verdict {
  const citations = memberNamed(members, 'citations');
  if (citations === undefined || !isLost('web_search_')) return undefined;
  const text = TEXT.decode(bytes.subarray(citations.value.start, citations.value.end));
  if (!text.includes('"web_search_result_location"')) return undefined;
  losses.dropped(`${path}.citations`, 'the provider has no web search');
  return [{ ...citations.value, bytes: UTF8.encode('null') }];
}

/** Whether the choice names one of the tools that the carrier does not run. */
export function isChosenLost(
  bytes: Uint8Array,
  tools: Extent,
  { isLost }: ServerTools,
  chosen: string | undefined,
): boolean {
  if (chosen === undefined) return false;
  return blocksAt(bytes, tools.start, 'tools').some(
    ({ members, type }) => isLost(type) && textOf(bytes, memberNamed(members, 'name')?.value) === chosen,
  );
}

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder();
