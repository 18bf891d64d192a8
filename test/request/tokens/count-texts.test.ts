import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { countPrompts } from '../../../src/request/tokens/count-texts.ts';
import { type Encoding, loadEncoding } from '../../../src/request/tokens/encoding.ts';
import { MAX_PIECE_LENGTH } from '../../../src/request/tokens/text-chunks.ts';
import { fewOrMany } from '../../support/long.ts';
import { referenceCount } from './tiktoken-reference.ts';

/** Letters. */
const MANY_CHUNKS = fewOrMany(20_000, 50_000);

const NEVER = new AbortController().signal;

const PROSE = {
  English:
    "The quick brown fox doesn't jump; it's THEY'LL who'd jump. 1234567 €12.50 (approx.)\n\n",
  German: 'Falsches Üben von Xylophonmusik quält jeden größeren Zwerg – Straßenbahnhaltestelle!\n',
  French: 'L’été dernier, nous sommes allés à la plage ; qu’est-ce que c’était beau !\n',
  Chinese:
    '在机器学习中，模型的性能往往取决于数据的质量。我们建议先清洗数据，再训练模型；最后评估。\n',
  Japanese:
    '吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。カタカナも混ぜる。\n',
  Korean: '안녕하세요. 오늘은 날씨가 매우 좋습니다. 산책하러 갈까요?\n',
  Arabic: 'اللغة العربية جميلة جداً، وتُكتب من اليمين إلى اليسار. ١٢٣٤٥\n',
  Hindi: 'नमस्ते दुनिया, यह एक परीक्षण वाक्य है जिसमें संयुक्ताक्षर हैं।\n',
  Thai: 'ภาษาไทยไม่มีการเว้นวรรคระหว่างคำ แต่มีการเว้นวรรคระหว่างประโยค\n',
  emoji: 'Ship it 🚀🚀 👩‍👩‍👧‍👦 ❤️‍🔥 🇩🇪 👍🏽 — done ✅\n',
  markup: '<p class="a">x &amp; y</p>\r\n\t<!-- // -->\r\n{"a":[1,2.5e-3,null],"b":"\\u00e9"}\r\n',
  url: 'https://example.com/a/b/c?query=some%20value&token=eyJhbGciOiJIUzI1NiJ9.e30.abc_def-123#x\n',
};

const COMPLICATED_PIECES = [
  " 'S",
  "don't",
  "WE'LL've",
  '\n\n  \n',
  '\t',
  '   ',
  '\r\n',
  '//\n/',
  '...',
  '123456',
  'ÀÉ',
  'camelCase',
  'e\u0301',
  '中文',
  '<|endoftext|>',
  '<|im_start|>',
];

