import { readStored, store } from './stored.ts';

/** The languages of the console. */
export const LANGUAGES = { en: 'English', zh: '中文' } as const;
export type Language = keyof typeof LANGUAGES;

const STORED = 'llm-proxy/language';

let chosen: Language | undefined;

/** The language chosen on this browser; else the browser's own, if it is one of ours; else English. */
export function language(): Language {
  chosen ??= stored() ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');
  return chosen;
}

/** Remembers the choice. */
export function storeLanguage(language: Language): void {
  chosen = language;
  store(STORED, language);
}

function stored(): Language | undefined {
  const text = readStored(STORED);
  return text === 'en' || text === 'zh' ? text : undefined;
}
