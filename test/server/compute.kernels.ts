/** A thread of kernels that behave in every way a kernel can. */
import { threadId } from 'node:worker_threads';

import { UserError } from '../../server/errors.ts';
import { type KernelOptions, serveKernels } from '../../server/serveKernels.ts';

const kernels = {
  double: (input: { values: Float32Array }) => ({ values: input.values.map((value) => 2 * value) }),
  later: async (input: number) => {
    await new Promise((resolve) => setTimeout(resolve, input));
    return input;
  },
  /** Holds the thread for so many milliseconds, without a pause. */
  hold: (input: number, { onProgress }: KernelOptions) => {
    const begun = performance.now();
    while (performance.now() - begun < input) onProgress((performance.now() - begun) / input);
    return 'held';
  },
  /** Holds on to a graphics card, as it were: is asked to stop, and takes so many milliseconds to do so. */
  onCard: async (input: number, { onProgress, hold, signal }: KernelOptions) => {
    const letGo = hold();
    onProgress(0);
    while (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, input));
    letGo();
    signal.throwIfAborted();
  },
  thread: () => threadId,
  refuse: (input: string) => {
    throw new UserError('BAD_USER_INPUT', input, { file: 'a.csv', line: 7 });
  },
  fail: (input: string) => {
    throw new RangeError(input);
  },
  exit: () => process.exit(3),
};

export type TestKernels = typeof kernels;

serveKernels(kernels);
