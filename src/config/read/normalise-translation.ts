import { DEFAULTS } from '../schema/defaults.ts';
import { bytesOf } from '../schema/units.ts';
import type { ConfigFile } from '../schema/schema.ts';
import type { TranslationSettings } from '../snapshot.ts';
import type { RouteTranslation } from '../../routing/route.ts';

type TranslationEntry = NonNullable<ConfigFile['translation']>;
type RouteEntry = NonNullable<ConfigFile['models']>[string]['routes'][number];

/** The section `translation` of the top level, defaults filled in. */
export function normaliseTranslation(entry: TranslationEntry): TranslationSettings {
  return {
    unsupported: DEFAULTS.unsupported,
    signatureIds: true,
    fetchMedia: false,
    maxMediaBytes: bytesOf(DEFAULTS.maxMediaMb),
    ...ownTranslation(entry),
  };
}

/** Such a section of a provider or a model: only what it says. */
export function ownTranslation(entry: TranslationEntry): Partial<TranslationSettings> {
  const { unsupported, signature_ids: ids, fetch_media: fetchMedia, max_media_mb: mb } = entry;
  return {
    ...(typeof unsupported === 'string' && { unsupported }),
    ...(typeof ids === 'boolean' && { signatureIds: ids }),
    ...(typeof fetchMedia === 'boolean' && { fetchMedia }),
    ...(typeof mb === 'number' && { maxMediaBytes: bytesOf(mb) }),
  };
}

/** A route's translation settings; undefined: it has none. */
export function routeTranslation(entry: RouteEntry): RouteTranslation | undefined {
  const { api, max_output_tokens: maxOutputTokens, efforts, claude } = entry;
  const said: RouteTranslation = {
    ...(typeof api === 'string' && { api }),
    ...(typeof maxOutputTokens === 'number' && { maxOutputTokens }),
    ...(Array.isArray(efforts) && { efforts }),
    ...(claude && { claude: claudeTraits(claude) }),
  };
  return Object.keys(said).length === 0 ? undefined : said;
}

function claudeTraits(claude: NonNullable<RouteEntry['claude']>): NonNullable<RouteTranslation['claude']> {
  const { sampling, thinking, forced_tools: forcedTools, mid_system: midSystem, json } = claude;
  return {
    ...(typeof sampling === 'string' && { sampling }),
    ...(typeof thinking === 'string' && { thinking }),
    ...(typeof forcedTools === 'boolean' && { forcedTools }),
    ...(typeof midSystem === 'boolean' && { midSystem }),
    ...(typeof json === 'boolean' && { json }),
  };
}
