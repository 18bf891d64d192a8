/** What a package of CommonJS exports that was loaded by `import()`: in the bundle it has its names as `default` alone. */
export function namesOf<Module extends object>(module: Module): Module {
  return 'default' in module ? (module.default as Module) : module;
}
