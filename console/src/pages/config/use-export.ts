import { useQuery } from '@tanstack/react-query';
import { admin } from '../../api/client.ts';
import type { ResourceChange } from '../../api/resources.ts';

export interface Exported {
  readonly version: number;
  readonly yaml: string;
}

/** The configuration as YAML, with `${NAME}` for each secret. */
export function useExport() {
  return useQuery({
    queryKey: ['config', 'export'],
    queryFn: async ({ signal }) => {
      const exported = await admin<Exported>('/config/export', { signal });
      // An empty mapping could not be written on.
      return exported.yaml.trim() === '{}' ? { ...exported, yaml: '' } : exported;
    },
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
}

export interface Validation {
  readonly ok: boolean;
  readonly problems: readonly {
    readonly path: string;
    readonly line: number | null;
    readonly column: number | null;
    readonly message: string;
  }[];
  readonly warnings: readonly string[];
}

/** The problems of an unsaved configuration. */
export function validate(yaml: string): Promise<Validation> {
  return admin<Validation>('/config/validate', { method: 'POST', body: { yaml } });
}

export interface Difference {
  readonly changes: readonly ResourceChange[];
  readonly from_yaml?: string;
  readonly to_yaml?: string;
}
