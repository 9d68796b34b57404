/** A process that does nothing but watch how long its event loop is kept waiting: by the machine, then. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

import type { Question } from './server.ts';

const delays = monitorEventLoopDelay({ resolution: 10 });
delays.enable();
process.on('message', ({ type }: Question) => {
  if (type === 'forgetDelays') delays.reset();
  process.send?.({ value: delays.percentile(99) / 1e6 });
});
process.once('disconnect', () => process.exit());
process.send?.({ url: '' });
