import type { Json, JsonObject } from '../store/revision.ts';

/** Told what is not taken over: where it stands, and why. */
export type Report = (path: string, reason: string) => void;

export function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

export function asList(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** undefined: it is empty, or no text. */
export function asText(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
