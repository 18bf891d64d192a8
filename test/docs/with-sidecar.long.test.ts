import { execFileSync, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const SCRIPT = 'examples/testing/with-sidecar.sh';
const ANSWERS = 'examples/testing/answers.yaml';
const TAMMA_PROGRAM = `node ${resolve('src/main.ts')}`;
const { PATH, HOME } = process.env;

describe('with-sidecar.sh', () => {
  it('runs a sidecar with its own configuration, whatever the shell has for another', () => {
    const environment = {
      TAMMA_CONFIG: '/gone.yaml',
      TAMMA_METRICS_LISTEN: 'no address',
      TAMMA_ADDRESS: '192.0.2.1:1',
      OPENAI_API_KEY_FILE: '/gone',
      OPENAI_ORG_ID: 'no org',
    };
    const command = `env | grep ^TAMMA_CONFIG; ${TAMMA_PROGRAM} ask --quiet hi`;
    const out = execFileSync(SCRIPT, [ANSWERS, 'sh', '-c', command], {
      env: { PATH, HOME, TAMMA_PROGRAM, ...environment },
      encoding: 'utf8',
    });
    expect(out).toBe('TAMMA_CONFIG=/gone.yaml\nHello from the simulator.\n');
  });

  it.each([
    [['/gone.yaml', 'true'], 'simulate: /gone.yaml: the file cannot be read (ENOENT)\n'],
    [[], 'it needs ANSWERS and COMMAND\n'],
  ])('says why it cannot with %j', (args, told) => {
    const { status, stderr } = spawnSync(SCRIPT, args, {
      env: { PATH, HOME, TAMMA_PROGRAM },
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(told) });
  });
});
