/** English plurals. Every other text is its own key. */
export const english: Readonly<Record<string, string>> = {
  '{{count}} attempts_one': '{{count}} attempt',
  '{{count}} attempts_other': '{{count}} attempts',
};
