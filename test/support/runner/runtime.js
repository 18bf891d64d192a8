import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { compileFunction } from 'node:vm';
import JestRuntime from 'jest-runtime';

/**
 * Loads packages and src once for each process, as Node.js does, and tests anew for each file, as jest does.
 * Most of a test file's time was spent loading gRPC, OpenTelemetry, zod, openai and src again.
 */
class Runtime extends JestRuntime {
  /** Where what is shared begins. */
  #shared = [];

  constructor(...args) {
    super(...args);
    const { executor } = this;
    const parameters = executor.injectedModuleParameters;
    // Jest's own asks for a context: environment.js has none.
    executor.compile = (source, filename) => compileFunction(source, parameters, { filename });
    const [{ rootDir }, , , , , { collectCoverage }, , { watch, watchAll }] = args;
    // What is counted goes through jest, and what may change while it runs must be read again.
    if (!collectCoverage && !watch && !watchAll) {
      // The client reads all of the contract.
      this.#shared = ['src/', 'test/support/grpc-client.ts'].map((path) => join(rootDir, path));
    }
  }

  requireModule(from, name, options, isRequireActual) {
    return name !== undefined && this.#isShared(from, name, options)
      ? createRequire(from)(name)
      : super.requireModule(from, name, options, isRequireActual);
  }

  #isShared(from, name, options) {
    // Options say that jest loads a part of itself. What its packages know is in the realm anyway; jest-circus,
    // which is loaded by paths, keeps tests.
    if (options !== undefined) return !/^[./]/.test(name);
    if (/^[./]/.test(name)) {
      const path = resolve(dirname(from), name);
      return this.#shared.some((begin) => path.startsWith(begin));
    }
    // Jest's own node:module has a syncBuiltinESMExports that does nothing.
    return name === 'node:module' || !name.startsWith('node:');
  }
}

// As jest requires it.
export { Runtime as 'module.exports' };
