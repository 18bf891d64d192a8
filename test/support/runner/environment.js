import { ModernFakeTimers } from '@jest/fake-timers';
import { ModuleMocker } from 'jest-mock';
import { TokenCounter } from '../../../src/request/tokens/token-counter.ts';

/**
 * Where jest-circus keeps its listeners and its tests. A file adds to the listeners that it finds: each test
 * would be told to those of every file before it, and none of these files would leave memory.
 */
const OF_ONE_FILE = new Set(['EVENT_HANDLERS', 'JEST_STATE_SYMBOL']);

// The thread that counts tokens, 0.15 s each, goes on from one test's provider to the next's.
new TokenCounter();

/**
 * Tests run in the realm of Node.js itself, as the sidecar does, and not in a context of their own: an
 * `Error` or `Array` is the same for a test and for a package, and globals cost nothing.
 */
export default class Environment {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  fakeTimers = null;
  #exit = process.exit;

  constructor({ projectConfig }) {
    Object.assign(globalThis, projectConfig.globals);
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  async setup() {}

  /** What jest or a test file left in the realm is not there for the next. */
  async teardown() {
    this.fakeTimersModern.dispose();
    process.exit = this.#exit;
    delete globalThis.__coverage__;
    for (const key of Object.getOwnPropertySymbols(globalThis)) {
      if (OF_ONE_FILE.has(key.description)) delete globalThis[key];
    }
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  /** There is none: runtime.js compiles without. */
  getVmContext() {
    return null;
  }
}
