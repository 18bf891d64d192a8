import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import type { Cli } from '../../../src/cli/cli.ts';
import { Printer, table } from '../../../src/cli/print/printer.ts';
import { messageJson, statusJson } from '../../../src/cli/print/proto-json.ts';
import { Status } from '../../../src/gen/google/rpc/status.ts';
import { FakeHost } from '../../support/fake-host.ts';

const plain = (text: string) => text;

/** What is printed on a terminal, or into a file. */
async function printed(isTTY: boolean, print: (printer: Printer) => Promise<void>) {
  const host = new FakeHost();
  Object.assign(host.stdout, { isTTY });
  await print(new Printer({ host, environment: {} } as unknown as Cli));
  return host.out;
}

describe('a table', () => {
  it('is as wide as it needs to be, with numbers to the right', () => {
    const rows = [
      ['gpt-4o', '1,234', '~$0.5'],
      ['o3', '5', '$12'],
    ];
    expect(table(['MODEL', 'TOKENS', 'COST'], rows, plain)).toBe(
      'MODEL   TOKENS   COST\ngpt-4o   1,234  ~$0.5\no3           5    $12\n',
    );
  });

  it('leaves cells empty that a row does not have', () => {
    expect(table(['A', 'COUNT'], [['x'], ['y', '7']], plain)).toBe('A  COUNT\nx\ny      7\n');
  });

  it('has its heads where there are no rows, and none of nothing', () => {
    expect(table(['A', 'B'], [], plain)).toBe('A  B\n');
    expect(table([], [], plain)).toBe('\n');
  });
});

describe('a printer', () => {
  it('leaves out the facts that are not known', async () => {
    const facts = [
      ['one', '1'],
      ['two', ''],
      ['three', undefined],
      ['longer', '4'],
    ] as const;
    expect(await printed(false, (printer) => printer.facts('head', facts))).toBe(
      'head\n  one:    1\n  longer: 4\n',
    );
    expect(await printed(false, (printer) => printer.facts('head', []))).toBe('head\n');
  });

  it('has colours on a terminal alone', async () => {
    const print = (printer: Printer) =>
      printer.text(`${printer.bold('b')}${printer.good('g')}${printer.bad('x')}`);
    expect(await printed(true, print)).toBe(
      '\u001b[1mb\u001b[0m\u001b[32mg\u001b[0m\u001b[31mx\u001b[0m',
    );
    expect(await printed(false, print)).toBe('bgx');
  });
});

describe('JSON', () => {
  it('of a failure is the google.rpc.Status that came with it, or else what gRPC says', () => {
    const metadata = new Metadata();
    expect(statusJson(14, 'gone', metadata)).toEqual({ code: 14, message: 'gone' });
    const packed = Status.encode(Status.fromPartial({ code: 8, message: 'slow down' })).finish();
    metadata.set('grpc-status-details-bin', Buffer.from(packed));
    expect(statusJson(14, 'gone', metadata)).toEqual({
      code: 8,
      message: 'slow down',
      details: [],
    });
  });

  it('is of messages of the contract alone', () => {
    expect(() => messageJson('NoSuch', Status, Status.fromPartial({}))).toThrow(
      'tamma.provider.v1.NoSuch is not in the contract',
    );
  });
});
