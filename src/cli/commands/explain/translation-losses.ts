import { readFile } from 'node:fs/promises';
import { apisOnRoute, describeApis } from '../../../config/translated-apis.ts';
import type { Provider, Snapshot } from '../../../config/snapshot.ts';
import type { Model, Route } from '../../../routing/route.ts';
import type { ClientApi, Conversation } from '../../../translation/conversation.ts';
import type { Target } from '../../../translation/exchange.ts';
import type { Loss } from '../../../translation/losses.ts';
import { readRequest, translationFor } from '../../../translation/pair.ts';
import { remoteMedia, withFetchedMedia } from '../../../translation/remote-media.ts';
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
  const conversation = await readSample(sample);
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
    lines.push(...(await linesOf(conversation, speech, context)).map((line) => `    ${line}`));
  }
  return lines;
}

async function readSample({ api, path }: SampleBody): Promise<Conversation> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) throw new UsageError(`--body: ${path} can not be read.`);
  const reading = await readRequest(api, text, { requestId: 'req_explain', path: PATHS[api] });
  if (reading.kind === 'read') return reading.conversation;
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
  const head =
    written.kind === 'written'
      ? `${translation.pair}: ${losses.length === 0 ? 'nothing is lost' : 'sent, with these losses'}`
      : `${translation.pair}: not sent, because of ${written.loss.path} (${written.loss.why})`;
  return [head, ...losses.map(lossLine)];
}

/** Fetches nothing: each file is taken for one that a model accepts. */
function asIfFetched(conversation: Conversation, target: Target): Conversation {
  const files = remoteMedia(conversation, target).map(({ path, kind }) => {
    const mediaType = kind === 'image' ? 'image/png' : 'application/pdf';
    return [path, { kind: 'fetched', data: '', mediaType }] as const;
  });
  return withFetchedMedia(conversation, new Map(files));
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
