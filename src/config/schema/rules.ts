/**
 * Checks of settings that no schema can express. They are apart from the schemas so that a configuration can be checked
 * without the library behind them.
 */
export const RULES = {
  hasNoControlCharacter: (text: string) => !/\p{Cc}/u.test(text),
  hasNoCommaOrControlCharacter: (text: string) => !/[\p{Cc},]/u.test(text),
  hasAtMost16Entries: (map: object) => Object.keys(map).length <= 16,
  isDateOfCalendar: (text: string) => Number.isFinite(Date.parse(text)),
};

export type RuleName = keyof typeof RULES;
