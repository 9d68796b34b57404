/** The largest of many numbers, without sorting them all. */

/**
 * The places of the `count` largest values, largest first, of equal ones the first; places that `isLeftOut` names, and
 * NaN, do not count. A bounded heap: n log count at worst, n in practice.
 */
export function largest(
  values: ArrayLike<number>,
  count: number,
  isLeftOut: (place: number) => boolean = () => false,
): number[] {
  const heap: number[] = []; // smallest on top
  const isBefore = (a: number, b: number): boolean => {
    const difference = (values[a] ?? 0) - (values[b] ?? 0);
    return difference < 0 || (difference === 0 && a > b);
  };
  for (let place = 0; place < values.length; place++) {
    const value = values[place] ?? Number.NaN;
    if (heap.length === count && count > 0 && !(value > (values[heap[0] ?? 0] ?? 0))) continue;
    if (count === 0 || Number.isNaN(value) || isLeftOut(place)) continue;
    if (heap.length < count) {
      heap.push(place);
      siftUp(heap, isBefore);
    } else {
      heap[0] = place;
      siftDown(heap, isBefore);
    }
  }
  return heap.sort((a, b) => (isBefore(a, b) ? 1 : -1));
}

function siftUp(heap: number[], isBefore: (a: number, b: number) => boolean): void {
  let at = heap.length - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(heap[at] ?? 0, heap[parent] ?? 0)) return;
    swap(heap, at, parent);
    at = parent;
  }
}

function siftDown(heap: number[], isBefore: (a: number, b: number) => boolean): void {
  for (let at = 0; ; ) {
    let least = at;
    for (const child of [2 * at + 1, 2 * at + 2]) {
      if (child < heap.length && isBefore(heap[child] ?? 0, heap[least] ?? 0)) least = child;
    }
    if (least === at) return;
    swap(heap, at, least);
    at = least;
  }
}

function swap(heap: number[], a: number, b: number): void {
  const moved = heap[a] ?? 0;
  heap[a] = heap[b] ?? 0;
  heap[b] = moved;
}
