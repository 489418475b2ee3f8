import type { Unknown } from '../conversation.ts';
import { asArray, asObject, asString, type JsonObject, writeJson } from '../json.ts';
import { type BlockPlace, textOfBlock } from './block-place.ts';

/**
 * Reads blocks that Anthropic's own tools and betas leave in a history, and unknown blocks. Replaces them with a text if
 * possible.
 */
// oxlint-disable-next-line max-params -- a block with its place
export function readOther(block: JsonObject, type: string, path: string, place: BlockPlace): Unknown {
  const unknown: Unknown = { kind: 'unknown', type, path };
  switch (type) {
    case 'tool_reference':
      return referred(unknown, asString(block['tool_name']) ?? '', place);
    case 'tool_addition':
      return addition(unknown, asObject(block['tool']) ?? {}, place);
    case 'tool_removal':
      return instead(unknown, `[${changed(asObject(block['tool']) ?? {})} no longer available]`);
    case 'search_result':
      if (asObject(block['citations'])?.['enabled'] === true) {
        const why = 'the API does not cite documents';
        place.losses.push({ path: `${path}.citations`, what: 'dropped', class: 'tuning', why });
      }
      return instead(unknown, searchResultText(block));
    case 'web_search_tool_result': {
      const lines = asArray(block['content'])
        .map(webResultLine)
        .filter((line) => line !== undefined);
      return lines.length === 0 ? { ...unknown, dispensable: true } : instead(unknown, lines.join('\n'));
    }
    case 'tool_search_tool_result': {
      const references = asArray(asObject(block['content'])?.['tool_references']);
      for (const reference of references)
        place.referenced.add(asString(asObject(reference)?.['tool_name']) ?? '');
      return { ...unknown, dispensable: true };
    }
    case 'mcp_tool_use':
      return instead(unknown, `[called ${nameOf(block)} with ${writeJson(block['input'] ?? {})}]`);
    case 'mcp_tool_result':
      return instead(unknown, `[result]\n${resultText(block['content'])}`);
    case 'compaction':
      return compaction(unknown, block);
    default:
      return DISPENSABLE.test(type) ? { ...unknown, dispensable: true } : unknown;
  }
}

/** The blocks of tools that Anthropic's servers ran. Another model can read nothing in them. */
const DISPENSABLE = /^(?:server_tool_use|.*_tool_result|mcp_tool_listing|fallback)$/;

function instead(unknown: Unknown, text: string): Unknown {
  return { ...unknown, instead: { text, loss: 'approximated' } };
}

function nameOf(block: JsonObject): string {
  return asString(block['name']) ?? '';
}

function referred(unknown: Unknown, name: string, { referenced }: BlockPlace): Unknown {
  referenced.add(name);
  return instead(unknown, `[tool ${name} is available]`);
}

/** A tool that is available from here on: one of the request's, or one that the block defines. */
function addition(unknown: Unknown, tool: JsonObject, place: BlockPlace): Unknown {
  const definition = asObject(tool['definition']);
  if (tool['type'] !== 'tool_definition' || definition === undefined) {
    if (tool['type'] === 'tool_reference') return referred(unknown, nameOf(tool), place);
    return instead(unknown, `[${changed(tool)} available]`);
  }
  place.added.push({ definition, path: `${unknown.path}.tool.definition` });
  return instead(unknown, `[tool ${nameOf(definition)} is available]`);
}

function changed(tool: JsonObject): string {
  const server = asString(tool['server_name']);
  if (tool['type'] === 'mcp_toolset_reference') return `the tools of ${server ?? ''} are`;
  return `tool ${nameOf(tool)} is`;
}

/** The summary of a compacted history. Only Anthropic can read one that is encrypted. */
function compaction(unknown: Unknown, { content, encrypted_content }: JsonObject): Unknown {
  const text = asString(content) ?? '';
  if (text !== '') return instead(unknown, text);
  return typeof encrypted_content === 'string' ? unknown : { ...unknown, dispensable: true };
}

function resultText(content: unknown): string {
  if (typeof content === 'string') return content;
  return asArray(content)
    .map((inner) => textOfBlock(inner) ?? '')
    .join('\n');
}

function webResultLine(value: unknown): string | undefined {
  const { title, url } = asObject(value) ?? {};
  const link = asString(url);
  return link === undefined ? undefined : `[web search: ${asString(title) ?? ''} – ${link}]`;
}

function searchResultText(block: JsonObject): string {
  const texts = asArray(block['content']).map((inner) => textOfBlock(inner));
  return [asString(block['title']), asString(block['source']), ...texts]
    .filter((text) => text !== undefined && text !== '')
    .join('\n');
}
