import type { Conversation } from './conversation.ts';
import type { ClientTool, Exchange } from './exchange.ts';
import { hash32 } from './ids.ts';

/** What the names of tools may be in a target's API. */
export type NameForm = 'openai' | 'messages' | 'gemini' | 'converse';

const FORMS: Readonly<Record<NameForm, { readonly fits: RegExp; readonly bad: RegExp }>> = {
  openai: { fits: /^[A-Za-z0-9_-]{1,64}$/, bad: /[^A-Za-z0-9_-]/g },
  messages: { fits: /^[A-Za-z0-9_-]{1,128}$/, bad: /[^A-Za-z0-9_-]/g },
  gemini: { fits: /^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/, bad: /[^A-Za-z0-9_.:-]/g },
  converse: { fits: /^[A-Za-z0-9_-]{1,64}$/, bad: /[^A-Za-z0-9_-]/g },
};

/**
 * The names of the tools as the target takes them, for definitions, choice and history alike: tools of a namespace are `ns__name`, and a
 * name that does not fit is shortened with its hash. Fills `exchange.tools`, by which the answer turns them back.
 */
export function toolNames(exchange: Exchange, form: NameForm): (name: string, namespace?: string) => string {
  const { conversation } = exchange;
  for (const tool of conversation.tools) {
    const full = fullName(tool.name, tool.namespace);
    const name = fitting(full, form);
    const client: ClientTool = { name: tool.name, namespace: tool.namespace, form: tool.form };
    if (!exchange.tools.has(name)) exchange.tools.set(name, client);
    if (name !== full)
      exchange.losses.approximated(`${tool.path}${nameField(conversation)}`, 'the name does not fit the API');
  }
  return (name, namespace) => {
    const written = fitting(fullName(name, namespace), form);
    // A tool that only the history knows.
    if (!exchange.tools.has(written)) exchange.tools.set(written, { name, namespace, form: 'function' });
    return written;
  };
}

/** A tool of a namespace as APIs without namespaces have it. */
export function fullName(name: string, namespace: string | undefined): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}__${name}`;
}

function nameField(conversation: Conversation): string {
  return conversation.api === 'chat' ? '.function.name' : '.name';
}

/** A name that does not fit: other characters become `_`, cut to 55 and `_` with 8 digits of the full name's hash. */
function fitting(name: string, form: NameForm): string {
  const { fits, bad } = FORMS[form];
  if (fits.test(name)) return name;
  const clean = name.replace(bad, '_').slice(0, 55);
  const first = form === 'gemini' && !/^[A-Za-z_]/.test(clean) ? `_${clean.slice(0, 54)}` : clean;
  return `${first}_${hash32(name)}`;
}
