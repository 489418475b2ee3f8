/** Every file of the page by its name; the scripts are in TypeScript. */
export const sources: Readonly<Record<string, string>>;
