import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { BASE } from './app/base.ts';
import { loadAhead } from './app/pages.ts';
import { applyTheme } from './lib/theme.ts';
import { setUpTexts } from './i18n/set-up.ts';

applyTheme();
// Together with the session.
await Promise.all([loadAhead(location.pathname.slice(BASE.length)), setUpTexts()]);
const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
