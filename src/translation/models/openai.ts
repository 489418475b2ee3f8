import { plainModelId } from './model-id.ts';

/** What is known of a model of OpenAI's by its id; the id of an Azure deployment may tell nothing. */
export interface OpenAiFacts {
  /** undefined: not known, taken as its dialect says. */
  readonly reasons: boolean | undefined;
  /** /chat/completions refuses function tools unless the effort is `none` (gpt-5.4 and later). */
  readonly refusesToolsInChat: boolean;
  /** Served by the Responses API only. */
  readonly responsesOnly: boolean;
}

export function openAiFacts(model: string): OpenAiFacts {
  const id = plainModelId(model);
  const [, major = '', minor = '0'] = /^gpt-(\d+)(?:-(\d{1,2})(?!\d))?/.exec(id) ?? [];
  const version = major === '' ? 0 : Number(major) * 100 + Number(minor);
  const isChat = id.startsWith('gpt-5-chat');
  return {
    reasons: reasons(id, version, isChat),
    refusesToolsInChat: version >= 504 && !isChat,
    responsesOnly: version >= 500 && (/-pro(?:-|$)/.test(id) || id.includes('-codex')),
  };
}

function reasons(id: string, version: number, isChat: boolean): boolean | undefined {
  if (isChat || /^(?:gpt-[34]|chatgpt-)/.test(id)) return false;
  return /^o\d/.test(id) || version >= 500 ? true : undefined;
}

/**
 * The API that a translated request is written to where the provider has both: `responses` for models that refuse tools in the other one.
 */
export function openAiApi(model: string, hasFunctionTools: boolean): 'chat' | 'responses' {
  const facts = openAiFacts(model);
  return facts.responsesOnly || (hasFunctionTools && facts.refusesToolsInChat) ? 'responses' : 'chat';
}
