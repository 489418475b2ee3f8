import { byId } from './element.ts';

/** The path of the console; undefined: this gateway serves none here. */
export function consolePath(): string | undefined {
  return document.documentElement.dataset['console'];
}

/** The playground of the console, or this page's own where there is no console. */
export function playgroundAddress(): string {
  const path = consolePath();
  return path === undefined ? '#/playground' : `${path}/playground`;
}

/** Shows the link to the console. */
export function setUpConsoleLink(): void {
  const path = consolePath();
  if (path === undefined) return;
  const link = byId('console');
  link.setAttribute('href', path);
  link.hidden = false;
}
