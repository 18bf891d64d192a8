import { execFileSync } from 'node:child_process';
import { expect, it } from '@jest/globals';

// With 96 MiB of them, as on a machine of many GiB, a process of 64 MiB ended.
it('requests take no more than half of a heap that Node.js was told to keep small', () => {
  const program = `
    import { loadConfig } from './src/config/load.ts';
    import { liveServerOptions } from './src/server-options.ts';
    const sources = { environment: { OPENAI_API_KEY: 'sk-test' }, readFile: () => '' };
    console.log(liveServerOptions(loadConfig(sources), '').maxBytesInFlight / 2 ** 20);`;
  const options = ['--max-old-space-size=64', '--input-type=module', '-e', program];
  const mib = Number(execFileSync(process.execPath, options, { timeout: 20_000 }));
  expect(mib).toBeGreaterThan(16);
  expect(mib).toBeLessThan(34);
});
