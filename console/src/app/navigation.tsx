import { ChevronsUpDown, CircleHelp, LogOut, Monitor, Moon, Search, Sun, BookText } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { useLive } from '../api/live.ts';
import { changeLanguage } from '../i18n/set-up.ts';
import { language, LANGUAGES, type Language } from '../lib/language.ts';
import { COMMAND_KEY } from '../lib/shortcut.ts';
import { Button, classes } from '../ui/button.tsx';
import { Menu } from '../ui/menu.tsx';
import type { MenuEntry } from '../ui/menu-props.ts';
import { Tip } from '../ui/tip.tsx';
import { Logo } from './logo.tsx';
import { pagesFor, type PlaceOnTheMap } from './pages.ts';
import { useSession } from '../session/session.ts';
import { useSignOut } from '../session/sign-out.ts';
import { chooseTheme, type Theme, theme } from '../lib/theme.ts';

interface NavigationProps {
  readonly onPalette: () => void;
  readonly onHelp: () => void;
  /** A page was chosen. */
  readonly onChoose: () => void;
}

/** The column with the pages, and below them who is signed in. */
export function Navigation({ onPalette, onHelp, onChoose }: NavigationProps): ReactNode {
  const { t } = useTranslation();
  const { session, gateway } = useSession();
  const pages = pagesFor(session.role);
  const groups = [...new Set(pages.map(({ group }) => group))];
  return (
    <nav className="side" aria-label={t('Pages')}>
      <Link href="/" className="brand" onClick={onChoose}>
        <Logo />
        <span>llm-proxy</span>
        {gateway.mode === 'demo' && <span className="badge is-note">{t('Demo')}</span>}
      </Link>
      <div className="side-search">
        <Button icon={Search} onClick={onPalette}>
          {t('Search …')} <kbd>{COMMAND_KEY} K</kbd>
        </Button>
      </div>
      <div className="places">
        {groups.map((group) => (
          <Group
            key={group}
            title={t(group)}
            places={pages.filter((place) => place.group === group)}
            onChoose={onChoose}
          />
        ))}
      </div>
      <div className="side-foot">
        <Who onHelp={onHelp} />
        <LiveMark />
      </div>
    </nav>
  );
}

interface GroupProps {
  readonly title: string;
  readonly places: readonly PlaceOnTheMap[];
  readonly onChoose: () => void;
}

function Group({ title, places, onChoose }: GroupProps): ReactNode {
  const { t } = useTranslation();
  const [location] = useLocation();
  return (
    <>
      <h2>{title}</h2>
      <ul>
        {places.map(({ path, title: name, icon: Icon }) => (
          <li key={path}>
            <Link
              href={path}
              className="place"
              onClick={onChoose}
              {...(location === path && { 'aria-current': 'page' as const })}
            >
              <Icon aria-hidden />
              {t(name)}
              {path === '/providers' && <Troubled />}
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

/** How many providers are cooling. */
function Troubled(): ReactNode {
  const { t } = useTranslation();
  const count = useLive(
    ({ providers }) => [...providers.values()].filter(({ state }) => state === 'cooling').length,
  );
  if (count === 0) return null;
  return (
    <span className="badge is-bad" aria-label={t('{{count}} cooling', { count })}>
      {count}
    </span>
  );
}

function Who({ onHelp }: { onHelp: () => void }): ReactNode {
  const { t, i18n } = useTranslation();
  const { session, gateway } = useSession();
  const signOut = useSignOut();
  const themes: readonly (readonly [Theme, string, typeof Sun])[] = [
    ['system', t('System theme'), Monitor],
    ['light', t('Light theme'), Sun],
    ['dark', t('Dark theme'), Moon],
  ];
  const entries: MenuEntry[] = [
    ...themes.map(([value, label, icon]) => ({
      label,
      icon,
      isChosen: theme() === value,
      onSelect: () => chooseTheme(value),
    })),
    ...Object.entries(LANGUAGES).map(([value, label], at) => ({
      label,
      isFirstOfGroup: at === 0,
      isChosen: i18n.language === value || language() === value,
      onSelect: () => void changeLanguage(value as Language),
    })),
    { label: t('Keyboard shortcuts'), icon: CircleHelp, onSelect: onHelp, isFirstOfGroup: true },
    {
      label: t('API reference'),
      icon: BookText,
      onSelect: () => void window.open('/docs', '_blank', 'noopener'),
    },
    ...(session.kind === 'demo'
      ? []
      : [{ label: t('Sign out'), icon: LogOut, onSelect: () => void signOut(), isFirstOfGroup: true }]),
  ];
  const trigger = (
    <Button look="quiet" className="who">
      <span>{session.kind === 'demo' ? t('Demo') : session.name}</span>
      <span className="muted small">{gateway.version}</span>
      <ChevronsUpDown aria-hidden />
    </Button>
  );
  return <Menu trigger={trigger} entries={entries} side="top" align="start" />;
}

function LiveMark(): ReactNode {
  const { t } = useTranslation();
  const state = useLive((live) => live.state);
  if (state === 'off') return null;
  const text = state === 'live' ? t('Live') : t('Connecting …');
  return (
    <Tip text={text}>
      <span className="row tight" role="status" tabIndex={-1}>
        <span className={classes('dot', state === 'live' ? 'is-good' : 'is-warning')} />
        <span className="visually-hidden">{text}</span>
      </span>
    </Tip>
  );
}
