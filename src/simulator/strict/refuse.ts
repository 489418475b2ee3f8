import { badRequest, type Refused } from '../api-error.ts';
import type { Call } from '../call.ts';
import { Misfit, type Path } from './shape.ts';

/** Builds an API's error for an invalid body. */
export type Words = (misfit: Misfit) => Refused;

/** Runs checks of a body. Throws `Refused` with the API's error if one fails. */
export function checking(words: Words, check: (call: Call) => void): (call: Call) => void {
  return (call) => {
    try {
      check(call);
    } catch (error) {
      throw error instanceof Misfit ? words(error) : error;
    }
  };
}

/** OpenAI's error messages. */
export const openAiWords: Words = ({ problem, path, detail }) => {
  const place = bracketed(path);
  switch (problem) {
    case 'missing':
      return badRequest(`Missing required parameter: '${place}'.`, 'missing_required_parameter');
    case 'unknown':
      return badRequest(`Unknown parameter: '${place}'.`, 'unknown_parameter');
    case 'type':
      return badRequest(`Invalid type for '${place}': expected ${detail}.`, 'invalid_type');
    case 'value':
      return badRequest(`Invalid value for '${place}'. Supported values are: ${detail}.`, 'invalid_value');
    case 'rule':
      return badRequest(`Invalid '${place}': ${detail}`, 'invalid_value');
  }
};

/** Anthropic's error messages. */
export const anthropicWords: Words = ({ problem, path, detail }) => {
  const place = path.join('.');
  switch (problem) {
    case 'missing':
      return badRequest(`${place}: Field required`);
    case 'unknown':
      return badRequest(`${place}: Extra inputs are not permitted`);
    case 'type':
      return badRequest(`${place}: Input should be ${detail}`);
    case 'value':
      return badRequest(`${place}: Input should be ${detail}`);
    case 'rule':
      return badRequest(`${place}: ${detail}`);
  }
};

/** Google's error messages. */
export const googleWords: Words = ({ problem, path, detail }) => {
  const place = bracketed(path);
  switch (problem) {
    case 'unknown': {
      const where = bracketed(path.slice(0, -1));
      const at = where === '' ? '' : ` at '${where}'`;
      const name = String(path.at(-1));
      return badRequest(`Invalid JSON payload received. Unknown name "${name}"${at}: Cannot find field.`);
    }
    case 'missing':
      return badRequest(`* GenerateContentRequest.${place}: required field is not set`);
    case 'type':
    case 'value':
      return badRequest(`Invalid value at '${place}': expected ${detail}`);
    case 'rule':
      return badRequest(`* GenerateContentRequest.${place}: ${detail}`);
  }
};

/** AWS's error messages. */
export const bedrockWords: Words = ({ problem, path, detail }) => {
  const place = path.join('.');
  switch (problem) {
    case 'missing':
      return badRequest(
        `1 validation error detected: Value at '${place}' failed to satisfy constraint: Member must not be null`,
      );
    case 'unknown':
      return badRequest(
        `Malformed input request: #: extraneous key [${place}] is not permitted, please reformat your input and try again.`,
      );
    case 'type':
    case 'value':
      return badRequest(
        `1 validation error detected: Value at '${place}' failed to satisfy constraint: Member must satisfy ${detail}`,
      );
    case 'rule':
      return badRequest(`The value at ${place} is not valid: ${detail}`);
  }
};

/** Formats a path as `messages[0].content`. */
function bracketed(path: Path): string {
  let text = '';
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`;
  return text;
}
