import { createRequire, isBuiltin } from 'node:module';
import { compileFunction } from 'node:vm';
import JestRuntime from 'jest-runtime';

/**
 * Loads src and test anew for each test file, as jest does, and packages once for each process, as Node.js
 * does. Most of a test file's time was spent loading gRPC, OpenTelemetry, zod and openai again.
 */
class Runtime extends JestRuntime {
  constructor(...args) {
    super(...args);
    const { executor } = this;
    const parameters = executor.injectedModuleParameters;
    // Jest's own asks for a context: environment.js has none.
    executor.compile = (source, filename) => compileFunction(source, parameters, { filename });
  }

  requireModule(from, name, options, isRequireActual) {
    // Options say that jest loads a part of itself.
    return options === undefined && isPackage(name)
      ? createRequire(from)(name)
      : super.requireModule(from, name, options, isRequireActual);
  }
}

function isPackage(name) {
  return name !== undefined && !/^[./]/.test(name) && !isBuiltin(name);
}

// As jest requires it.
export { Runtime as 'module.exports' };
