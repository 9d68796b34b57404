/** A model of one product of matrices, for the library to be called as one calls BLAS. */
import { bytesField, integerField, join, textField } from './protobuf.ts';

const FLOAT = 1;
const INTEGER = 2;
const IR_VERSION = 8;
const OPSET = 17;

/**
 * An ONNX file: `c = op(a) op(b)`, and with `accumulate` plus `d`, of any sizes. The operator is Gemm, whose third input is added to
 * the product.
 */
export function gemmModel(transposeA: boolean, transposeB: boolean, accumulate: boolean): Uint8Array {
  const size = (name: string) => bytesField(1, textField(2, name));
  const tensor = (name: string, rows: string, columns: string) => [
    ...textField(1, name),
    ...bytesField(2, bytesField(1, [...integerField(1, FLOAT), ...bytesField(2, [...size(rows), ...size(columns)])])),
  ];
  const attribute = (name: string, value: boolean) =>
    bytesField(5, [...textField(1, name), ...integerField(3, Number(value)), ...integerField(20, INTEGER)]);
  const node = [
    ...['a', 'b', ...(accumulate ? ['d'] : [])].flatMap((name) => textField(1, name)),
    ...textField(2, 'c'),
    ...textField(4, 'Gemm'),
    ...attribute('transA', transposeA),
    ...attribute('transB', transposeB),
  ];
  const graph = [
    ...bytesField(1, node),
    ...textField(2, 'gemm'),
    ...bytesField(11, transposeA ? tensor('a', 'k', 'm') : tensor('a', 'm', 'k')),
    ...bytesField(11, transposeB ? tensor('b', 'n', 'k') : tensor('b', 'k', 'n')),
    ...(accumulate ? bytesField(11, tensor('d', 'm', 'n')) : []),
    ...bytesField(12, tensor('c', 'm', 'n')),
  ];
  return join([...integerField(1, IR_VERSION), ...bytesField(8, integerField(2, OPSET)), ...bytesField(7, graph)]);
}
