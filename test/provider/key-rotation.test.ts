import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MessageRequest } from '../../src/core/message.ts';
import { createOpenAIProvider } from '../../src/provider/create.ts';
import type { OpenAIProvider } from '../../src/provider/openai-provider.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { tempFolders } from '../support/temp-folder.ts';
import { answer, type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';

const REQUEST: MessageRequest = { messages: [{ role: 'user', content: 'Say hello' }] };

const newFolder = tempFolders();
let directory: string;
let stub: StubUpstream;
let clock: FakeClock;
let provider: OpenAIProvider;

const fileOf = (name: string) => join(directory, name);
const call = () => provider.sendMessageSync(REQUEST);
const keysUsed = () => stub.requests.map(({ headers }) => headers.authorization?.slice(7));

function open(keys: Readonly<Record<string, string>>): void {
  provider = createOpenAIProvider(
    {
      version: '1.2.3',
      keys: Object.entries(keys).map(([file, secret]) => ({
        file: fileOf(file),
        secret,
        weight: 1,
      })),
      baseUrl: stub.url,
      defaultModel: 'gpt-test',
    },
    { clock },
  );
}

beforeEach(async () => {
  clock = new FakeClock();
  directory = newFolder();
  stub = await startStubUpstream();
});

afterEach(async () => {
  await provider.dispose();
  await stub.close();
});

/** As Kubernetes does it: the directory that `..data` leads to is another one from now on. */
function mount(version: string, contents: Readonly<Record<string, string>>): void {
  mkdirSync(fileOf(version));
  for (const [name, text] of Object.entries(contents)) {
    writeFileSync(join(directory, version, name), text);
  }
  symlinkSync(version, fileOf('..next'));
  renameSync(fileOf('..next'), fileOf('..data'));
}

describe('a key file that changes', () => {
  it.each([
    ['is written', (text: string) => writeFileSync(fileOf('key'), text)],
    [
      'is replaced',
      (text: string) => {
        writeFileSync(fileOf('next'), text);
        renameSync(fileOf('next'), fileOf('key'));
      },
    ],
  ])('is read again at the first refusal when it %s', async (_, write) => {
    write('old');
    open({ key: 'old' });
    stub.setApiKeys('old');
    await call();
    write('new\n');
    stub.setApiKeys('new');
    expect(await call()).toMatchObject({ attempts: 1 });
    expect(keysUsed()).toEqual(['old', 'old', 'new']);
    await call();
    expect(keysUsed().at(-1)).toBe('new');
  });

  it('is read again within a second when the mounted secret is swapped', async () => {
    mount('v1', { key: 'old' });
    symlinkSync('..data/key', fileOf('key'));
    open({ key: 'old' });
    await call();
    mount('v2', { key: 'new' });
    clock.advance(1_000);
    await call();
    while (keysUsed().at(-1) !== 'new') {
      await after(1);
      // What is looked for in one second may be found after it.
      clock.advance(1_000);
      await call();
    }
  });

  it('that is empty or gone for a moment costs no call', async () => {
    writeFileSync(fileOf('key'), 'old');
    open({ key: 'old' });
    await call();
    writeFileSync(fileOf('key'), '');
    clock.advance(1_000);
    await call();
    rmSync(fileOf('key'));
    clock.advance(1_000);
    await call();
    expect(new Set(keysUsed())).toEqual(new Set(['old']));
  });

  it('with a key that is refused as well fails as before', async () => {
    writeFileSync(fileOf('key'), 'worse');
    open({ key: 'bad' });
    stub.setApiKeys('good');
    await expect(call()).rejects.toMatchObject({ reason: 'INVALID_API_KEY' });
    expect(keysUsed()).toEqual(['bad', 'worse']);
  });

  it('brings a key back that was set aside', async () => {
    writeFileSync(fileOf('a'), 'bad');
    writeFileSync(fileOf('b'), 'good');
    open({ a: 'bad', b: 'good' });
    stub.setApiKeys('good');
    await call();
    await call();
    expect(provider.upstreams()).toMatchObject([{ keysSetAside: 1 }]);
    writeFileSync(fileOf('a'), 'mended');
    stub.setApiKeys('good', 'mended');
    clock.advance(5 * 60_000);
    for (let calls = 0; calls < 4; calls += 1) await call();
    expect(provider.upstreams()).toMatchObject([{ keysSetAside: 0 }]);
    expect(keysUsed()).toContain('mended');
  });

  it('is known to the list of models', async () => {
    writeFileSync(fileOf('key'), 'new');
    open({ key: 'old' });
    stub.setApiKeys('new');
    expect(await provider.initialize()).toMatchObject({ ready: true });
  });
});

describe('two key files that are rotated under load', () => {
  it('fail no call', async () => {
    let generation = 0;
    const name = (key: string) => `${key}${generation}`;
    mount('v0', { a: name('a'), b: name('b') });
    for (const key of ['a', 'b']) symlinkSync(`..data/${key}`, fileOf(key));
    open({ a: name('a'), b: name('b') });
    stub.setDefault(answer());
    stub.setApiKeys(name('a'), name('b'));
    let calls = 0;
    let isOver = false;
    const caller = async () => {
      while (!isOver) {
        await call();
        calls += 1;
      }
    };
    const callers = Array.from({ length: 8 }, caller);
    for (generation = 1; generation <= 6; generation += 1) {
      const before = calls;
      mount(`v${generation}`, { a: name('a'), b: name('b') });
      // The old ones are revoked at once.
      stub.setApiKeys(name('a'), name('b'));
      while (calls < before + 24) await after(1);
      clock.advance(1_000);
    }
    isOver = true;
    await Promise.all(callers);
    expect(provider.upstreams()).toMatchObject([{ keysSetAside: 0 }]);
    expect(
      keysUsed()
        .slice(-2)
        .every((key) => key?.endsWith('6')),
    ).toBe(true);
  });
});
