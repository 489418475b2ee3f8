import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Router } from 'wouter';
import { Problem } from '../api/problem.ts';
import { whileAway } from '../api/while-away.ts';
import { Tips } from '../ui/tips.tsx';
import { Toasts } from '../ui/toast.tsx';
import { BASE } from './base.ts';
import { ErrorBoundary } from './error-boundary.tsx';
import { Frame } from './frame.tsx';
import { WithSession } from './with-session.tsx';

const queries = new QueryClient({
  queryCache: new QueryCache(),
  defaultOptions: {
    queries: {
      staleTime: 5000,
      refetchInterval: whileAway,
      retry: (failures, error) => failures < 2 && !(error instanceof Problem && error.status >= 400),
    },
  },
});

/** The whole console. */
export function App(): ReactNode {
  return (
    <ErrorBoundary>
      <CSPProvider disableStyleElements>
        <QueryClientProvider client={queries}>
          <Router base={BASE}>
            <WithSession>
              <Frame />
            </WithSession>
          </Router>
          <Toasts />
          <Tips />
        </QueryClientProvider>
      </CSPProvider>
    </ErrorBoundary>
  );
}
