/** The parameters of a page's address. */
export type Params = Readonly<Record<string, string>>;
