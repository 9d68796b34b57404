// Lists of the k nearest: scores f32 ascending, ids u32 beside them, of equal scores the smaller id first. 0xffffffff, at Infinity: none yet.

// @ts-ignore: decorator
@inline
export function isBefore(score: f32, id: u32, otherScore: f32, otherId: u32): bool {
  return score < otherScore || (score == otherScore && id < otherId);
}

/** Moves what lies from `at` to before `end` one place on, and so the ids: lists are short, and a call of memory.copy is not. */
// @ts-ignore: decorator
@inline
export function shift(at: usize, end: usize, toIds: usize): void {
  for (let place = end; place > at; place -= 4) {
    store<f32>(place, load<f32>(place - 4));
    store<u32>(place + toIds, load<u32>(place - 4 + toIds));
  }
}

/**
 * Puts an id into a list whose last entry gives way to it. list: the first score; end: the last one; their ids lie `toIds` bytes further on.
 */
// @ts-ignore: decorator
@inline
export function insert(list: usize, end: usize, toIds: usize, score: f32, id: u32): void {
  let at = end;
  while (at > list) {
    const before = load<f32>(at - 4);
    const beforeId = load<u32>(at - 4 + toIds);
    if (!isBefore(score, id, before, beforeId)) break;
    store<f32>(at, before);
    store<u32>(at + toIds, beforeId);
    at -= 4;
  }
  store<f32>(at, score);
  store<u32>(at + toIds, id);
}

/** The same, unless the id is there already: the score of a pair is always the same. */
// @ts-ignore: decorator
@inline
export function insertOnce(list: usize, end: usize, toIds: usize, score: f32, id: u32): void {
  let at = end;
  while (at > list && isBefore(score, id, load<f32>(at - 4), load<u32>(at - 4 + toIds))) at -= 4;
  if (at > list && load<u32>(at - 4 + toIds) == id) return;
  shift(at, end, toIds);
  store<f32>(at, score);
  store<u32>(at + toIds, id);
}
