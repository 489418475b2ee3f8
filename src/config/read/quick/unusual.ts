/** Thrown where a text is not the plain YAML that `readPlainYaml` reads. */
export class Unusual extends Error {}
