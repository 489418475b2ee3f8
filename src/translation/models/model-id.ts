/**
 * A model's id as the tables read it: small letters, dots as dashes; without a vendor in front (`openai/`, `us.anthropic.`) and without
 * what a carrier puts behind (`@20250929`, `-v1:0`).
 */
export function plainModelId(model: string): string {
  const id = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  return id
    .replace(/^(?:[a-z-]+\.)?anthropic\./, '')
    .replace(/@.*$/, '')
    .replace(/-v\d+(?::\d+)?$/, '')
    .replaceAll('.', '-');
}