describe.each(['o200k_base', 'cl100k_base'] as const)('countPrompts with %s', (name) => {
  let encoding: Encoding;

  beforeAll(async () => {
    encoding = await loadEncoding(name);
  });

  const count = async (...texts: string[]) => (await countPrompts(encoding, [texts], NEVER))?.[0];
  const exactly = (text: string) => ({ tokens: referenceCount(name, text), exact: true });

  it.each(Object.entries(PROSE))('agrees with tiktoken on %s', async (_, text) => {
    expect(await count(text)).toEqual(exactly(text));
  });

  it('agrees with tiktoken on source files', async () => {
    const folder = join(__dirname, '../../../src/provider');
    const names = readdirSync(folder).filter((file) => file.endsWith('.ts'));
    const files = names.map((file) => readFileSync(join(folder, file), 'utf8'));
    expect(files.length).toBeGreaterThan(5);
    for (const text of files) expect(await count(text)).toEqual(exactly(text));
  });

  it.each(Object.entries(PROSE))('agrees with tiktoken on %s of many chunks', async (_, text) => {
    const long = text.repeat(Math.ceil(MANY_CHUNKS / text.length));
    expect(await count(long)).toEqual(exactly(long));
  });

  it('agrees with tiktoken on arbitrary strings', async () => {
    const unit = fc.oneof(
      fc.constantFrom(...COMPLICATED_PIECES),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
    );
    const texts = fc.array(unit, { maxLength: 60 }).map((units) => units.join(''));
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect(await count(text)).toEqual(exactly(text));
      }),
      { numRuns: fewOrMany(30, 300) },
    );
  });

  it('agrees with tiktoken on arbitrary texts of several chunks', async () => {
    const pieces = fc.array(fc.constantFrom(...COMPLICATED_PIECES, ' ', ' word', ''), {
      minLength: 200,
      maxLength: 300,
    });
    await fc.assert(
      fc.asyncProperty(pieces, async (units) => {
        const text = units.join('').repeat(30);
        expect(await count(text)).toEqual(exactly(text));
      }),
      { numRuns: fewOrMany(3, 15) },
    );
  });

  it('counts text that reads like special tokens as text', async () => {
    const text = '<|endoftext|><|im_start|>system<|im_end|> and <|fim_prefix|>';
    expect(await count(text)).toEqual(exactly(text));
  });

  it('sums texts that are encoded each on its own', async () => {
    const expected = referenceCount(name, 'straw') + referenceCount(name, 'berry');
    expect(await count('straw', '', 'berry')).toEqual({ tokens: expected, exact: true });
  });

  it('counts a byte order mark a little too high, and says that it estimates', async () => {
    const text = '\uFEFFusing System;\n';
    const result = await count(text);
    expect(result?.exact).toBe(false);
    expect((result?.tokens ?? 0) - referenceCount(name, text)).toBe(2);
  });

  it('is exact up to the longest piece', async () => {
    const word = 'xqzj'.repeat(MAX_PIECE_LENGTH / 4);
    expect(await count(word)).toEqual(exactly(word));
    expect(await count(`${word}q`)).toMatchObject({ exact: false });
  });

  it.each([
    ['letters', 'xqzjkvbn'],
    ['Chinese without punctuation', '数据质量决定模型性能'],
    ['symbols', '=-+*&^%'],
    ['emoji', '😀🚀🎉'],
    ['line breaks', '\n'],
  ])('is within 1% on a run of %s, and says that it estimates', async (_, unit) => {
    const text = unit.repeat(6000 / unit.length);
    const result = await count(text);
    const reference = referenceCount(name, text);
    expect(result?.exact).toBe(false);
    expect(Math.abs((result?.tokens ?? 0) / reference - 1)).toBeLessThan(0.01);
  });

  it.each([
    ['a', 'a', 2 ** 20],
    ['space', ' ', 2 ** 20],
    ['wide space between spaces', '\u3000 ', 2 ** 19],
    ['line break', '\n', 2 ** 20],
    ['emoji', '😀', 2 ** 18],
    ['combining mark', '\u0301', 2 ** 19],
  ])('survives a megabyte of: %s', async (_, unit, times) => {
    const result = await count(unit.repeat(times));
    expect(result?.exact).toBe(false);
    expect(result?.tokens).toBeGreaterThan(1000);
  });
});

describe('countPrompts', () => {
  const endless = (onCount: () => void): Encoding => ({
    count: () => {
      onCount();
      return 1;
    },
    split: /.+/gsu,
    forget: () => {},
  });

  it('lets the event loop turn while it counts', async () => {
    let turns = 0;
    let counting = true;
    const turn = () => {
      turns++;
      if (counting) setImmediate(turn);
    };
    setImmediate(turn);
    await countPrompts(
      endless(() => {}),
      [['word '.repeat(20_000)]],
      NEVER,
    );
    counting = false;
    expect(turns).toBeGreaterThanOrEqual(5);
  });

  it('does a turn of one count in a turn of the event loop, however many run, and short ones at once', async () => {
    let counted = 0;
    const encoding = endless(() => {
      counted += 1;
    });
    const texts = ['word '.repeat(20_000)];
    const counts = Array.from({ length: 10 }, () => countPrompts(encoding, [texts], NEVER));
    expect(counted).toBe(0);
    counts.push(countPrompts(encoding, [['A short one.', 'And another.']], NEVER));
    expect(counted).toBe(2);
    for (let turn = 1; turn <= 20; turn += 1) {
      await nextTurn();
      expect(counted).toBeLessThanOrEqual(2 + turn);
    }
    expect(counted).toBeGreaterThan(10);
    await Promise.all(counts);
  });

  it('stops when the signal aborts', async () => {
    const controller = new AbortController();
    let counted = 0;
    const encoding = endless(() => {
      counted++;
      if (counted === 3) controller.abort();
    });
    const texts = Array.from({ length: 1000 }, () => 'text');
    expect(await countPrompts(encoding, [texts], controller.signal)).toBeUndefined();
    expect(counted).toBe(3);
  });
});
