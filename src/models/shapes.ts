import type { ErrorShape } from '../protocols/error-body.ts';
import type { PublicModel } from './model-catalogue.ts';

/** A list of models, or a single model, in the shape of the client's API. */
export interface ModelShape {
  readonly list: (models: readonly PublicModel[], query: URLSearchParams) => object;
  readonly one: (model: PublicModel) => object;
}

/** OpenAI: https://platform.openai.com/docs/api-reference/models/list */
const OPENAI: ModelShape = {
  list: (models) => ({ object: 'list', data: models.map(openaiModel) }),
  one: openaiModel,
};

function openaiModel({ id, createdS, ownedBy }: PublicModel): object {
  return { id, object: 'model', created: createdS, owned_by: ownedBy };
}

/** Anthropic: https://docs.anthropic.com/en/api/models-list; a single page without `limit`. */
const ANTHROPIC: ModelShape = {
  list(models, query) {
    const { page, hasMore } = anthropicPage(models, query);
    return {
      data: page.map(anthropicModel),
      has_more: hasMore,
      first_id: page[0]?.id ?? null,
      last_id: page.at(-1)?.id ?? null,
    };
  },
  one: anthropicModel,
};

function anthropicModel({ id, displayName, createdS }: PublicModel): object {
  const createdAt = new Date(createdS * 1000).toISOString().replace('.000Z', 'Z');
  return { type: 'model', id, display_name: displayName, created_at: createdAt };
}

function anthropicPage(
  models: readonly PublicModel[],
  query: URLSearchParams,
): { readonly page: readonly PublicModel[]; readonly hasMore: boolean } {
  const limit = countIn(query, 'limit') ?? models.length;
  const before = models.findIndex(({ id }) => id === query.get('before_id'));
  if (before !== -1) {
    const start = Math.max(0, before - limit);
    return { page: models.slice(start, before), hasMore: start > 0 };
  }
  const start = models.findIndex(({ id }) => id === query.get('after_id')) + 1;
  return { page: models.slice(start, start + limit), hasMore: start + limit < models.length };
}

/** Google: https://ai.google.dev/api/models; a single page without `pageSize`. */
const GOOGLE: ModelShape = {
  list(models, query) {
    const start = countIn(query, 'pageToken') ?? 0;
    const end = start + (countIn(query, 'pageSize') ?? models.length);
    return {
      models: models.slice(start, end).map(googleModel),
      ...(end < models.length && { nextPageToken: String(end) }),
    };
  },
  one: googleModel,
};

function googleModel({ id, displayName }: PublicModel): object {
  return {
    name: `models/${id}`,
    displayName,
    supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
  };
}

/** A number in the query; undefined if it is missing, invalid, or 0. */
function countIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? '';
  return /^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}

export const MODEL_SHAPES: Readonly<Record<ErrorShape, ModelShape>> = {
  openai: OPENAI,
  anthropic: ANTHROPIC,
  gemini: GOOGLE,
};
