import config from './jest.config.js';

/**
 * The tests that `npm test` leaves to `npm run test:long`.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testMatch: ['<rootDir>/test/**/*.long.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // Has `fewOrMany` of test/support choose many.
  globals: { LONG: true },
  // Beside another suite the real time that they stand on would be shorter.
  maxWorkers: 1,
  testTimeout: 300_000,
};
