import type { Conversation } from './conversation.ts';
import type { ClientTool, Exchange } from './exchange.ts';
import { hash32 } from './ids.ts';

/** The rules for tool names in a target's API. */
export type NameForm = 'openai' | 'messages' | 'gemini' | 'converse';

const FORMS: Readonly<Record<NameForm, { readonly fits: RegExp; readonly bad: RegExp }>> = {
  openai: { fits: /^[A-Za-z0-9_-]{1,64}$/, bad: /[^A-Za-z0-9_-]/g },
  messages: { fits: /^[A-Za-z0-9_-]{1,128}$/, bad: /[^A-Za-z0-9_-]/g },
  gemini: { fits: /^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/, bad: /[^A-Za-z0-9_.:-]/g },
  converse: { fits: /^[A-Za-z0-9_-]{1,64}$/, bad: /[^A-Za-z0-9_-]/g },
};

/**
 * Maps tool names to names that the target accepts, consistently in definitions, choice and history. Tools of a
 * namespace become `ns__name`; a name that does not fit is shortened and gets its hash. Fills `exchange.tools`, with
 * which the answer restores the names.
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
    // A tool that occurs only in the history.
    if (!exchange.tools.has(written)) exchange.tools.set(written, { name, namespace, form: 'function' });
    return written;
  };
}

/** The name of a namespaced tool in APIs without namespaces. */
export function fullName(name: string, namespace: string | undefined): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}__${name}`;
}

function nameField(conversation: Conversation): string {
  return conversation.api === 'chat' ? '.function.name' : '.name';
}

/**
 * Shortens a name that does not fit: other characters become `_`, and 55 characters are followed by `_` and 8 digits of
 * the full name's hash.
 */
function fitting(name: string, form: NameForm): string {
  const { fits, bad } = FORMS[form];
  if (fits.test(name)) return name;
  const clean = name.replace(bad, '_').slice(0, 55);
  const first = form === 'gemini' && !/^[A-Za-z_]/.test(clean) ? `_${clean.slice(0, 54)}` : clean;
  return `${first}_${hash32(name)}`;
}
