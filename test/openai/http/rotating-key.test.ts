import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { SILENT } from '../../../src/core/provider-log.ts';
import { RotatingKey } from '../../../src/openai/http/rotating-key.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { tempFolders } from '../../support/temp-folder.ts';

const newFolder = tempFolders();
let directory: string;
let file: string;
let clock: FakeClock;
let warnings: string[];

beforeEach(() => {
  directory = newFolder();
  file = join(directory, 'key');
  clock = new FakeClock();
  warnings = [];
});

function open(options: { readonly file?: string } = { file }): RotatingKey {
  const log = { ...SILENT, warn: (_: object, text: string) => warnings.push(text) };
  const client = { baseUrl: 'http://127.0.0.1:9/v1' };
  const deps = { clock, log: log as never, onChange: () => {} };
  return new RotatingKey(client as never, { secret: 'old', ...options }, deps);
}

/** Lets the time pass for which it waits between two looks. */
async function settled<T>(promise: Promise<T>, onWait: () => void = () => {}): Promise<T> {
  let isDone = false;
  const done = promise.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await after(1);
    if (clock.pending > 0) {
      onWait();
      clock.advance(50);
    }
  }
  return done;
}

describe('a key that was refused', () => {
  it.each<[string, string]>([
    ['is empty', ' \n'],
    ['is longer than any key', 'a'.repeat(65_537)],
    ['is a text of several words', 'no key here'],
  ])('stays while its file %s, which is said once', async (_what, text) => {
    writeFileSync(file, text);
    const key = open();
    let waits = 0;
    expect(await settled(key.renew('old'), () => (waits += 1))).toBe(false);
    expect([key.current, waits]).toEqual(['old', 2]);
    expect(warnings).toEqual(['the file of an API key holds none: the one before stays']);
  });

  it('is another one as soon as its file has been written', async () => {
    writeFileSync(file, '');
    const key = open();
    expect(await settled(key.renew('old'), () => writeFileSync(file, 'new\n'))).toBe(true);
    expect(key.current).toBe('new');
    expect(await key.renew('old')).toBe(true);
  });

  it('stays what it is without a file', async () => {
    const key = open({});
    expect(key.canRenew).toBe(false);
    expect(await key.renew('old')).toBe(false);
  });
});
