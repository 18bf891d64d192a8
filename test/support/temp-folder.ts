import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

/** To be called once per test file: what it returns makes directories, which go after the last test of the file. */
export function tempFolders(): () => string {
  const folders: string[] = [];
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'test-'));
    folders.push(folder);
    return folder;
  };
}

/** One of them. */
export function tempFolder(): string {
  return tempFolders()();
}

/** Writes files into a directory, and tells where they are. */
export function filesIn(folder: string): (name: string, text: string) => string {
  return (name, text) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
}
