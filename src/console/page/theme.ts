import { byId, fill } from './element.ts';
import { icon, type IconName } from './icon.ts';

const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

const ICONS: Readonly<Record<Theme, IconName>> = { system: 'screen', light: 'sun', dark: 'moon' };
const STORED = 'llm-proxy/theme';

/**
 * The button that cycles through the themes. The browser remembers the choice; without one, the browser's own theme
 * applies.
 */
export function setUpTheme(): void {
  const button = byId('theme');
  let theme = THEMES.find((one) => one === localStorage.getItem(STORED)) ?? 'system';
  const show = (): void => {
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    fill(button, icon(ICONS[theme]));
    button.setAttribute('aria-label', `Theme: ${theme}`);
    button.title = `Theme: ${theme}`;
  };
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
    localStorage.setItem(STORED, theme);
    show();
  });
  show();
}
