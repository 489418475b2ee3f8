import { readFile } from 'node:fs/promises';
import { apisOnRoute, describeApis } from '../../../config/translated-apis.ts';
import type { Provider, Snapshot } from '../../../config/snapshot.ts';
import type { Model, Route } from '../../../routing/route.ts';
import { carry } from '../../../translation/carriage/carry.ts';
import type { ClientApi, Conversation } from '../../../translation/conversation.ts';
import type { Target } from '../../../translation/exchange.ts';
import type { Loss } from '../../../translation/losses.ts';
import { readRequest, translationFor } from '../../../translation/pair.ts';
import {
  type FetchedByPath,
  remoteMedia,
  type RemoteMedia,
  withFetchedMedia,
} from '../../../translation/remote-media.ts';
import { type RouteSpeech, routeSpeech } from '../../../translation/targets.ts';
import { UsageError } from '../../command.ts';

/** A body whose translation is explained. */
export interface SampleBody {
  readonly api: ClientApi;
  readonly path: string;
}

/** Lines that say how each route serves requests, and what the translation of a sample would lose there. */
export async function explainTranslation(
  model: Model,
  snapshot: Snapshot,
  sample: SampleBody,
): Promise<string[]> {
  const { conversation, bytes } = await readSample(sample);
  const routes = [model, ...model.fallbacks].flatMap((owner) =>
    owner.routes.map((route) => ({ owner, route })),
  );
  const lines: string[] = [];
  for (const { owner, route } of routes) {
    const provider = snapshot.providers.get(route.provider);
    if (provider === undefined) continue;
    const upstream = route.upstreamModel ?? owner.name;
    const said = { model: upstream, api: route.translation?.api };
    lines.push(`  ${provider.name} → ${upstream}  ${describeApis(apisOnRoute(provider, said))}`);
    const asked = { api: conversation.api, hasFunctionTools: conversation.tools.length > 0 };
    const speech = routeSpeech(provider.speaks, said, asked);
    const context = { model: owner, route, provider, snapshot };
    const isCarried = speech.kind === 'pass' && conversation.api === 'messages';
    const told =
      isCarried && speech.carriage !== undefined
        ? carriageLines(bytes, speech.carriage, context)
        : await linesOf(conversation, speech, context);
    lines.push(...told.map((line) => `    ${line}`));
  }
  return lines;
}

async function readSample({ api, path }: SampleBody): Promise<{
  readonly conversation: Conversation;
  readonly bytes: Uint8Array;
}> {
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes === undefined) throw new UsageError(`--body: ${path} can not be read.`);
  const text = new TextDecoder().decode(bytes);
  const reading = await readRequest(api, text, { requestId: 'req_explain', path: PATHS[api] });
  if (reading.kind === 'read') return { conversation: reading.conversation, bytes };
  throw new UsageError(`--body: ${reading.path === '' ? 'the body' : reading.path} ${reading.message}.`);
}

const PATHS: Readonly<Record<ClientApi, string>> = {
  chat: '/v1/chat/completions',
  completions: '/v1/completions',
  responses: '/v1/responses',
  messages: '/v1/messages',
  gemini: '/v1beta/models/model:generateContent',
  embeddings: '/v1/embeddings',
};

interface OnRoute {
  readonly model: Model;
  readonly route: Route;
  readonly provider: Provider;
  readonly snapshot: Snapshot;
}

async function linesOf(conversation: Conversation, speech: RouteSpeech, context: OnRoute): Promise<string[]> {
  if (speech.kind !== 'translate') return ['this body is not translated'];
  const target = targetOf(speech, context);
  const translation = await translationFor(conversation.api, target.api, target);
  const { fetchMedia } = context.snapshot.translation(context.model.name, context.provider);
  const asSent = fetchMedia ? asIfFetched(conversation, target) : conversation;
  const written = translation.request(asSent, { requestId: 'req_explain', now: 0 });
  const losses = written.kind === 'written' ? written.exchange.losses.all() : written.losses;
  const { pair } = translation;
  const head = written.kind === 'written' ? headOf(pair, losses) : notSent(pair, written.loss);
  return [head, ...losses.map(lossLine)];
}

/**
 * Describes the parts of a request that a cloud with the Messages API does not take. Files that would be fetched count
 * as sent.
 */
function carriageLines(
  bytes: Uint8Array,
  carriage: 'bedrock' | 'vertex',
  { model, route, provider, snapshot }: OnRoute,
): string[] {
  const { unsupported, fetchMedia } = snapshot.translation(model.name, provider);
  const target = {
    carriage,
    model: route.upstreamModel ?? model.name,
    betas: provider.anthropicBeta,
    midSystem: route.translation?.claude?.midSystem,
  };
  const { remote } = carry(bytes, target, { operation: 'generate' });
  const files = fetchMedia ? fetchedFiles(remote) : undefined;
  const { losses } = carry(bytes, target, { operation: 'generate', files });
  const refusing = losses.refusing(unsupported);
  const pair = `messages>messages@${carriage}`;
  const head = refusing === undefined ? headOf(pair, losses.all()) : notSent(pair, refusing);
  return [head, ...losses.all().map(lossLine)];
}

function headOf(pair: string, losses: readonly Loss[]): string {
  return `${pair}: ${losses.length === 0 ? 'nothing is lost' : 'sent, with these losses'}`;
}

function notSent(pair: string, { path, why }: Loss): string {
  return `${pair}: not sent, because of ${path} (${why})`;
}

/** Fetches nothing: each file is taken for one that a model accepts. */
function asIfFetched(conversation: Conversation, target: Target): Conversation {
  return withFetchedMedia(conversation, fetchedFiles(remoteMedia(conversation, target)));
}

function fetchedFiles(remote: readonly RemoteMedia[]): FetchedByPath {
  const files = remote.map(({ path, kind }) => {
    const mediaType = kind === 'image' ? 'image/png' : 'application/pdf';
    return [path, { kind: 'fetched', data: '', mediaType }] as const;
  });
  return new Map(files);
}

function lossLine({ what, path, why }: Loss): string {
  return `  ${what} ${path}: ${why}`;
}

function targetOf(
  { api, carriage, dialect }: Extract<RouteSpeech, { kind: 'translate' }>,
  { model, route, provider, snapshot }: OnRoute,
): Target {
  const { unsupported, signatureIds } = snapshot.translation(model.name, provider);
  const { maxOutputTokens, efforts, claude } = route.translation ?? {};
  return {
    provider: provider.name,
    api,
    carriage,
    model: route.upstreamModel ?? model.name,
    dialect,
    apiVersion: provider.speaks.apiVersion,
    policy: unsupported,
    maxOutputTokens,
    efforts,
    claude,
    autoCache: provider.autoCache,
    signatureIds,
  };
}
