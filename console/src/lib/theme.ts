import { readStored, store } from './stored.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

// The page at /docs has the same key: one choice for both.
const STORED = 'llm-proxy/theme';

export function theme(): Theme {
  return THEMES.find((one) => one === readStored(STORED)) ?? 'system';
}

/** Remembers and applies a theme. */
export function chooseTheme(theme: Theme): void {
  store(STORED, theme);
  applyTheme();
}

export function applyTheme(): void {
  const chosen = theme();
  if (chosen === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = chosen;
  window.dispatchEvent(new Event('themechange'));
}
