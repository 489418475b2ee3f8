/** The path below which all pages are, such as `/console`. */
export const BASE = new URL(document.baseURI).pathname.replace(/\/$/, '');
