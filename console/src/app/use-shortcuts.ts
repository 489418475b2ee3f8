import { useEffect, useRef } from 'react';
import { useLocation } from 'wouter';
import { isTyping } from '../lib/shortcut.ts';
import { pagesFor } from './pages.ts';
import { useSession } from '../session/session.ts';

interface Shortcuts {
  readonly openPalette: () => void;
  readonly openHelp: () => void;
}

const PAUSE_MS = 1200;

/** Ctrl K, `?`, and `g` with the key of a page. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const [, navigate] = useLocation();
  const { session } = useSession();
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  useEffect(() => {
    let goUntilMs = 0;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() === 'k' && (event.metaKey || event.ctrlKey)) {
        event.preventDefault();
        latest.current.openPalette();
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event)) return;
      if (event.key === '?') latest.current.openHelp();
      const page = pagesFor(session.role).find(({ key }) => key === event.key);
      if (performance.now() < goUntilMs && page) {
        event.preventDefault();
        navigate(page.path);
      }
      goUntilMs = event.key === 'g' ? performance.now() + PAUSE_MS : 0;
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [navigate, session.role]);
}
