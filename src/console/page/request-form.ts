import type { Parameter } from '../../openapi/types.ts';
import type { Ask } from './ask.ts';
import { CREDENTIALS, credential, credentialFor } from './credentials.ts';
import { el } from './element.ts';
import { formField } from './form-field.ts';
import { jsonField } from './json-field.ts';
import { type ApiReference, bodyOf, type Entry, parametersOf, urlOf } from './reference.ts';
import { plain, shown } from './schema-view.ts';
import type { SnippetBody, SnippetRequest } from './snippets.ts';

/** The fields of an operation, to be filled in. */
export interface RequestForm {
  readonly element: HTMLElement;
  /** The request that would be sent now, including its credential. */
  readonly ask: () => Ask;
  /** The same request for display. */
  readonly snippet: () => SnippetRequest;
}

/** `onChange` is called when the request changes. */
export function requestForm(entry: Entry, reference: ApiReference, onChange: () => void): RequestForm {
  const inputs = parametersOf(entry, reference).map((parameter): ParameterInput => ({
    parameter,
    input: parameterInput(parameter, reference, onChange),
  }));
  const body = bodyInput(entry, reference, onChange);
  const valuesIn = (place: Parameter['in']): [Parameter, string][] =>
    inputs
      .filter(({ parameter, input }) => parameter.in === place && input.value !== '')
      .map(({ parameter, input }) => [parameter, input.value]);
  const url = (): string => {
    const path = valuesIn('path').reduce(
      (path, [parameter, value]) => path.replace(`{${parameter.name}}`, encoded(parameter, value)),
      entry.path,
    );
    const query = new URLSearchParams(valuesIn('query').map(([{ name }, value]) => [name, value])).toString();
    return urlOf(path) + (query === '' ? '' : `?${query}`);
  };
  const headers = (): Record<string, string> =>
    Object.fromEntries(valuesIn('header').map(([{ name }, value]) => [name, value]));
  const access = credentialFor(entry.operation);
  const needed = inputs.filter(({ parameter }) => parameter.required === true);
  const optional = inputs.filter(({ parameter }) => parameter.required !== true);
  const method = entry.method.toUpperCase();
  return {
    element: el(
      'div',
      { class: 'request-form' },
      ...needed.map(parameterField),
      body.element,
      // Without a body, these are the only fields.
      ...(body.element === undefined ? optional.map(parameterField) : [folded(optional)]),
    ),
    ask() {
      const key = access === undefined ? '' : credential(access.name);
      const sent = body.sent();
      return {
        method,
        url: url(),
        headers: {
          ...(key !== '' && { authorization: `Bearer ${key}` }),
          ...(typeof sent === 'string' && { 'content-type': 'application/json' }),
          ...headers(),
        },
        body: sent,
      };
    },
    snippet: () => ({
      method,
      url: url(),
      headers: headers(),
      variable: access?.isNeeded === true ? CREDENTIALS[access.name].variable : undefined,
      body: body.shown(),
    }),
  };
}

interface ParameterInput {
  readonly parameter: Parameter;
  readonly input: HTMLInputElement | HTMLSelectElement;
}

function parameterField({ parameter, input }: ParameterInput): HTMLElement {
  return el(
    'div',
    { class: 'field' },
    el('label', { for: input.id }, parameter.name, el('span', { class: 'note' }, parameter.in)),
    input,
  );
}

function folded(inputs: readonly ParameterInput[]): HTMLElement | undefined {
  if (inputs.length === 0) return undefined;
  return el('details', {}, el('summary', {}, 'Optional parameters'), ...inputs.map(parameterField));
}

function parameterInput(
  { name, required, example, schema }: Parameter,
  reference: ApiReference,
  onChange: () => void,
): ParameterInput['input'] {
  const { enum: words, default: preset } = plain(schema, reference);
  const attributes = { id: `parameter-${name}`, required: required === true, oninput: onChange };
  if (words !== undefined) {
    return el(
      'select',
      attributes,
      el('option', { value: '' }, '—'),
      ...words.map((word) => el('option', {}, shown(word))),
    );
  }
  const input = el('input', {
    ...attributes,
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: preset === undefined ? undefined : shown(preset),
  });
  if (example !== undefined) input.value = shown(example);
  return input;
}

function encoded({ 'x-segments': segments }: Parameter, value: string): string {
  const text = encodeURIComponent(value);
  return segments === 'many' ? text.replaceAll('%2F', '/') : text;
}

interface BodyInput {
  readonly element: HTMLElement | undefined;
  readonly sent: () => Ask['body'];
  readonly shown: () => SnippetBody;
}

function bodyInput(entry: Entry, reference: ApiReference, onChange: () => void): BodyInput {
  const body = bodyOf(entry, reference);
  if (body === undefined) {
    return { element: undefined, sent: () => undefined, shown: () => ({ kind: 'none' }) };
  }
  if (body.type === 'multipart/form-data') {
    const form = formField(onChange);
    return {
      element: form.element,
      sent: form.data,
      shown: () => ({ kind: 'form', fields: form.fields() }),
    };
  }
  const json = jsonField(body, onChange);
  const text = (): string | undefined => (json.text().trim() === '' ? undefined : json.text());
  return {
    element: json.element,
    sent: text,
    shown() {
      const shown = text();
      return shown === undefined ? { kind: 'none' } : { kind: 'json', text: shown };
    },
  };
}
