/** Chinese texts by their English wording. */
export const chinese: Readonly<Record<string, string>> = {};
