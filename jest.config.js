import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

// Jest's processes, and the threads and processes that tests start, find what Node.js compiled before.
process.env.NODE_COMPILE_CACHE ??= `${import.meta.dirname}/node_modules/.cache/compile`;

// Without a redis-server the tests of the shared store are left out, and say so.
const untested =
  spawnSync('redis-server', ['--version']).status === 0 ? [] : ['!src/shared-store/**'];

/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/test/support/runner/environment.js',
  runtime: '<rootDir>/test/support/runner/runtime.js',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // What takes long or stands on real time: `npm run test:long`.
  testPathIgnorePatterns: ['/node_modules/', '\\.long\\.test\\.ts$'],
  // Some tests wait for servers, sockets and disks: another process uses the cores meanwhile.
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
  // A process that was given much takes a while to end, on a slow machine more than the default of 0.5 s.
  workerGracefulExitTimeout: 30_000,
  // What test files leave in the realm of a process ends with it.
  workerIdleMemoryLimit: '768MB',
  // Only ends what hangs: no test may need it, however slow the machine.
  testTimeout: 120_000,
  reporters: ['default', '<rootDir>/test/support/left-out-reporter.js'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
        module: { type: 'commonjs' },
      },
    ],
  },
  collectCoverageFrom: ['src/**/*.ts', '!src/gen/**', '!src/main.ts', ...untested],
  coverageThreshold: { global: { lines: 95, branches: 95 } },
};
