export interface Instruction {
  /** `COPY`, in capitals. */
  readonly name: string;
  /** `from`, `chown`. */
  readonly options: Readonly<Record<string, string>>;
  /** What stands behind them, with variables as they are. */
  readonly rest: string;
}

/** What a `FROM` begins. */
export interface Stage {
  readonly from: string;
  /** Behind `AS`; empty for the last one. */
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile, and the defaults of the ARGs before the first. */
export function readDockerfile(text: string): {
  stages: Stage[];
  defaults: Map<string, string>;
} {
  const defaults = new Map<string, string>();
  const stages: { from: string; name: string; instructions: Instruction[] }[] = [];
  const lines = text.replaceAll(/^\s*#.*\n/gm, '').replaceAll(/\\\n/g, ' ');
  for (const line of lines.split('\n').filter((each) => each.trim() !== '')) {
    const instruction = readInstruction(line);
    const { name, rest } = instruction;
    const stage = stages.at(-1);
    if (name === 'FROM') {
      const [from = '', , as = ''] = rest.split(/\s+/);
      stages.push({ from, name: as, instructions: [] });
    } else if (stage !== undefined) {
      stage.instructions.push(instruction);
    } else if (name === 'ARG') {
      for (const [key, value] of pairs(rest)) defaults.set(key, value);
    }
  }
  return { stages, defaults };
}

function readInstruction(line: string): Instruction {
  const [, name = '', flags = '', rest = ''] =
    /^\s*(\w+)\s+((?:--\w+=\S+\s+)*)(.*)$/.exec(line) ?? [];
  const options = [...flags.matchAll(/--(\w+)=(\S+)/g)].map(([, key, value]) => [key, value]);
  return { name: name.toUpperCase(), options: Object.fromEntries(options), rest: rest.trim() };
}

/** Of ENV, ARG and LABEL: `A=1 B="two words"`. */
export function pairs(text: string): [key: string, value: string][] {
  return [...text.matchAll(/([\w.]+)=("[^"]*"|\S*)/g)].map(([, key = '', value = '']) => [
    key,
    value.replaceAll('"', ''),
  ]);
}

/** With each `${NAME}` as `values` has it. */
export function substitute(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (all, name: string) => values.get(name) ?? all);
}
