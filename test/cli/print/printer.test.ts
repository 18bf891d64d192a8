import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import type { Cli } from '../../../src/cli/cli.ts';
import { Printer, table } from '../../../src/cli/print/printer.ts';
import { messageJson, statusJson } from '../../../src/cli/print/proto-json.ts';
import { Status } from '../../../src/gen/google/rpc/status.ts';
import { FakeHost } from '../../support/fake-host.ts';

/** What is printed on a terminal, or into a file. */
async function printed(
  isTTY: boolean,
  print: (printer: Printer) => Promise<void>,
  environment = {},
) {
  const host = new FakeHost();
  Object.assign(host.stdout, { isTTY });
  await print(new Printer({ host, environment } as unknown as Cli));
  return host.out;
}

describe('a table', () => {
  it('is as wide as it needs to be, with numbers to the right', () => {
    const rows = [
      ['gpt-4o', '1,234', '~$0.5'],
      ['o3', '5', '$12'],
    ];
    expect(table(['MODEL', 'TOKENS', 'COST'], rows)).toEqual([
      'MODEL   TOKENS   COST',
      'gpt-4o   1,234  ~$0.5',
      'o3           5    $12',
    ]);
  });

  it('leaves cells empty that a row does not have', () => {
    expect(table(['A', 'COUNT'], [['x'], ['y', '7']])).toEqual(['A  COUNT', 'x', 'y      7']);
  });

  it('has its heads where there are no rows, and none of nothing', () => {
    expect(table(['A', 'B'], [])).toEqual(['A  B']);
    expect(table([], [])).toEqual(['']);
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
    expect(await printed(false, (printer) => printer.facts(['head'], facts))).toBe(
      'head\n  one:    1\n  longer: 4\n',
    );
    expect(await printed(false, (printer) => printer.facts(['head'], []))).toBe('head\n');
  });

  it('has colours on a terminal alone', async () => {
    const print = (printer: Printer) =>
      printer.text(printer.bold('b'), printer.good('g'), printer.bad('x'));
    expect(await printed(true, print)).toBe(
      '\u001b[1mb\u001b[0m\u001b[32mg\u001b[0m\u001b[31mx\u001b[0m',
    );
    expect(await printed(false, print)).toBe('bgx');
  });

  const HOSTILE = 'a\u001b]0;title\u0007\u001b[2J\r\u007f\u009b1m\tb\r\n';

  it.each<[string, (printer: Printer, text: string) => Promise<void>]>([
    ['text', (printer, text) => printer.text(text)],
    ['text in a style', (printer, text) => printer.text(printer.good(text))],
    ['a table', (printer, text) => printer.table([''], [[text]])],
    ['facts', (printer, text) => printer.facts([text], [['', text]])],
    ['a document', (printer, text) => printer.document({ [text]: text })],
  ])('lets no control character within %s reach a terminal', async (_, print) => {
    const shown = await printed(true, (printer) => print(printer, HOSTILE), { NO_COLOR: '1' });
    expect(shown).not.toMatch(/[^\P{Cc}\n\t\r]|\r(?!\n)/u);
  });

  it('shows pictures of control characters on a terminal, and writes them elsewhere', async () => {
    const print = (printer: Printer) => printer.text(HOSTILE);
    expect(await printed(true, print)).toBe('a␛]0;title␇␛[2J␍␡\ufffd1m\tb\r\n');
    expect(await printed(false, print)).toBe(HOSTILE);
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
