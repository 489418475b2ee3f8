import type { Header, Parameter, Response } from '../../openapi/types.ts';
import { CREDENTIALS, credentialFor } from './credentials.ts';
import { copyButton } from './code.ts';
import { el } from './element.ts';
import { icon } from './icon.ts';
import { inline, prose } from './prose.ts';
import { type ApiReference, bodyOf, type Entry, parametersOf, urlOf } from './reference.ts';
import { plain, schemaView, shown, typeOf } from './schema-view.ts';
import { methodBadge } from './sidebar.ts';
import { tryPanel } from './try-panel.ts';

/** One operation: its description on one side, and a form to send it on the other. */
export function operationView(entry: Entry, reference: ApiReference): HTMLElement {
  const { method, path, operation } = entry;
  const { summary, description, externalDocs } = operation;
  const body = bodyOf(entry, reference);
  const fields = body && schemaView(body.schema, reference);
  return el(
    'div',
    { class: 'operation' },
    el(
      'article',
      {},
      el('p', { class: 'eyebrow' }, operation.tags.join(', ')),
      el('h1', {}, summary),
      el(
        'p',
        { class: 'path' },
        methodBadge(method),
        el('code', {}, path),
        copyButton(() => urlOf(path)),
      ),
      description !== undefined && prose(description),
      externalDocs &&
        el(
          'p',
          {},
          el(
            'a',
            { href: externalDocs.url, rel: 'noreferrer', target: '_blank', class: 'out' },
            `${externalDocs.description ?? 'More'}: ${new URL(externalDocs.url).host}`,
            icon('out'),
          ),
        ),
      accessNote(entry),
      parameterList(parametersOf(entry, reference), reference),
      fields && section('Body', el('p', { class: 'muted' }, body.type), fields),
      section('Answers', ...answers(entry, reference)),
    ),
    tryPanel(entry, reference),
  );
}

function section(title: string, ...children: readonly (Node | undefined | false)[]): HTMLElement {
  return el('section', {}, el('h2', {}, title), ...children);
}

function accessNote({ operation }: Entry): HTMLElement {
  const needed = credentialFor(operation);
  if (needed === undefined) return el('p', { class: 'note' }, 'Needs no key.');
  const label = CREDENTIALS[needed.name].label;
  const headers =
    needed.name === 'bearer' ? ['Authorization: Bearer', 'x-api-key', 'api-key'] : ['Authorization: Bearer'];
  return el(
    'p',
    { class: 'note' },
    icon('key'),
    `${label}${needed.isNeeded ? '' : ', unless the configuration asks for none'}, in `,
    ...headers.flatMap((name, index) => [index === 0 ? '' : ' or ', el('code', {}, name)]),
  );
}

function parameterList(parameters: readonly Parameter[], reference: ApiReference): HTMLElement | undefined {
  if (parameters.length === 0) return undefined;
  return section(
    'Parameters',
    el(
      'div',
      { class: 'schema' },
      el(
        'dl',
        {},
        ...parameters.flatMap(({ name, in: place, required, description, schema }) => [
          el(
            'dt',
            {},
            el('code', {}, name),
            el('span', { class: 'type' }, `${typeOf(plain(schema, reference), reference)}, in ${place}`),
            required === true && el('span', { class: 'required' }, 'required'),
          ),
          el(
            'dd',
            {},
            description !== undefined && el('p', {}, ...inline(description)),
            schema.default !== undefined &&
              el('p', { class: 'note' }, 'Default ', el('code', {}, shown(schema.default))),
          ),
        ]),
      ),
    ),
  );
}

function answers({ operation }: Entry, reference: ApiReference): HTMLElement[] {
  return Object.entries(operation.responses).map(([status, response]) =>
    answerView(status, reference.resolve<Response>(response), reference),
  );
}

function answerView(
  status: string,
  { description, headers = {}, content = {} }: Response,
  reference: ApiReference,
): HTMLElement {
  const [first = ''] = description.split('\n');
  const codes = [...description.matchAll(/^- `(\w+)`/gm)].map(([, code = '']) => code);
  const fields = Object.values(content)
    .map(({ schema }) => schemaView(schema, reference))
    .find((view) => view !== undefined);
  return el(
    'details',
    { class: 'answer' },
    el(
      'summary',
      {},
      el('span', { class: `status status-${status.charAt(0)}` }, status === 'default' ? 'other' : status),
      el('span', {}, ...(codes.length > 0 ? [codes.join(', ')] : inline(first))),
    ),
    codes.length > 0 && prose(description),
    Object.keys(content).length > 0 && el('p', { class: 'muted' }, Object.keys(content).join(', ')),
    fields,
    Object.keys(headers).length > 0 && headerList(headers, reference),
  );
}

function headerList(headers: NonNullable<Response['headers']>, { resolve }: ApiReference): HTMLElement {
  return el(
    'div',
    { class: 'schema' },
    el('h3', {}, 'Headers'),
    el(
      'dl',
      {},
      ...Object.entries(headers).flatMap(([name, header]) => [
        el('dt', {}, el('code', {}, name)),
        el('dd', {}, el('p', {}, ...inline(resolve<Header>(header).description))),
      ]),
    ),
  );
}
