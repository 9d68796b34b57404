import type { LoadedMap } from '../loadMap.ts';
import type { Names } from '../names.ts';
import { textAt } from '../points.ts';

/** Names longer than this, on average over the first items, are no terms of an analogy. */
const LONGEST_NAME = 30;
const NAMED = 100;

/** Words and what has names like words: pictures and sentences are no terms. */
export function hasNames({ points }: LoadedMap, { summary }: Names): boolean {
  if (summary.kind === 'IMAGE' || points.count < 4) return false;
  const length = Math.min(NAMED, points.count);
  let characters = 0;
  for (let i = 0; i < length; i++) characters += (textAt(points, 'label', i) ?? points.key(i)).length;
  return characters <= LONGEST_NAME * length;
}
