/** What computes maps whose device is AUTO: asked of a thread of kernels once, since it takes a second to find out. */
import { runKernel } from '../compute.ts';

let found: Promise<'GPU' | 'CPU'> | null = null;

export async function usualDevice(): Promise<'GPU' | 'CPU'> {
  found ??= runKernel('device', null);
  try {
    return await found;
  } catch (error) {
    found = null;
    throw error;
  }
}
