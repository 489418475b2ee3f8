import type { Media, MediaSource, Part, Seal, Text, ToolResult, Unknown } from '../conversation.ts';
import { openEnvelope } from '../envelope.ts';
import { asArray, asObject, asString, type JsonObject, writeJson } from '../json.ts';
import { plainMediaType } from '../media.ts';
import { cacheMark, objectAt } from '../request-fields.ts';
import { InvalidBody } from '../sides.ts';
import { type BlockPlace, textOfBlock } from './block-place.ts';
import { readOther } from './read-other-blocks.ts';

/** Reads one content block. @throws InvalidBody */
export function readBlock(value: unknown, path: string, place: BlockPlace): readonly Part[] {
  if (typeof value === 'string') return [{ kind: 'text', text: value, path }];
  const block = objectAt(value, path);
  const type = asString(block['type']);
  if (type === undefined) throw new InvalidBody(`${path}.type`, 'the block has no type');
  const cache = cacheMark(block);
  switch (type) {
    case 'text':
      if (asArray(block['citations']).length > 0)
        tell(place, `${path}.citations`, 'citations have no equivalent');
      return [{ kind: 'text', text: asString(block['text']) ?? '', path, cache }];
    case 'image':
    case 'document':
      tellMember(block, 'transformations', path, place);
      return [{ ...readMedia(block, type, path), cache }];
    case 'tool_use': {
      if (asString(asObject(block['caller'])?.['type']) !== 'direct')
        tellMember(block, 'caller', path, place);
      tellMember(block, 'toolset_name', path, place);
      const input = place.slices(place.turn, place.block) ?? writeJson(block['input'] ?? {});
      const name = asString(block['name']) ?? '';
      const id = asString(block['id']) ?? '';
      return [{ kind: 'call', id, name, arguments: input, form: 'function', path, cache }];
    }
    case 'tool_result':
      return [readResult(block, path, place)];
    case 'thinking':
    case 'redacted_thinking':
      return readThinking(block, path);
    default:
      return [{ ...readOther(block, type, path, place), cache }];
  }
}

function tell({ losses }: BlockPlace, path: string, why: string): void {
  losses.push({ path, what: 'dropped', class: 'tuning', why });
}

/** Tells a member that no other API has. */
function tellMember(block: JsonObject, name: string, path: string, place: BlockPlace): void {
  if (block[name] !== undefined && block[name] !== null)
    tell(place, `${path}.${name}`, 'only Anthropic has this field');
}

function readMedia(block: JsonObject, kind: 'image' | 'document', path: string): Media | Unknown {
  const given = asObject(block['source']) ?? {};
  const source = sourceOf(given);
  if (source === undefined) return { kind: 'unknown', type: `${kind} of ${String(given['type'])}`, path };
  return {
    kind,
    source,
    mediaType: plainMediaType(asString(given['media_type']) ?? ''),
    title: asString(block['title']),
    context: asString(block['context']),
    citations: asObject(block['citations'])?.['enabled'] === true ? true : undefined,
    path,
  };
}

function sourceOf(source: JsonObject): MediaSource | undefined {
  switch (source['type']) {
    case 'base64':
      return { kind: 'bytes', data: asString(source['data']) ?? '' };
    case 'url':
      return { kind: 'url', url: asString(source['url']) ?? '' };
    case 'file':
      return { kind: 'file-id', id: asString(source['file_id']) ?? '' };
    case 'text':
      return { kind: 'text', text: asString(source['data']) ?? '' };
    case 'content': {
      const { content } = source;
      const texts = typeof content === 'string' ? [content] : asArray(content).map(textOfBlock);
      return texts.includes(undefined) ? undefined : { kind: 'text', text: texts.join('\n') };
    }
    default:
      return undefined;
  }
}

function readResult(block: JsonObject, path: string, place: BlockPlace): ToolResult {
  const { content } = block;
  tellMember(block, 'toolset_name', path, place);
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : asArray(content);
  const parts = blocks.flatMap((inner, index) =>
    readBlock(inner, typeof content === 'string' ? `${path}.content` : `${path}.content[${index}]`, place),
  );
  return {
    kind: 'result',
    callId: asString(block['tool_use_id']) ?? '',
    parts: parts.filter(
      (part): part is Text | Media | Unknown =>
        part.kind !== 'call' && part.kind !== 'result' && part.kind !== 'reasoning',
    ),
    isError: typeof block['is_error'] === 'boolean' ? block['is_error'] : undefined,
    path,
    cache: cacheMark(block),
  };
}

function readThinking(block: JsonObject, path: string): readonly Part[] {
  if (block['type'] === 'redacted_thinking') {
    const data = asString(block['data']) ?? '';
    const envelope = openEnvelope(data);
    const seal: Seal = envelope?.seal ?? { origin: 'anthropic', provider: '', payload: data };
    return [{ kind: 'reasoning', text: '', seal, redacted: true, path }];
  }
  const text = asString(block['thinking']) ?? '';
  const signature = asString(block['signature']) ?? '';
  if (signature === '') return text === '' ? [] : [{ kind: 'reasoning', text, redacted: false, path }];
  const envelope = openEnvelope(signature);
  const seal: Seal = envelope?.seal ?? { origin: 'anthropic', provider: '', payload: signature };
  return [{ kind: 'reasoning', text, seal, redacted: envelope?.redacted ?? false, path }];
}
