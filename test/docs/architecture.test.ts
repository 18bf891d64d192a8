import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const PATH = /`((?:src|scripts|bench|test|docs|proto)\/[\w./-]+)`/g;

describe('docs/architecture.md', () => {
  it('names files and folders that exist', () => {
    const text = readFileSync('docs/architecture.md', 'utf8');
    const paths = [...text.matchAll(PATH)].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });
});
