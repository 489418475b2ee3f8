import { Menu as MenuIcon, Search, X } from 'lucide-react';
import { type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Route, Switch, useLocation } from 'wouter';
import { useLive } from '../api/live.ts';
import { classes, IconButton } from '../ui/button.tsx';
import { Page } from '../ui/page.tsx';
import { Empty, SkeletonLines } from '../ui/states.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { Logo } from './logo.tsx';
import { Navigation } from './navigation.tsx';
import { PAGES, pagesFor } from './pages.ts';
import { LazyPalette, LazyShortcuts, loadOverlays } from './on-demand.tsx';
import { useSession } from '../session/session.ts';
import { useShortcuts } from './use-shortcuts.ts';

/** After the first page is drawn. */
const SOON_MS = 5_000;

/** Navigation beside the page. */
export function Frame(): ReactNode {
  const { t } = useTranslation();
  const [location] = useLocation();
  const [hasMenu, setMenu] = useState(false);
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  useShortcuts({ openPalette: () => setPalette(true), openHelp: () => setHelp(true) });
  useEffect(() => {
    const timer = setTimeout(loadOverlays, SOON_MS);
    return () => clearTimeout(timer);
  }, []);
  useFocus(location);
  const openPalette = (): void => {
    setMenu(false);
    setPalette(true);
  };
  return (
    <>
      <a className="skip" href="#content" onClick={skip}>
        {t('Skip to the content')}
      </a>
      <Reconnecting />
      <div className={classes('frame', hasMenu && 'has-menu')}>
        <header className="top">
          <IconButton label={t('Menu')} icon={MenuIcon} onClick={() => setMenu(true)} />
          <Link href="/" className="brand">
            <Logo />
            llm-proxy
          </Link>
          <IconButton label={t('Search')} icon={Search} className="push" onClick={openPalette} />
        </header>
        {hasMenu && (
          <button
            type="button"
            className="side-veil"
            aria-label={t('Close the menu')}
            onClick={() => setMenu(false)}
          />
        )}
        <Navigation onPalette={openPalette} onHelp={() => setHelp(true)} onChoose={() => setMenu(false)} />
        <main id="content" className="content" tabIndex={-1}>
          <ErrorBoundary resetKey={location}>
            <Suspense fallback={<SkeletonLines />}>
              <Pages />
            </Suspense>
          </ErrorBoundary>
        </main>
      </div>
      <LazyPalette open={palette} onClose={() => setPalette(false)} />
      <LazyShortcuts open={help} onClose={() => setHelp(false)} />
    </>
  );
}

/** Moves the focus into a page that a key has opened, since what had it is gone. */
function useFocus(location: string): void {
  const before = useRef(location);
  useEffect(() => {
    if (before.current !== location && document.activeElement === document.body)
      document.getElementById('content')?.focus();
    before.current = location;
  }, [location]);
}

/** The link's own address would be below the base of all addresses. */
function skip(event: { preventDefault: () => void }): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

function Pages(): ReactNode {
  const { session } = useSession();
  const pages = pagesFor(session.role);
  const First = pages.find(({ path }) => path === '/mine')?.page();
  return (
    <Switch>
      {pages.map(({ path, page }) => (
        <Route key={path} path={path} component={page()} />
      ))}
      {First && <Route path="/" component={First} />}
      <Route component={NoPage} />
    </Switch>
  );
}

/** The address is none, or one of a page that the role does not have. */
function NoPage(): ReactNode {
  const { t } = useTranslation();
  const { session } = useSession();
  const [location] = useLocation();
  const isOfOthers = PAGES.some(({ path }) => path === location);
  const [title, text] = isOfOthers
    ? [t('Your sign-in does not include it'), t('You are signed in as {{name}}.', { name: session.name })]
    : [t('There is nothing at this address'), t('The address may belong to another version.')];
  return (
    <Page title={isOfOthers ? t('No access to this page') : t('Page not found')}>
      <Empty title={title} text={text}>
        <Link href="/">{session.role === 'key' ? t('Back to my use') : t('Back to the overview')}</Link>
      </Empty>
    </Page>
  );
}

function Reconnecting(): ReactNode {
  const { t } = useTranslation();
  const state = useLive((live) => live.state);
  const wasRestarted = useLive((live) => live.wasRestarted);
  const startedAt = useLive((live) => live.hello?.started_at);
  /** The start of the gateway whose notice was closed. */
  const [closed, setClosed] = useState<string>();
  if (state === 'reconnecting' && startedAt !== undefined) {
    return (
      <div className="strip" role="status">
        {t('The connection to the gateway is lost. What you see may be out of date. Connecting again …')}
      </div>
    );
  }
  if (!wasRestarted || closed === startedAt) return null;
  return (
    <div className="strip" role="status">
      {t('The gateway was restarted; this page is connected again.')}
      <button type="button" className="button is-small" onClick={() => window.location.reload()}>
        {t('Reload')}
      </button>
      <IconButton small label={t('Close')} icon={X} onClick={() => setClosed(startedAt)} />
    </div>
  );
}
