import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const PAGES = [...globSync('*.md'), ...globSync('docs/**/*.md')].sort();
const LINK = /\]\(([^)#:\s]*)(?:#([^)\s]+))?\)/g;
const PATH = /`((?:src|scripts|bench|demo|test|docs|deploy|examples|proto)\/[\w./-]+)`/g;

/** What links to its headings end with. */
function anchorsOf(page: string): string[] {
  const headings = [...readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm)];
  return headings.map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}

function isThere(page: string, path: string, anchor: string | undefined): boolean {
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(target)) return false;
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

describe.each(PAGES)('%s', (page) => {
  const text = readFileSync(page, 'utf8');

  it('links to what exists', () => {
    const broken = [...text.matchAll(LINK)].filter(
      ([, path = '', anchor]) => !isThere(page, path, anchor),
    );
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  // What a decision names may be gone since.
  if (!page.startsWith('docs/decisions/')) {
    it('names files and folders that exist', () => {
      const paths = [...text.matchAll(PATH)].map(([, path = '']) => path);
      expect(paths.filter((path) => !existsSync(path))).toEqual([]);
    });
  }
});

describe('docs/architecture.md', () => {
  /** The folders of src in its tree, and those in each of them; what a command is made of it leaves out. */
  function drawn(): string[] {
    const [, tree = ''] = readFileSync('docs/architecture.md', 'utf8').split('```');
    let parent = '';
    return [...tree.matchAll(/^(src\/| {2})([\w-]+)\/ /gm)].map(([, start, name]) => {
      if (start === 'src/') parent = `src/${name}`;
      return start === 'src/' ? parent : `${parent}/${name}`;
    });
  }

  it('draws each folder of the house', () => {
    const folders = globSync('src/{*,*/*}/*.ts').map((path) => dirname(path));
    const shown = [...new Set(folders)].filter((path) => !/^src\/(gen|cli)\//.test(path));
    expect(drawn().filter((path) => !existsSync(path))).toEqual([]);
    expect(shown.filter((path) => !drawn().includes(path))).toEqual([]);
  });
});

describe('README.md', () => {
  it('leads to every page', () => {
    const text = readFileSync('README.md', 'utf8');
    expect(globSync('docs/*.md').filter((page) => !text.includes(`(${page})`))).toEqual([]);
  });
});
