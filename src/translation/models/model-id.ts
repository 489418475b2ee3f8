/**
 * A model id normalised for the tables: lower case, dashes for dots, without a vendor prefix (`openai/`,
 * `us.anthropic.`) or a carrier's suffix (`@20250929`, `-v1:0`).
 */
export function plainModelId(model: string): string {
  const id = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  return id
    .replace(/^(?:[a-z-]+\.)?anthropic\./, '')
    .replace(/@.*$/, '')
    .replace(/-v\d+(?::\d+)?$/, '')
    .replaceAll('.', '-');
}
