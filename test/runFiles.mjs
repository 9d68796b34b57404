// Runs test files in the order in which they are given, so many at a time, and reports them as `node --test` does, which would sort
// them by name: the longest would come last, and be waited for alone. Started with `--import tsx`, which each file inherits.
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const [concurrency, ...files] = process.argv.slice(2);
const stream = run({ files, concurrency: Number(concurrency) });
stream.on('test:fail', ({ todo }) => {
  if (todo === undefined || todo === false) process.exitCode = 1;
});
stream.compose(new spec()).pipe(process.stdout);
