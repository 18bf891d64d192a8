import { spawnSync } from 'node:child_process';
import { expect, it } from '@jest/globals';

/** Runs before the program, which takes this one for an older one. */
const OLDER = `data:text/javascript,Object.defineProperty(process, 'versions', {
  value: { ...process.versions, node: '22.23.1' },
})`;

it('says in a line which Node.js the program needs', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', OLDER, 'src/main.ts', '--version'],
    { encoding: 'utf8' },
  );
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: 'Node.js 24 or newer is needed; this is 22.23.1.\n',
  });
});
