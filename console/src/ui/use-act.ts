import { useMutation, type UseMutationResult, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { say, sayFailed } from './toast.tsx';
import { admin, type CallOptions } from '../api/client.ts';

export interface Action {
  readonly path: string;
  readonly method?: CallOptions['method'];
  readonly body?: unknown;
  readonly ifVersion?: number | undefined;
  /** Said when it is done. */
  readonly done?: string;
}

interface Options {
  /** The beginnings of the keys of the answers that it makes old. */
  readonly refresh: readonly string[];
  /** The form shows what is wrong itself. */
  readonly isQuiet?: boolean;
}

/** Runs an operation that changes something, and has what it changed loaded again. */
export function useAct<T = unknown>({ refresh, isQuiet }: Options): UseMutationResult<T, Error, Action> {
  const { t } = useTranslation();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ path, method = 'POST', body, ifVersion }: Action) =>
      admin<T>(path, { method, body, ifVersion }),
    onSuccess: (_, { done }) => {
      if (done !== undefined) say(done);
      return Promise.all(refresh.map((key) => queries.invalidateQueries({ queryKey: [key] })));
    },
    onError: (error) => {
      if (!isQuiet) sayFailed(t('The action failed'), error.message);
    },
  });
}
