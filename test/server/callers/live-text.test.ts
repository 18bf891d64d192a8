import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { LiveText } from '../../../src/server/callers/live-text.ts';
import { FakeClock } from '../../support/fake-clock.ts';

it('takes what changed once it was read twice, so never half of a file that is being written', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'live-text-'));
  const path = join(directory, 'file');
  const taken: string[] = [];
  writeFileSync(path, 'one');
  const file = new LiveText(path, {
    clock: new FakeClock(),
    take: (text) => taken.push(text),
    onRefusal: (error) => {
      throw error;
    },
  });
  await file.start();
  writeFileSync(path, 'tw');
  await file.look();
  writeFileSync(path, 'two');
  await file.look();
  expect(taken).toEqual(['one']);
  await file.look();
  await file.look();
  expect(taken).toEqual(['one', 'two']);
  file.stop();
  rmSync(directory, { recursive: true });
});

it('takes what Kubernetes puts in the place of a mounted Secret', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'live-text-'));
  const put = (version: string, text: string) => {
    mkdirSync(join(directory, version));
    writeFileSync(join(directory, version, 'file'), text);
    symlinkSync(version, join(directory, '..data_tmp'));
    renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
  };
  put('..1', 'one');
  symlinkSync(join('..data', 'file'), join(directory, 'file'));
  const taken: string[] = [];
  const file = new LiveText(join(directory, 'file'), {
    clock: new FakeClock(),
    take: (text) => taken.push(text),
    onRefusal: (error) => {
      throw error;
    },
  });
  await file.start();
  put('..2', 'two');
  rmSync(join(directory, '..1'), { recursive: true });
  await file.look();
  await file.look();
  expect(taken).toEqual(['one', 'two']);
  file.stop();
  rmSync(directory, { recursive: true });
});
