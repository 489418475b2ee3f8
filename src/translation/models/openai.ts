import { plainModelId } from './model-id.ts';

/** Facts about an OpenAI model, by its id. The id of an Azure deployment may reveal nothing. */
export interface OpenAiFacts {
  /** undefined: unknown, so the dialect decides. */
  readonly reasons: boolean | undefined;
  /** /chat/completions refuses function tools unless the effort is `none` (gpt-5.4 and later). */
  readonly refusesToolsInChat: boolean;
  /** Available only through the Responses API. */
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

/** The API for a translated request if the provider offers both: `responses` for models that refuse tools in Chat. */
export function openAiApi(model: string, hasFunctionTools: boolean): 'chat' | 'responses' {
  const facts = openAiFacts(model);
  return facts.responsesOnly || (hasFunctionTools && facts.refusesToolsInChat) ? 'responses' : 'chat';
}
