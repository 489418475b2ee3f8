import { language } from './language.ts';

/** One text of several sentences. Chinese ones have no space between them. */
export function sentences(...texts: readonly string[]): string {
  return texts.join(language() === 'zh' ? '' : ' ');
}
