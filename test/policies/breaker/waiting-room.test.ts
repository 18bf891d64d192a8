import { expect, it } from '@jest/globals';
import { newCallRecord } from '../../../src/core/call-record.ts';
import { Circuit, type Pass } from '../../../src/policies/breaker/circuit.ts';
import { DEFAULT_BREAKER } from '../../../src/policies/breaker/options.ts';
import { WaitingRoom } from '../../../src/policies/breaker/waiting-room.ts';
import { settled } from '../../money/budget/books.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** A circuit that is open, and calls that it refused. */
function setUp() {
  const clock = new FakeClock();
  const room = new WaitingRoom(clock);
  const circuit: Circuit = new Circuit(
    { ...DEFAULT_BREAKER, minimumAttempts: 1, firstOpenForMs: 10_000 },
    clock,
    () => 0,
    () => room.look(circuit),
  );
  circuit.failed(circuit.admit());
  const ends: string[] = [];
  const wait = (
    name: string,
    ms = 60_000,
    signal = new AbortController().signal,
    refusing = circuit,
  ) => {
    const record = newCallRecord(clock.now());
    room.refused(record, refusing);
    room.wait(record, clock.now() + ms, signal).then(
      (hasChance) => ends.push(`${name} ${hasChance}`),
      () => ends.push(`${name} left`),
    );
  };
  const pass = async (ms: number) => {
    clock.advance(ms);
    await settled();
  };
  return { clock, room, circuit, ends, wait, pass };
}

it('lets one call probe after a tenth of a second, first come, however long the circuit stays open', async () => {
  const { ends, wait, pass, circuit } = setUp();
  wait('a');
  wait('b');
  await pass(99);
  expect(ends).toEqual([]);
  await pass(1);
  expect(ends).toEqual(['a true']);
  expect(circuit.state).toBe('half_open');
});

it('lets another probe every tenth of a second beside those that bring nothing, five at a time', async () => {
  const { ends, wait, pass, circuit } = setUp();
  for (let call = 0; call < 12; call += 1) wait(String(call));
  const probes = [];
  for (let step = 0; step < 5; step += 1) {
    await pass(100);
    expect(ends).toHaveLength(step + 1);
    probes.push(circuit.admit());
  }
  await pass(1_000);
  expect(ends).toHaveLength(5);
  circuit.ended(probes[0] as Pass);
  await pass(0);
  expect(ends).toHaveLength(6);
});

it('lets probes follow more slowly the longer the target is down, and one a second at least', async () => {
  const { clock, ends, wait, pass, circuit } = setUp();
  const since = clock.now();
  for (let call = 0; call < 60; call += 1) wait(String(call));
  const probes: number[] = [];
  while (clock.now() < since + 30_000) {
    await pass(10);
    if (ends.length === probes.length) continue;
    probes.push(clock.now() - since);
    circuit.failed(circuit.admit());
  }
  const pauses = probes.map((at, index) => at - (probes[index - 1] ?? 0));
  for (const [index, pause] of pauses.entries()) {
    const wanted = Math.min(Math.max((probes[index - 1] ?? 0) / 10, 100), 1_000);
    expect(Math.abs(pause - wanted)).toBeLessThanOrEqual(10);
  }
});

it('has one call probe less and less often, however often the circuit may be tried', async () => {
  const { clock, room, circuit, pass } = setUp();
  const since = clock.now();
  const record = newCallRecord(since);
  const probes: number[] = [];
  const probeOn = async (): Promise<void> => {
    room.refused(record, circuit);
    if (!(await room.wait(record, since + 30_000, new AbortController().signal))) return;
    probes.push(clock.now() - since);
    circuit.failed(circuit.admit());
    return probeOn();
  };
  const over = probeOn();
  while (clock.now() < since + 30_000) await pass(100);
  await over;
  const pauses = probes.map((at, index) => at - (probes[index - 1] ?? 0));
  expect(pauses.slice(0, 7)).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000]);
  expect(probes).toHaveLength(18);
});

it('lets as many wait for each circuit as may, whoever waits for another', async () => {
  const { clock, room, ends, wait, pass } = setUp();
  const other: Circuit = new Circuit(
    { ...DEFAULT_BREAKER, minimumAttempts: 1 },
    clock,
    () => 0,
    () => room.look(other),
  );
  other.failed(other.admit());
  for (let call = 0; call < 1_024; call += 1) wait('many');
  wait('one more');
  wait('another', 60_000, undefined, other);
  await pass(0);
  expect(ends).toEqual(['one more false']);
  room.close();
});

it('lets the others follow in steps once the probe has delivered', async () => {
  const { ends, wait, pass, circuit } = setUp();
  for (let call = 0; call < 12; call += 1) wait(String(call));
  await pass(100);
  circuit.delivers(circuit.admit());
  await pass(0);
  expect(ends).toHaveLength(1 + 2);
  await pass(250);
  expect(ends).toHaveLength(1 + 4);
  await pass(250);
  expect(ends).toHaveLength(1 + 8);
});

it('lets go whose time is up, who leaves, and everybody when it closes; no timer stays', async () => {
  const { clock, room, ends, wait, pass } = setUp();
  const leaver = new AbortController();
  wait('short', 50);
  wait('leaver', 60_000, leaver.signal);
  wait('patient');
  await pass(50);
  leaver.abort();
  await pass(0);
  room.close();
  await pass(0);
  expect(ends).toEqual(['short false', 'leaver left', 'patient false']);
  expect(clock.pending).toBe(0);
});
