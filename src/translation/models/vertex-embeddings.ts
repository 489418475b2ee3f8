/**
 * Whether Vertex AI serves the embeddings of this model by `:embedContent`. It serves older ones by `:predict`. Source:
 * `tIsVertexEmbedContentModel` of `@google/genai`.
 */
export function embedsContent(model: string): boolean {
  return (model.includes('gemini') && nameOf(model) !== GEMINI_001) || model.includes('maas');
}

/**
 * The most texts in one request. Source:
 * https://cloud.google.com/vertex-ai/generative-ai/docs/embeddings/get-text-embeddings#api_limits.
 */
export function vertexTexts(model: string): number {
  return embedsContent(model) || nameOf(model) === GEMINI_001 ? 1 : 250;
}

const GEMINI_001 = 'gemini-embedding-001';

function nameOf(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1);
}
