import { spawnSync } from 'node:child_process';

// Without a redis-server the tests of the shared store are left out, and say so.
const untested =
  spawnSync('redis-server', ['--version']).status === 0 ? [] : ['!src/shared-store/**'];

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // What takes long or stands on real time: `npm run test:long`.
  testPathIgnorePatterns: ['/node_modules/', '\\.long\\.test\\.ts$'],
  maxWorkers: '100%',
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
    // They come as ES modules alone, which jest does not load as they are.
    '/node_modules/(?:jose|commander)/.+\\.js$': [
      '@swc/jest',
      { jsc: { target: 'es2024' }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!(?:jose|commander)/)'],
  collectCoverageFrom: ['src/**/*.ts', '!src/gen/**', '!src/main.ts', ...untested],
  coverageThreshold: { global: { lines: 95, branches: 95 } },
};
