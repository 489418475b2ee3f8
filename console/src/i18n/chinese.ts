import { chineseReasons } from './chinese-reasons.ts';
import { chineseRequest } from './chinese-request.ts';
import { chineseSentences } from './chinese-sentences.ts';
import { chineseTables } from './chinese-tables.ts';
import { chineseTrouble } from './chinese-trouble.ts';
import { chineseWords } from './chinese-words.ts';

/** Chinese texts by their English wording. */
export const chinese: Readonly<Record<string, string>> = {
  ...chineseWords,
  ...chineseReasons,
  ...chineseRequest,
  ...chineseSentences,
  ...chineseTables,
  ...chineseTrouble,
};
