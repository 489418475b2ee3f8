import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The part of a Grafana panel that its picture needs. */
export interface DashboardPanel {
  readonly title: string;
  readonly type: 'row' | 'stat' | 'timeseries' | 'piechart' | 'state-timeline';
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly thresholds?: { readonly steps: readonly Step[] };
      readonly custom?: {
        readonly stacking?: { readonly mode: string };
        readonly fillOpacity?: number;
        readonly thresholdsStyle?: { readonly mode: string };
      };
    };
    readonly overrides: readonly Override[];
  };
}

/** This colour applies from this value on. Null marks the lowest step. */
export interface Step {
  readonly color: string;
  readonly value: number | null;
}

interface Override {
  readonly matcher: { readonly id: 'byName' | 'byRegexp'; readonly options: string };
  readonly properties: readonly {
    readonly id: string;
    readonly value: unknown;
  }[];
}

const FILE = join(import.meta.dir, '../../deploy/grafana/dashboards/llm-proxy.json');

/** The panels of the shipped dashboard, in their order. */
export async function readPanels(): Promise<readonly DashboardPanel[]> {
  const { panels } = JSON.parse(await readFile(FILE, 'utf8')) as { panels: DashboardPanel[] };
  return panels;
}

/** The colour that the dashboard itself gives to a series. */
export function fixedColor({ fieldConfig }: DashboardPanel, name: string): string | undefined {
  const override = fieldConfig?.overrides.find(({ matcher: { id, options } }) =>
    id === 'byName' ? options === name : new RegExp(options.slice(1, -1)).test(name),
  );
  const value = override?.properties.find(({ id }) => id === 'color')?.value;
  return (value as { fixedColor?: string } | undefined)?.fixedColor;
}

/** The dashboard's text for a value of a series. Undefined if it shows the number. */
export function mappedText({ fieldConfig }: DashboardPanel, name: string, value: number): Word | undefined {
  const override = fieldConfig?.overrides.find(({ matcher }) => matcher.options === name);
  const mappings = override?.properties.find(({ id }) => id === 'mappings')?.value;
  const [mapping] = (mappings as readonly { options: Record<string, Word> }[] | undefined) ?? [];
  return mapping?.options[String(value)];
}

export interface Word {
  readonly text: string;
  readonly color: string;
}
