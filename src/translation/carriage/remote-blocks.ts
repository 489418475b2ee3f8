import { type Extent, memberNamed, membersOf, textOf } from '../../lib/json/json-outline.ts';
import type { LossList } from '../losses.ts';
import { isFetchable, textOfBytes } from '../media.ts';
import { type FetchedByPath, type FetchedMedia, type RemoteMedia, whyNot } from '../remote-media.ts';
import type { Block, Verdict } from '../same-api/message-block.ts';
import { blocksAt, listEdits } from '../same-api/message-edits.ts';

/** The known facts about the files that a body names. */
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
export function remoteJudge(scene: RemoteScene): (block: Block) => Verdict {
  return (block) => {
    const { bytes, members, type, path } = block;
    if (type !== 'image' && type !== 'document') return undefined;
    const source = memberNamed(members, 'source');
    if (source === undefined) return undefined;
    const inner = membersOf(bytes, source.value.start);
    const form = textOf(bytes, memberNamed(inner, 'type')?.value);
    if (form === 'url') {
      const url = textOf(bytes, memberNamed(inner, 'url')?.value) ?? '';
      return judgeUrl({ kind: type, url, path }, source.value, scene);
    }
    if (form !== 'file' || scene.takesIds) return undefined;
    scene.losses.meaning(path, 'the provider has no files by id');
    return 'cut';
  };
}

function judgeUrl(
  media: RemoteMedia,
  { start, end }: Extent,
  { files, losses, remote }: RemoteScene,
): Verdict {
  const { kind, url, path } = media;
  const file = files.get(path);
  const written = file?.kind === 'fetched' ? sourceOf(kind, file) : undefined;
  if (written !== undefined) return [{ start, end, bytes: UTF8.encode(written) }];
  if (file === undefined && isFetchable(url)) remote.push(media);
  const why =
    file?.kind === 'refused' ? whyNot(kind, file.why) : `the provider accepts ${kind}s only as bytes`;
  losses.meaning(path, why);
  return 'cut';
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

const UTF8 = new TextEncoder();
