import type { Header, Response } from '../../openapi/types.ts';
import { codeBlock, copyButton } from './code.ts';
import { el } from './element.ts';
import { icon } from './icon.ts';
import { playgroundAddress } from './places.ts';
import { inline, prose } from './prose.ts';
import { type ApiReference, BASE_URL } from './reference.ts';
import { tabs } from './tabs.ts';

/** The introduction: the gateway, how to connect to it, and rules for every request. */
export function overview(reference: ApiReference): HTMLElement {
  const { info } = reference.document;
  const base = `${BASE_URL}v1`;
  return el(
    'div',
    { class: 'overview' },
    el(
      'header',
      { class: 'hero' },
      el('h1', {}, info.title),
      prose(info.description),
      el(
        'p',
        { class: 'actions' },
        el('a', { class: 'button primary', href: playgroundAddress() }, icon('chat'), 'Open the playground'),
        el('a', { class: 'button', href: 'openapi.json', download: 'openapi.json' }, 'openapi.json'),
      ),
    ),
    section('Connect', el('p', {}, 'A client needs this address and a key:'), address(base), clients(base)),
    section('Headers of every answer', headers(reference)),
    section(
      'Refusals',
      el(
        'p',
        {},
        'What the gateway itself turns down has OpenAI’s shape. An error of a provider passes as it is.',
      ),
      refusals(reference),
    ),
  );
}

function section(title: string, ...children: readonly Node[]): HTMLElement {
  return el('section', {}, el('h2', {}, title), ...children);
}

function address(base: string): HTMLElement {
  return el(
    'p',
    { class: 'path' },
    el('code', {}, base),
    copyButton(() => base),
  );
}

function clients(base: string): HTMLElement {
  const view = tabs('Client', ['cURL', 'Python', 'JavaScript']);
  view.show(
    'cURL',
    codeBlock(`curl ${base}/chat/completions \\
  -H "Authorization: Bearer $LLM_PROXY_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "demo", "messages": [{"role": "user", "content": "Hello!"}]}'`),
  );
  view.show(
    'Python',
    codeBlock(`import os
from openai import OpenAI

client = OpenAI(base_url="${base}", api_key=os.environ["LLM_PROXY_KEY"])
answer = client.chat.completions.create(
    model="demo",
    messages=[{"role": "user", "content": "Hello!"}],
)
print(answer.choices[0].message.content)`),
  );
  view.show(
    'JavaScript',
    codeBlock(`import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${base}', apiKey: process.env.LLM_PROXY_KEY });
const stream = await client.chat.completions.create({
  model: 'demo',
  messages: [{ role: 'user', content: 'Hello!' }],
  stream: true,
});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta?.content ?? '');`),
  );
  return view.element;
}

function headers({ document: { components }, resolve }: ApiReference): HTMLElement {
  return el(
    'dl',
    { class: 'terms' },
    ...Object.entries(components.headers ?? {}).flatMap(([name, header]) => [
      el('dt', {}, el('code', {}, name)),
      el('dd', {}, ...inline(resolve<Header>(header).description)),
    ]),
  );
}

function refusals({ document: { components }, resolve }: ApiReference): HTMLElement {
  const rows = Object.entries(components.responses ?? {}).flatMap(([name, response]) => {
    const status = /^Refused(\d+)$/.exec(name)?.[1];
    if (status === undefined) return [];
    const { content = {} } = resolve<Response>(response);
    return Object.entries(content['application/json']?.examples ?? {}).map(([code, { value }]) =>
      el(
        'tr',
        {},
        el('td', {}, el('span', { class: `status status-${status.charAt(0)}` }, status)),
        el('td', {}, el('code', {}, code)),
        el('td', {}, (value as { readonly error: { readonly message: string } }).error.message),
      ),
    );
  });
  return el(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Refusals' },
    el(
      'table',
      { class: 'stacked' },
      el('thead', {}, el('tr', {}, ...['Status', 'Code', 'Message'].map((title) => el('th', {}, title)))),
      el('tbody', {}, ...rows),
    ),
  );
}
