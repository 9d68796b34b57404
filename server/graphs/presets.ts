/**
 * Ways to train that have been measured: settings by name, with the data set that they are for, what they reach on its test triples
 * (filtered MRR, both sides, ties in the middle), and how long they took. On another graph they are a start, and promise nothing.
 */
import { didYouMean, UserError } from '../errors.ts';
import type { Settings } from './settings.ts';

export interface Preset {
  readonly name: string;
  readonly description: string;
  /** Slug of the data set that it was measured on; null: a start for any graph. */
  readonly dataset: string | null;
  readonly settings: Settings;
  /** Null where nothing was measured. */
  readonly expected: Expected | null;
}

export interface Expected {
  readonly meanReciprocalRank: number;
  readonly seconds: number;
  readonly hardware: string;
}

export const presets: readonly Preset[] = [];

/** The preset of that name. @throws UserError NOT_FOUND with the names that are spelled alike */
export function requirePreset(name: string): Preset {
  const found = presets.find((preset) => preset.name === name);
  if (found !== undefined) return found;
  const names = presets.map((preset) => preset.name);
  const near = didYouMean(name.slice(0, 100), names) || ` There is ${names.join(', ')}.`;
  throw new UserError('NOT_FOUND', `There is no preset "${name.slice(0, 100)}".${near}`);
}
