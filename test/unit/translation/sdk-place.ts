import type { ClientApi } from '../../../src/translation/conversation.ts';

/** Where members of an SDK's type stand in a request. */
export interface Place {
  readonly api: ClientApi;
  /** The interface, and the file that declares it. */
  readonly name: string;
  readonly file: string;
  /** The path in the body by which a loss of the whole object is told. */
  readonly path: string;
  /** Which members to try; by default, all. */
  readonly takes?: (name: string) => boolean;
  /** A body with these members at the place. */
  readonly body: (members: object) => object;
  /** Examples of members whose type does not show one. */
  readonly samples: Readonly<Record<string, readonly unknown[]>>;
  /** Members that are silent by design, with the reason. */
  readonly silent?: Readonly<Record<string, string>>;
}

/** A schema that every API takes. */
export const SCHEMA = {
  type: 'object',
  properties: { a: { type: 'string' } },
  required: ['a'],
  additionalProperties: false,
};
/** The first bytes of an image and of a document. */
export const PNG = 'iVBORw0KGgo=';
export const PDF = 'JVBERi0xLjc=';

/** Reasons for silence. */
export const CACHED = 'the other APIs cache by themselves';
export const SHOWN = 'it tells what to show, which the answer does';
export const DEFAULT = 'it asks for the default';
export const URL_SAYS = 'the URL of Gemini and Converse says it';
export const NO_NAMES = 'Gemini has no names of files';
