import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startSidecar } from '../../bench/sidecar.ts';
import { readLine } from '../../src/money/ledger/journal-line.ts';
import { strict } from '../../src/simulator/strict/strict.ts';
import { collect, connect, type WireMessage } from '../support/grpc-client.ts';
import { random } from '../support/random.ts';
import { aRequest } from '../support/running-app.ts';
import { answer, type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';

const KILLS = 2;
const CALLS = 40;

const CONFIG = 'defaultModel: gpt-5.4\napi: responses\nallowStored: true\n';

let directory: string;
let stub: StubUpstream;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'resume-kill-'));
  writeFileSync(join(directory, 'config.yaml'), CONFIG);
  stub = await startStubUpstream({
    apiKey: 'bench',
    script: strict({ answer: answer({ deltas: Array(200).fill('word '), paceMs: 10 }) }),
  });
});
afterEach(async () => {
  await stub.close();
  rmSync(directory, { recursive: true });
});

const data = () => join(directory, 'data');

const start = () =>
  startSidecar({
    upstream: stub.url,
    environment: { TAMMA_CONFIG: join(directory, 'config.yaml'), TAMMA_DATA_DIR: data() },
  });

/** Those that the journal of the process that was killed tells of, by the order of its lines. */
function idsInJournal(): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const name of readdirSync(data()).filter((one) => one.endsWith('.jsonl'))) {
    for (const text of readFileSync(join(data(), name), 'utf8').split('\n')) {
      const line = readLine(text);
      if (line?.type === 'kept') ids.add(line.place.id);
      if (line?.type === 'gone') ids.delete(line.id);
    }
  }
  return ids;
}

/** Makes calls and kills the sidecar in the middle of them. Ids that callers were told of. */
async function killed(afterMs: number): Promise<readonly string[]> {
  const sidecar = await start();
  const client = connect(sidecar.address);
  const options = { recovery: 'STREAM_RECOVERY_RESUME' };
  const told: string[] = [];
  const calls = Array.from({ length: CALLS }, () => {
    const stream = client.provider.stream('SendMessage', { ...aRequest(), options });
    stream.on('data', ({ event, started }: WireMessage) => {
      if (event === 'started') told.push(String((started as WireMessage).responseId));
    });
    return collect(stream);
  });
  while (told.length === 0) await sleep(10);
  await sleep(afterMs);
  await sidecar.kill();
  await Promise.all(calls);
  client.close();
  return told;
}

describe('a sidecar that is killed', () => {
  it('leaves no stored answer whose id had been read, once it is started again', async () => {
    const chance = random(7);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const told = await killed(chance() * 1_500);
      const { stored } = stub.responses;
      const read = idsInJournal();
      // Nothing reaches a caller before it is written down.
      expect(told.filter((id) => stored.has(id) && !read.has(id))).toEqual([]);
      expect(read.size).toBeGreaterThan(0);
      const left = [...read].filter((id) => stored.has(id));
      const next = await start();
      while (left.some((id) => stored.has(id))) await sleep(20);
      await next.stop();
      // What runs is stopped before it is deleted, or it would be billed to its end.
      const stopped = stub.otherRequests.map(({ path }) => /(resp_\w+)\/cancel$/.exec(path)?.[1]);
      expect(stopped).toEqual(expect.arrayContaining(left));
      expect(idsInJournal().size).toBe(0);
      // What is left was asked for, and the id had not been read.
      expect([...stored.keys()].filter((id) => told.includes(id))).toEqual([]);
      for (const id of stored.keys()) stored.delete(id);
    }
  });
});
