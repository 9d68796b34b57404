/**
 * Checks of decoded Arrow columns. The decoder trusts what a batch says of its lists: one damaged offset, and a list of two
 * numbers is one of two thousand million, for which it makes an array.
 */
import { type Batch, type Table, Type } from '@uwdata/flechette';

/** A value takes a bit at least. */
const VALUES_PER_BYTE = 8;

/** @throws RangeError for a column that promises more values than it has */
export function checkColumns(table: Table): void {
  for (const { data } of table.children) for (const batch of data) checkBatch(batch);
}

function checkBatch({ type, length, values, offsets, sizes, children = [] }: Batch<unknown>): void {
  if (values !== undefined && length > values.byteLength * VALUES_PER_BYTE) {
    throw new RangeError(`${length} values in ${values.byteLength} bytes`);
  }
  const [child] = children;
  if (child !== undefined) {
    switch (type.typeId) {
      case Type.FixedSizeList:
        if (!(type.stride * length <= child.length)) throw tooLong(type.stride * length, child);
        break;
      case Type.List:
      case Type.LargeList:
      case Type.Map:
        for (let i = 0; i < length; i++) checkRange(Number(offsets[i]), Number(offsets[i + 1]), child);
        break;
      case Type.ListView:
      case Type.LargeListView:
        for (let i = 0; i < length; i++) {
          checkRange(Number(offsets[i]), Number(offsets[i]) + Number(sizes[i]), child);
        }
        break;
    }
  }
  for (const one of children) checkBatch(one);
}

function checkRange(start: number, end: number, child: Batch<unknown>): void {
  if (!(start >= 0 && start <= end && end <= child.length)) throw tooLong(end, child);
}

function tooLong(end: number, child: Batch<unknown>): RangeError {
  return new RangeError(`a list ends at value ${end} of ${child.length}`);
}
