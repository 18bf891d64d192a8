import { isIPv4, isIPv6 } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isHostAndPort } from '../../src/config/addresses.ts';
import { digitsWithin, whole } from '../../src/config/patterns.ts';
import { load, problems } from '../support/config.ts';

describe('addresses', () => {
  it.each([
    ['127.0.0.1:0', ['127.0.0.1:0']],
    ['localhost:65535', ['localhost:65535']],
    ['"[::1]:50051"', ['[::1]:50051']],
    ['unix:/run/tamma/provider.sock', ['unix:/run/tamma/provider.sock']],
    ['"127.1.2.3:1, unix:/run/a.sock"', ['127.1.2.3:1', 'unix:/run/a.sock']],
    ['["LocalHost:1", "127.0.0.1:2"]', ['LocalHost:1', '127.0.0.1:2']],
  ])('listens on %s', (written, addresses) => {
    expect(load(`listen: ${written}`).listen).toEqual(addresses);
  });

  it.each([
    'localhost',
    ':50051',
    'localhost:',
    'localhost:65536',
    'localhost:http',
    '::1:50051',
    '[::1]',
    '[localhost]:1',
    '256.0.0.1:1',
    '-a:1',
    'http://localhost:1',
    'unix:relative.sock',
    'unix:///run/a.sock',
    'unix:/run/',
    `unix:/${'a'.repeat(107)}`,
    '',
  ])('refuses to listen on "%s"', (address) => {
    expect(problems(`listen: ["${address}"]`)).toEqual([
      {
        path: 'listen',
        message:
          'must be host:port, [v6]:port or unix:/absolute/path (at most 107 bytes), such as 127.0.0.1:50051',
        source: 'config.yaml',
      },
    ]);
  });

  it.each([
    ['[]', 'listen'],
    ['3', 'listen'],
    ['[3]', 'listen[0]'],
  ])('refuses %s as a list of addresses', (written, path) => {
    expect(problems(`listen: ${written}`)).toMatchObject([
      { path, message: expect.stringMatching(/or a list of these or of groups/) },
    ]);
  });

  it('says which of several addresses is wrong', () => {
    const wrong = problems('listen: "localhost:1,b,localhost:3,d"');
    expect(wrong.map(({ message }) => message.slice(0, 17))).toEqual([
      'address 2 must be',
      'address 4 must be',
    ]);
  });

  it('serves the admin endpoints at one address', () => {
    expect(load('adminListen: "[::1]:9464"').adminListen).toBe('[::1]:9464');
    expect(load('adminListen: unix:/run/admin.sock').adminListen).toBe('unix:/run/admin.sock');
    expect(problems('adminListen: "localhost:1,localhost:2"')).toMatchObject([
      { path: 'adminListen', message: expect.stringMatching(/^must be host:port/) },
    ]);
  });
});

describe('patterns', () => {
  it('know the addresses that Node knows', () => {
    const address = fc.oneof(
      fc.ipV6(),
      fc.ipV4(),
      fc.ipV4().map((v4) => `::ffff:${v4}`),
      fc
        .array(
          fc.constantFrom(':', '::', '0', 'ffff', '12345', '1.2.3.4', '255', '256', '.', '%a'),
          {
            maxLength: 16,
          },
        )
        .map((parts) => parts.join('')),
      fc.array(fc.constantFrom('1', 'ab', ''), { maxLength: 9 }).map((groups) => groups.join(':')),
    );
    fc.assert(
      fc.property(address, (text) => {
        const isV4Known = !/^[0-9.]+$/.test(text) || isHostAndPort(`${text}:1`) === isIPv4(text);
        return isV4Known && isHostAndPort(`[${text}]:1`) === isIPv6(text);
      }),
      { numRuns: 5_000 },
    );
  });

  it('know the numbers within two bounds', () => {
    const number = fc.oneof(fc.nat(1_200), fc.nat(10 ** 9));
    const range = fc
      .tuple(number, number)
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    const near = fc.integer({ min: -2, max: 2 });
    fc.assert(
      fc.property(range, near, number, ([min, max], by, other) => {
        const pattern = new RegExp(whole(digitsWithin(min, max)), 'u');
        return [min + by, max + by, other]
          .filter((n) => n >= 0)
          .every((digits) => {
            const isWithin = digits >= min && digits <= max;
            return (
              pattern.test(String(digits)) === isWithin && pattern.test(`00${digits}`) === isWithin
            );
          });
      }),
      { numRuns: 2_000 },
    );
  });
});
