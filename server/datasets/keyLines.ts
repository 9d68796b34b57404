/**
 * Remembers on which line each key was met first, in about 30 bytes a key: a million keys as a Map of strings take five
 * times as much. Keys are held as 96 bits of their SHA-1, so that two different ones are taken for the same once in
 * 10^15 imports of ten million.
 */
import { hash } from 'node:crypto';

export interface Place {
  /** Number of the file in the import. */
  readonly file: number;
  readonly line: number;
}

const LANES = 5; // three of the hash, file + 1 (0: the slot is free), line
const LARGEST_LOAD = 0.7;

export class KeyLines {
  #slots = new Uint32Array(1024 * LANES);
  #count = 0;

  /** Where the key was met before; null where it is new, and then it is remembered. */
  add(key: string, { file, line }: Place): Place | null {
    if (this.#count >= (this.#slots.length / LANES) * LARGEST_LOAD) this.#grow();
    const digest = hash('sha1', key, 'buffer');
    const a = digest.readUInt32LE(0);
    const b = digest.readUInt32LE(4);
    const c = digest.readUInt32LE(8);
    const at = find(this.#slots, a, b, c);
    const slots = this.#slots;
    const found = slots[at + 3] ?? 0;
    if (found > 0) return { file: found - 1, line: slots[at + 4] ?? 0 };
    slots.set([a, b, c, file + 1, line], at);
    this.#count++;
    return null;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += LANES) {
      if (old[at + 3] === 0) continue;
      slots.set(old.subarray(at, at + LANES), find(slots, old[at] ?? 0, old[at + 1] ?? 0, old[at + 2] ?? 0));
    }
    this.#slots = slots;
  }
}

/** Where the key's slot begins, or the free one that it is to take. */
function find(slots: Uint32Array, a: number, b: number, c: number): number {
  const count = slots.length / LANES;
  for (let slot = a & (count - 1); ; slot = (slot + 1) & (count - 1)) {
    const at = slot * LANES;
    if (slots[at + 3] === 0) return at;
    if (slots[at] === a && slots[at + 1] === b && slots[at + 2] === c) return at;
  }
}
