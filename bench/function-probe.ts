/**
 * Loaded into a process by `node --import ./bench/function-probe.ts`: counts how often its functions are called
 * between two messages of the parent process, and answers the second one.
 */
import { Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';

/** Calls by where the function is: a package, a folder of src, a part of Node.js. */
export type FunctionCalls = Readonly<Record<string, number>>;

const session = new Session();
session.connect();
await session.post('Profiler.enable');

process.on('message', async (told) => {
  if (told === 'count') {
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    process.send?.({});
    return;
  }
  const { result } = await session.post('Profiler.takePreciseCoverage');
  await session.post('Profiler.stopPreciseCoverage');
  const calls: Record<string, number> = {};
  for (const { url, functions } of result) {
    const place = placeOf(url);
    const sum = functions.reduce((all, { ranges }) => all + (ranges[0]?.count ?? 0), 0);
    calls[place] = (calls[place] ?? 0) + sum;
  }
  process.send?.(calls);
});

function placeOf(url: string): string {
  if (!url.startsWith('file:')) return 'Node.js';
  const path = fileURLToPath(url);
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  return name ?? path.replace(/^.*\/(?=(?:src|bench)\/)/, '').replace(/^(\w+\/\w+)\/.*$/, '$1');
}
