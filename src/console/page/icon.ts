const SVG = 'http://www.w3.org/2000/svg';

/** Paths in a 20 by 20 view box. */
const SHAPES = {
  menu: 'M3 5.5h14M3 10h14M3 14.5h14',
  key: 'M6.5 10a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM9 11l7.5-7.5M13 7l2.5 2.5',
  copy: 'M7 7V4.5A1.5 1.5 0 0 1 8.5 3h7A1.5 1.5 0 0 1 17 4.5v7a1.5 1.5 0 0 1-1.5 1.5H13M4.5 7h7A1.5 1.5 0 0 1 13 8.5v7a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 3 15.5v-7A1.5 1.5 0 0 1 4.5 7z',
  check: 'M4 10.5l4 4 8-9',
  send: 'M4 10h11M10.5 5l5 5-5 5',
  stop: 'M6 6h8v8H6z',
  sun: 'M10 3v1.5M10 15.5V17M3 10h1.5M15.5 10H17M5 5l1 1M14 14l1 1M5 15l1-1M14 6l1-1M10 7a3 3 0 1 1 0 6 3 3 0 0 1 0-6z',
  moon: 'M16 12A6.5 6.5 0 0 1 8 4a6.5 6.5 0 1 0 8 8z',
  screen: 'M3 5h14v8.5H3zM8 16.5h4',
  out: 'M8 5H5v10h10v-3M11 4h5v5M16 4l-7 7',
  chat: 'M4 4.5h12a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1H9.5L6 16.5v-3H4a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1z',
  home: 'M3.5 9.5L10 4l6.5 5.5M5.5 8.5V16h9V8.5',
} as const;

export type IconName = keyof typeof SHAPES;

/** A small picture beside a text, or in a button that has a label. */
export function icon(name: IconName): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', SHAPES[name]);
  svg.append(path);
  return svg;
}
