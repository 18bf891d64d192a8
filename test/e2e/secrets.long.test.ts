import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it } from '@jest/globals';
import { startSidecar } from '../attacks/sidecar.ts';

/** Has a process tell, at SIGWINCH, what is in its environment and in a diagnostic report. */
const TELL = `process.on('SIGWINCH', () => console.log(JSON.stringify({
  environment: process.env, report: process.report.getReport() })))`;

const PLANTED = {
  OPENAI_API_KEY: 'sk-planted-0123456789',
  OTEL_EXPORTER_OTLP_HEADERS: 'api-key=planted-header-0123456789',
  SOME_TOKEN: 'planted-token-0123456789',
};

it('no secret is in the environment or a report once it runs, and no debugger can be opened', async () => {
  const sidecar = await startSidecar({
    nodeOptions: ['--import', `data:text/javascript,${encodeURIComponent(TELL)}`],
    environment: { ...PLANTED, KEPT: 'kept' },
    stderr: 'pipe',
  });
  const { child } = sidecar;
  if (child.stdout === null || child.stderr === null) throw new Error('nothing can be read');
  let log = '';
  child.stderr.on('data', (text) => {
    log += String(text);
  });
  child.kill('SIGUSR1');
  while (!log.includes('SIGUSR1')) await once(child.stderr, 'data');
  const lines = createInterface({ input: child.stdout });
  child.kill('SIGWINCH');
  const [told] = await once(lines, 'line');
  await sidecar.stop();
  expect(JSON.parse(told).environment).toMatchObject({ KEPT: 'kept' });
  for (const secret of Object.values(PLANTED)) {
    expect(told).not.toContain(secret);
    expect(log).not.toContain(secret);
  }
  expect(log).not.toContain('Debugger');
});
