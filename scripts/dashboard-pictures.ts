/**
 * Draws the dashboard: every panel's query, asked of a real Prometheus that has scraped a gateway under a played load.
 *
 *     bun scripts/dashboard-pictures.ts [--minutes 8]
 *
 * Writes docs/images/dashboard-*.svg, one for each row. They are plots of the same queries, no pictures of Grafana.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asked, startPrometheus, type TestPrometheus } from '../test/e2e/prometheus.ts';
import { type DashboardPanel, readPanels } from './dashboard/dashboard-file.ts';
import { drawPanel, type Series } from './dashboard/draw-panel.ts';
import { playLoad } from './dashboard/played-load.ts';

const STEP_SECONDS = 5;
/** Also the limit on the gateway's answer to Prometheus, long enough for a busy machine. */
const SCRAPE_SECONDS = 3;
const COLUMN = 50;
const LINE = 29;
const GAP = 4;

const { values } = parseArgs({ options: { minutes: { type: 'string' } } });
const minutes = Number(values.minutes ?? 8);
const program = Bun.which('prometheus');
if (program === null) throw new Error('Prometheus is needed: apt-get install prometheus');

const load = await playLoad(minutes * 60_000);
const prometheus = await startPrometheus(program, load.url, `${SCRAPE_SECONDS}s`);
const startedAt = Math.ceil(Date.now() / 1000);
await load.isOver;
const endedAt = Math.floor(Date.now() / 1000);
const moments = Array.from(
  { length: Math.floor((endedAt - startedAt) / STEP_SECONDS) + 1 },
  (_, index) => startedAt + index * STEP_SECONDS,
);
for (const { title, panels } of rows(await readPanels())) await drawRow(title, panels);
await prometheus.stop();
await load.stop();

interface Row {
  readonly title: string;
  readonly panels: readonly DashboardPanel[];
}

function rows(panels: readonly DashboardPanel[]): Row[] {
  const found: { title: string; panels: DashboardPanel[] }[] = [];
  for (const panel of panels) {
    if (panel.type === 'row') found.push({ title: panel.title, panels: [] });
    else found.at(-1)?.panels.push(panel);
  }
  return found;
}

async function drawRow(title: string, panels: readonly DashboardPanel[]): Promise<void> {
  const top = Math.min(...panels.map(({ gridPos: { y } }) => y));
  const bottom = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));
  const [width, height] = [24 * COLUMN, (bottom - top) * LINE + GAP];
  const drawn: string[] = [];
  for (const panel of panels) {
    const { x, y, w, h } = panel.gridPos;
    const box = { width: w * COLUMN - GAP, height: h * LINE - GAP };
    const inside = drawPanel(
      panel,
      await seriesOf(prometheus, panel),
      moments.map((at) => (at - startedAt) / 60),
      box,
    );
    drawn.push(`<g transform="translate(${x * COLUMN + GAP / 2} ${(y - top) * LINE + GAP})">${inside}</g>`);
  }
  const name = title.toLowerCase().replaceAll(' ', '-');
  const path = join(import.meta.dir, '..', 'docs', 'images', `dashboard-${name}.svg`);
  const alternative = `<title>${title}: ${panels.map((panel) => panel.title).join(', ')}</title>`;
  await Bun.write(
    path,
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="Inter, 'Segoe UI', Helvetica, Arial, sans-serif" role="img">${alternative}<rect width="${width}" height="${height}" fill="#f4f6f9"/>${drawn.join('')}</svg>\n`,
  );
  console.log(`${path}: ${panels.length} panels`);
}

/** The results of a panel's queries over time, by the names of its legend. */
async function seriesOf(
  { range }: TestPrometheus,
  { targets = [], fieldConfig }: DashboardPanel,
): Promise<Series[]> {
  const found: Series[] = [];
  for (const { expr, legendFormat } of targets) {
    const query = asked(expr)
      .replaceAll('[6s]', '[20s]')
      .replaceAll('[1m]', `[${Math.round(minutes * 60)}s]`);
    for (const { metric, values: points } of await range(query, {
      start: startedAt,
      end: endedAt,
      step: STEP_SECONDS,
    })) {
      const byTime = new Map(points.map(([at, value]) => [at, Number(value)]));
      const name = legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '');
      found.push({ name: nameOf(name), values: moments.map((at) => byTime.get(at) ?? Number.NaN) });
    }
  }
  // A series without a value above zero gets no line in the legend.
  const seen = found.filter(({ values: each }) => each.some((value) => value > 0));
  const shown = seen.length > 0 ? seen : found;
  const isStacked = fieldConfig?.defaults.custom?.stacking?.mode === 'normal';
  return isStacked ? shown.toSorted((a, b) => sum(b) - sum(a)) : shown;
}

/** An instance is an address, and its port differs in each run. */
function nameOf(name: string): string {
  return name.replace(/127\.0\.0\.1:\d+/, 'llm-proxy:18000');
}

/** The largest series is drawn at the bottom. */
function sum({ values: each }: Series): number {
  return each.reduce((total, value) => total + (Number.isNaN(value) ? 0 : value), 0);
}
