/** The files of the built console in Base64, by path; undefined: they are in the folder `console/dist`. */
export const packed: Readonly<Record<string, string>> | undefined;
