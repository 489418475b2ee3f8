import { memberNamed, membersOf, textOf } from '../../lib/json/json-outline.ts';
import type { LossList } from '../losses.ts';
import { textOfBytes } from '../media.ts';
import {
  type FetchedByPath,
  type FetchedMedia,
  isFetchable,
  type RemoteMedia,
  whyNot,
} from '../remote-media.ts';
import { type Block, blocksAt, listEdits, type Verdict } from '../same-api/message-edits.ts';

/** What is known of the files that a body names. */
export interface RemoteScene {
  /** The files that were fetched for it. */
  readonly files: FetchedByPath;
  /** Whether the carrier accepts files by their id. */
  readonly takesIds: boolean;
  readonly losses: LossList;
  /** Receives the images and documents of which only the URL is known. */
  readonly remote: RemoteMedia[];
}

/**
 * Judges images and documents: Bedrock and Vertex accept only their bytes. Writes a fetched file in place of its URL, and
 * cuts the others, which is a loss of meaning.
 */
export function remoteJudge({ files, takesIds, losses, remote }: RemoteScene): (block: Block) => Verdict {
  return ({ bytes, members, type, path }) => {
    if (type !== 'image' && type !== 'document') return undefined;
    const source = memberNamed(members, 'source');
    if (source === undefined) return undefined;
    const inner = membersOf(bytes, source.value.start);
    const form = textOf(bytes, memberNamed(inner, 'type')?.value);
    if (form === 'file' && !takesIds) {
      losses.meaning(path, 'the provider has no files by id');
      return 'cut';
    }
    if (form !== 'url') return undefined;
    const file = files.get(path);
    const written = file?.kind === 'fetched' ? sourceOf(type, file) : undefined;
    if (written !== undefined) return [{ ...extentOf(source.value), bytes: UTF8.encode(written) }];
    const url = textOf(bytes, memberNamed(inner, 'url')?.value) ?? '';
    if (file === undefined && isFetchable(url)) remote.push({ kind: type, url, path });
    losses.meaning(
      path,
      file?.kind === 'refused' ? whyNot(type, file.why) : `the provider accepts ${type}s only as bytes`,
    );
    return 'cut';
  };
}

/** The edits inside a tool result. Results do not nest, and descending further would cost the body's depth times its length. */
export function resultEdits(block: Block, judge: (inner: Block) => Verdict): Verdict {
  const content = memberNamed(block.members, 'content');
  if (content === undefined) return undefined;
  const { start, end } = content.value;
  const edits = listEdits(blocksAt(block.bytes, start, `${block.path}.content`), judge);
  return edits === 'all' ? [{ start, end, bytes: UTF8.encode('""') }] : edits;
}

/** The source of a fetched file; undefined: Messages accepts no such document. */
function sourceOf(
  type: 'image' | 'document',
  { data, mediaType }: Extract<FetchedMedia, { kind: 'fetched' }>,
): string | undefined {
  if (type === 'image' || mediaType === 'application/pdf')
    return `{"type":"base64","media_type":"${mediaType}","data":"${data}"}`;
  const text = textOfBytes(data);
  if (text === undefined) return undefined;
  return JSON.stringify({ type: 'text', media_type: 'text/plain', data: text });
}

function extentOf({ start, end }: { readonly start: number; readonly end: number }) {
  return { start, end };
}

const UTF8 = new TextEncoder();
