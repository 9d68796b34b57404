/**
 * a is to b as c is to which word? Answered for many questions at once.
 *
 * V words, d dimensions. vectors: (V, d) of unit length; questions are numbers of words. With s(x, y) the cosine,
 *   ADD       3CosAdd: the largest s(x, b) - s(x, a) + s(x, c)                    (Mikolov, Yih and Zweig 2013)
 *   MULTIPLY  3CosMul: the largest s(x, b) s(x, c) / (s(x, a) + 0.001), of cosines moved to 0 … 1   (Levy and Goldberg 2014, eq. 4)
 * among all words but a, b and c. Of equal scores the first word wins.
 */
import { type Matrix, rowOf } from '../matrix.ts';

export const analogyMethods = ['ADD', 'MULTIPLY'] as const;
export type AnalogyMethod = (typeof analogyMethods)[number];

/** Levy and Goldberg's, so that nothing is divided by zero. */
export const ANALOGY_EPSILON = 0.001;

export interface Analogies {
  readonly vectors: Matrix;
  readonly method: AnalogyMethod;
  /** (questions, 3): a, b, c of each. */
  readonly questions: Uint32Array;
  /** The best word so far of each question, and its score. */
  readonly answers: Uint32Array;
  readonly scores: Float64Array;
  /** The different words in the questions, and where each stands in them. */
  readonly asked: Uint32Array;
  readonly places: Uint32Array;
  /** Words looked at, all of them at the end. */
  row: number;
}

/** Words looked at in one step. Their cosines with all words that are asked about are computed once, and used by every question. */
const STEP_ROWS = 512;

export function initializeAnalogies(vectors: Matrix, questions: Uint32Array, method: AnalogyMethod): Analogies {
  const asked = Uint32Array.from(new Set(questions)).sort();
  const placeOf = new Map(Array.from(asked, (word, place) => [word, place]));
  const count = questions.length / 3;
  return {
    vectors,
    method,
    questions,
    answers: new Uint32Array(count).fill(0xffffffff),
    scores: new Float64Array(count).fill(Number.NEGATIVE_INFINITY),
    asked,
    places: questions.map((word) => placeOf.get(word) ?? 0),
    row: 0,
  };
}

/** Looks at the next words. @returns whether there are more */
export function runAnalogies(analogies: Analogies): boolean {
  const { vectors, method, questions, answers, scores, asked, places } = analogies;
  const first = analogies.row;
  const last = Math.min(vectors.rows, first + STEP_ROWS);
  const rows = last - first;
  // Of each asked word a row: what it adds to the score of each word that is looked at.
  const terms = new Float64Array(asked.length * rows);
  const negated = method === 'ADD' ? terms : new Float64Array(asked.length * rows);
  for (let row = 0; row < rows; row++) {
    const x = rowOf(vectors, first + row);
    for (let place = 0; place < asked.length; place++) {
      const cosine = dot(x, rowOf(vectors, asked[place] ?? 0));
      const at = place * rows + row;
      terms[at] = method === 'ADD' ? cosine : Math.log(Math.max(0, (1 + cosine) / 2));
      if (method === 'MULTIPLY') negated[at] = Math.log((1 + cosine) / 2 + ANALOGY_EPSILON);
    }
  }
  for (let question = 0; question < answers.length; question++) {
    const [a, b, c] = [questions[3 * question], questions[3 * question + 1], questions[3 * question + 2]];
    const [atA = 0, atB = 0, atC = 0] = places.subarray(3 * question, 3 * question + 3).map((place) => place * rows);
    let best = scores[question] ?? 0;
    let answer = answers[question] ?? 0;
    for (let row = 0; row < rows; row++) {
      const score = (terms[atB + row] ?? 0) + (terms[atC + row] ?? 0) - (negated[atA + row] ?? 0);
      if (!(score > best)) continue;
      const word = first + row;
      if (word === a || word === b || word === c) continue;
      best = score;
      answer = word;
    }
    scores[question] = best;
    answers[question] = answer;
  }
  analogies.row = last;
  return last < vectors.rows;
}

function dot(x: Float32Array, y: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] ?? 0) * (y[i] ?? 0);
  return sum;
}
