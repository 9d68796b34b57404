/** What a benchmark finds, and how it is shown. */

export interface Figure {
  readonly bench: string;
  readonly engine: 'pglite' | 'postgres' | null;
  readonly what: string;
  /** Ours. */
  readonly value: number;
  /** The raw way in the same run, null where there is none. */
  readonly raw: number | null;
  readonly unit: 'ms' | 's' | 'rows/s' | 'MB/s' | 'MRR' | 'share' | 'words/s' | 'GFLOP/s' | '';
  /** What has been promised: ours is to be at least or at most so much, or so many times the raw way. */
  readonly target: Target | null;
}

export type Target =
  | { readonly atMost: number }
  | { readonly atLeast: number }
  | { readonly atMostTimesRaw: number }
  | { readonly atLeastTimesRaw: number }
  | { readonly atMostAboveRaw: number };

export function isMet({ value, raw, target }: Figure): boolean {
  if (target === null) return true;
  if ('atMost' in target) return value <= target.atMost;
  if ('atLeast' in target) return value >= target.atLeast;
  if (raw === null) return false;
  if ('atMostTimesRaw' in target) return value <= target.atMostTimesRaw * raw;
  if ('atLeastTimesRaw' in target) return value >= target.atLeastTimesRaw * raw;
  return value <= raw + target.atMostAboveRaw;
}

/** One line that a program can read. */
export function toJsonLine(figure: Figure): string {
  const { value, raw } = figure;
  return JSON.stringify({ ...figure, ratio: raw === null ? null : value / raw, met: isMet(figure) });
}

const heads = ['', 'engine', 'what', 'ours', 'raw', 'ratio', 'promised'] as const;

export function toTable(figures: readonly Figure[]): string {
  const rows = [heads, ...figures.map(toCells)];
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function toCells(figure: Figure): string[] {
  const { bench, engine, what, value, raw, unit, target } = figure;
  const number = (x: number) => x.toLocaleString('en', { maximumSignificantDigits: 3 });
  return [
    `${isMet(figure) ? ' ' : '✖'} ${bench}`,
    engine ?? '',
    what,
    `${number(value)} ${unit}`.trimEnd(),
    raw === null ? '' : `${number(raw)} ${unit}`.trimEnd(),
    raw === null ? '' : number(value / raw),
    target === null ? '' : words(target, unit),
  ];
}

function words(target: Target, unit: string): string {
  if ('atMost' in target) return `≤ ${target.atMost} ${unit}`;
  if ('atLeast' in target) return `≥ ${target.atLeast} ${unit}`;
  if ('atMostTimesRaw' in target) return `≤ ${target.atMostTimesRaw} × raw`;
  if ('atLeastTimesRaw' in target) return `≥ ${target.atLeastTimesRaw} × raw`;
  return `≤ raw + ${target.atMostAboveRaw} ${unit}`;
}
