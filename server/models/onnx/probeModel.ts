/** A model of one product of matrices, to see whether a device works and how fast it is. */
import { bytesField, integerField, join, textField } from './protobuf.ts';

const FLOAT = 1;
const IR_VERSION = 8;
const OPSET = 17;

/** An ONNX file: `y = x x`, both `size` x `size`. */
export function probeModel(size: number): Uint8Array {
  const dimension = bytesField(1, integerField(1, size));
  const tensorType = bytesField(1, [...integerField(1, FLOAT), ...bytesField(2, [...dimension, ...dimension])]);
  const tensor = (name: string) => [...textField(1, name), ...bytesField(2, tensorType)];
  const node = [...textField(1, 'x'), ...textField(1, 'x'), ...textField(2, 'y'), ...textField(4, 'MatMul')];
  const graph = [
    ...bytesField(1, node),
    ...textField(2, 'probe'),
    ...bytesField(11, tensor('x')),
    ...bytesField(12, tensor('y')),
  ];
  return join([...integerField(1, IR_VERSION), ...bytesField(8, integerField(2, OPSET)), ...bytesField(7, graph)]);
}
