import { leaveView } from './ask.ts';
import { byId, el, fill } from './element.ts';
import { setUpKeys } from './keys-dialog.ts';
import { setUpModels } from './models.ts';
import { operationView } from './operation-view.ts';
import { overview } from './overview.ts';
import { setUpConsoleLink } from './places.ts';
import { playground } from './playground.ts';
import { type ApiReference, loadReference } from './reference.ts';
import { markCurrent, setUpSidebar } from './sidebar.ts';
import { setUpTheme } from './theme.ts';

setUpTheme();
setUpConsoleLink();
try {
  start(await loadReference());
} catch (error) {
  fill(byId('content'), el('p', { class: 'problem' }, `The page could not be loaded: ${String(error)}`));
}

function start(reference: ApiReference): void {
  byId('version').textContent = reference.document.info.version;
  setUpSidebar(reference);
  setUpKeys(reference);
  setUpModels();
  addEventListener('hashchange', () => {
    leaveView();
    show(reference);
    // Screen readers announce the new view, and the keyboard continues from there.
    byId('content').focus({ preventScroll: true });
    scrollTo(0, 0);
  });
  show(reference);
}

/** Shows what the address names: the part behind its `#`. */
function show(reference: ApiReference): void {
  const hash = location.hash === '' ? '#/' : location.hash;
  const [view, title] = viewOf(hash.replace('#/', ''), reference);
  fill(byId('content'), view);
  document.title = title === undefined ? 'llm-proxy' : `${title} · llm-proxy`;
  markCurrent(hash);
}

function viewOf(name: string, reference: ApiReference): [view: HTMLElement, title: string | undefined] {
  if (name === 'playground') return [playground(), 'Playground'];
  const entry = reference.find(name);
  if (entry !== undefined) return [operationView(entry, reference), entry.operation.summary];
  return [overview(reference), undefined];
}
