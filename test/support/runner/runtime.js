import { createRequire } from 'node:module';
import { dirname, resolve, sep } from 'node:path';
import { compileFunction } from 'node:vm';
import JestRuntime from 'jest-runtime';

/**
 * Loads packages and src once for each process, as Node.js does, and tests anew for each file, as jest does.
 * Most of a test file's time was spent loading gRPC, OpenTelemetry, zod, openai and src again.
 */
class Runtime extends JestRuntime {
  #src;

  constructor(...args) {
    super(...args);
    const { executor } = this;
    const parameters = executor.injectedModuleParameters;
    // Jest's own asks for a context: environment.js has none.
    executor.compile = (source, filename) => compileFunction(source, parameters, { filename });
    const [{ rootDir }, , , , , { collectCoverage }, , { watch, watchAll }] = args;
    // What is counted goes through jest, and what may change while it runs must be read again.
    if (!collectCoverage && !watch && !watchAll) this.#src = `${rootDir}${sep}src${sep}`;
  }

  requireModule(from, name, options, isRequireActual) {
    // Options say that jest loads a part of itself.
    return options === undefined && name !== undefined && this.#isShared(from, name)
      ? createRequire(from)(name)
      : super.requireModule(from, name, options, isRequireActual);
  }

  #isShared(from, name) {
    if (/^[./]/.test(name)) {
      return this.#src !== undefined && resolve(dirname(from), name).startsWith(this.#src);
    }
    // Jest's own node:module has a syncBuiltinESMExports that does nothing.
    return name === 'node:module' || !name.startsWith('node:');
  }
}

// As jest requires it.
export { Runtime as 'module.exports' };
