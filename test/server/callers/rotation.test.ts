import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { FakeClock } from '../../support/fake-clock.ts';
import { codeName, failureOf } from '../../support/grpc-client.ts';
import { REQUEST, serverPerTest } from '../../support/server-per-test.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const start = serverPerTest();
const directory = tempFolder();

it('of tokens loses no call of callers that go on all the while', async () => {
  const tokenFile = join(directory, 'tokens');
  const write = (...tokens: string[]) => writeFileSync(tokenFile, tokens.join('\n'));
  const token = (number: number) => `token-number-${String(number).padStart(8, '0')}`;
  write(token(0));
  const clock = new FakeClock(Date.now());
  const { client } = await start(
    { callers: { callers: [{ name: 'shop', tokenFile, rights: ['messages'], limits: {} }] } },
    { clock },
  );
  const call = (number: number) =>
    client.provider.unary('SendMessageSync', REQUEST, {
      metadata: { authorization: `Bearer ${token(number)}` },
    });

  let current = 0;
  let isOver = false;
  let calls = 0;
  const load = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      await call(current);
      calls += 1;
    }
  });
  /** Until the tokens of the file hold. */
  const until = async (number: number, holds: boolean): Promise<void> => {
    for (;;) {
      clock.advance(2_000);
      const taken = await call(number).then(
        () => true,
        () => false,
      );
      if (taken === holds) return;
    }
  };
  for (let next = 1; next <= 5; next += 1) {
    write(token(current), token(next));
    await until(next, true);
    current = next;
    write(token(next));
    await until(next - 1, false);
  }
  isOver = true;
  await Promise.all(load);
  expect(calls).toBeGreaterThan(50);
  expect(codeName(await failureOf(call(4)))).toBe('UNAUTHENTICATED');
});
