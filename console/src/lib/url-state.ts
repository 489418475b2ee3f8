import { useCallback, useMemo } from 'react';
import type { Params } from './params.ts';
import { useLocation, useSearch } from 'wouter';

/** The parameters of the page's address, and a function that changes some of them; an empty value removes one. */
export function useParams(): [Params, (change: Params) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const params = useMemo(() => Object.fromEntries(new URLSearchParams(search)), [search]);
  const change = useCallback(
    (part: Params) => {
      // Read anew: two changes may come before the page is drawn again.
      const next = new URLSearchParams(location.search);
      for (const [name, value] of Object.entries(part)) {
        if (value === '') next.delete(name);
        else next.set(name, value);
      }
      const text = next.toString();
      navigate(text === '' ? path : `${path}?${text}`, { replace: true });
    },
    [navigate, path],
  );
  return [params, change];
}
