/** The part of OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0) that the document uses. */
export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly Tag[];
  /** Groups of tags, each a section of the page; other viewers support them too. */
  readonly 'x-tagGroups': readonly TagGroup[];
  readonly paths: Paths;
  readonly components: Components;
}

export interface Tag {
  readonly name: string;
  readonly description?: string;
}

export interface TagGroup {
  readonly name: string;
  readonly tags: readonly string[];
}

export type Paths = Readonly<Record<string, PathItem>>;

export const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
export type Method = (typeof METHODS)[number];

export type PathItem = Readonly<Partial<Record<Method, Operation>>>;

/** Parts of the document, by name. */
export interface Components {
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly responses?: Readonly<Record<string, Response>>;
  readonly headers?: Readonly<Record<string, Header>>;
  readonly parameters?: Readonly<Record<string, Parameter>>;
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>>;
}

export interface Reference {
  readonly $ref: string;
}

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly externalDocs?: { readonly url: string; readonly description?: string };
  /** One of these is sufficient; an empty one means that none is needed. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly (Parameter | Reference)[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, Response | Reference>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
  readonly example?: unknown;
  /** Whether the value may contain literal slashes, which OpenAPI cannot express. */
  readonly 'x-segments'?: 'many';
}

/** Bodies by media type. */
export type Content = Readonly<Record<string, Media>>;

export interface Media {
  readonly schema: Schema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, Example>>;
}

export interface Example {
  readonly summary?: string;
  readonly value: unknown;
}

export interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Header | Reference>>;
  readonly content?: Content;
}

export interface Header {
  readonly description: string;
  readonly schema: Schema;
}

export interface SecurityScheme {
  readonly type: 'http' | 'apiKey';
  readonly scheme?: 'bearer';
  readonly in?: 'header' | 'cookie';
  readonly name?: string;
  readonly description?: string;
}

/** JSON Schema 2020-12. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly format?: string;
  readonly writeOnly?: boolean;
  readonly [keyword: string]: unknown;
}
