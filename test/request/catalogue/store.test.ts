import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { builtInCatalogue } from '../../../src/request/catalogue/catalogue.ts';
import { CatalogueError } from '../../../src/request/catalogue/rows.ts';
import { CatalogueStore } from '../../../src/request/catalogue/store.ts';
import { tempFolders } from '../../support/temp-folder.ts';

const newFolder = tempFolders();
let folder: string;
let file: string;

beforeEach(() => {
  folder = newFolder();
  file = join(folder, 'models.yaml');
});

/** A file with one model. */
function yaml(version: string, contextWindow: number | string): string {
  return `version: "${version}"\nmodels:\n  - { id: own, contextWindow: ${contextWindow} }\n`;
}

/** A store whose time to look at its file is now. */
function open(path = file) {
  const log = { info: jest.fn(), warn: jest.fn() };
  let poll = () => {};
  const stop = jest.fn();
  const every = jest.fn((callback: () => void) => {
    poll = callback;
    return stop;
  });
  const store = new CatalogueStore({ file: path }, { log, every });
  store.start();
  return { store, log, every, stop, poll: () => poll() };
}

function windowOf(store: CatalogueStore): number | undefined {
  return store.current.find('own')?.contextWindow;
}

describe('the catalogue store', () => {
  it('has the built-in catalogue, and watches nothing, where no file is configured', () => {
    const every = jest.fn(() => () => {});
    const store = new CatalogueStore({}, { log: { info: () => {}, warn: () => {} }, every });
    store.start();
    expect(store.current).toBe(builtInCatalogue());
    expect(store.warnings).toEqual([]);
    expect(every).not.toHaveBeenCalled();
    store.close();
  });

  it('lays the file over the built-in catalogue, and says so', () => {
    writeFileSync(file, yaml('a', 1000));
    const { store, log } = open();
    expect(store.current.find('own')).toMatchObject({ contextWindow: 1000 });
    expect(store.current.find('gpt-4o')).toBe(builtInCatalogue().find('gpt-4o'));
    expect(store.current.version).toBe(`${builtInCatalogue().version}+a`);
    expect(log.info).toHaveBeenCalledWith(
      { file, catalogue_version: store.current.version, models: 62 },
      'catalogue loaded',
    );
  });

  it('reads JSON', () => {
    writeFileSync(
      file,
      JSON.stringify({ version: 'a', models: [{ id: 'own', contextWindow: 7 }] }),
    );
    expect(windowOf(open().store)).toBe(7);
  });

  it.each([
    ['is missing', undefined, 'ENOENT'],
    ['is no YAML', 'version: [', 'cannot be read'],
    ['multiplies itself', bomb(), 'cannot be read'],
    ['is empty', '', 'must be a group of keys'],
    ['has a wrong row', yaml('a', 'huge'), 'models[0].contextWindow'],
  ])('does not start with a file that %s', (_, text, message) => {
    if (text !== undefined) writeFileSync(file, text);
    expect(() => open()).toThrow(CatalogueError);
    expect(() => open()).toThrow(message);
  });

  it('reads the file again when it was written to', () => {
    writeFileSync(file, yaml('a', 1000));
    const { store, poll, log } = open();
    writeFileSync(file, yaml('b', 2000));
    poll();
    expect(windowOf(store)).toBe(2000);
    expect(log.info).toHaveBeenLastCalledWith(
      expect.objectContaining({ catalogue_version: expect.stringMatching(/\+b$/) }),
      'catalogue reloaded',
    );
  });

  it('reads the file again when another took its place', () => {
    writeFileSync(file, yaml('a', 1000));
    const { store, poll } = open();
    writeFileSync(join(folder, 'new'), yaml('b', 2000));
    renameSync(join(folder, 'new'), file);
    poll();
    expect(windowOf(store)).toBe(2000);
  });

  it('reads the file again when a symbolic link above it was swapped, as Kubernetes does', () => {
    for (const [name, window] of Object.entries({ one: 1000, two: 2000 })) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'models.yaml'), yaml(name, window));
    }
    symlinkSync('one', join(folder, '..data'));
    symlinkSync(join('..data', 'models.yaml'), file);
    const { store, poll } = open();
    expect(windowOf(store)).toBe(1000);
    symlinkSync('two', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    poll();
    expect(windowOf(store)).toBe(2000);
  });

  it('leaves a file alone that did not change', () => {
    writeFileSync(file, yaml('a', 1000));
    const { store, poll, log } = open();
    const before = store.current;
    poll();
    expect(store.current).toBe(before);
    expect(log.info).toHaveBeenCalledTimes(1);
  });

  it('refuses a changed file that is invalid, once, and keeps what it had', () => {
    writeFileSync(file, yaml('a', 1000));
    const { store, poll, log } = open();
    writeFileSync(file, yaml('b', 'huge'));
    poll();
    poll();
    expect(windowOf(store)).toBe(1000);
    expect(log.warn).toHaveBeenCalledTimes(1);
    expect(log.warn).toHaveBeenCalledWith(
      { file, err: expect.any(CatalogueError), catalogue_version: store.current.version },
      'changed model catalogue refused, the old one stays',
    );
    expect(store.warnings).toEqual([expect.stringContaining('was refused')]);
  });

  it('takes the file again once it is mended', () => {
    writeFileSync(file, yaml('a', 1000));
    const { store, poll } = open();
    writeFileSync(file, '{');
    poll();
    writeFileSync(file, yaml('c', 3000));
    poll();
    expect(windowOf(store)).toBe(3000);
    expect(store.warnings).toEqual([]);
  });

  it('keeps what it had while the file is gone', () => {
    writeFileSync(file, yaml('a', 1000));
    const { store, poll, log } = open();
    rmSync(file);
    poll();
    poll();
    expect(windowOf(store)).toBe(1000);
    expect(log.warn).toHaveBeenCalledTimes(1);
    writeFileSync(file, yaml('b', 2000));
    poll();
    expect(windowOf(store)).toBe(2000);
  });

  it('watches once however often it is started, until it is closed', () => {
    writeFileSync(file, yaml('a', 1000));
    const { store, every, stop } = open();
    store.start();
    expect(every).toHaveBeenCalledTimes(1);
    store.close();
    store.close();
    expect(stop).toHaveBeenCalledTimes(1);
  });

  it('looks every two seconds by itself', () => {
    jest.useFakeTimers();
    try {
      writeFileSync(file, yaml('a', 1000));
      const store = new CatalogueStore({ file }, { log: { info: () => {}, warn: () => {} } });
      store.start();
      writeFileSync(file, yaml('b', 2000));
      jest.advanceTimersByTime(1999);
      expect(windowOf(store)).toBe(1000);
      jest.advanceTimersByTime(1);
      expect(windowOf(store)).toBe(2000);
      store.close();
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });
});

/** Aliases of aliases that would grow to ten billion entries. */
function bomb(): string {
  const levels = Array.from({ length: 10 }, (_, level) => {
    const aliases = Array.from({ length: 10 }, () => (level === 0 ? 'x' : `*a${level - 1}`));
    return `a${level}: &a${level} [${aliases.join(', ')}]`;
  });
  return levels.join('\n');
}
