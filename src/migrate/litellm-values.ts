import type { Json, JsonObject } from '../store/revision.ts';

/** Receives what was not imported: its place and the reason. */
export type Report = (path: string, reason: string) => void;

export function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

export function asList(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** undefined: it is empty, or not a text. */
export function asText(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
