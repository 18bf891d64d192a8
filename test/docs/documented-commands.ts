import { globSync, readFileSync } from 'node:fs';

/** A command of a page, in one line. */
export interface DocumentedCommand {
  readonly page: string;
  readonly command: string;
}

const PAGES = ['*.md', 'docs/*.md', 'docs/clients/*.md', 'examples/**/*.md', 'deploy/**/*.md'];
const BLOCK = /^```(.*)\n([\s\S]*?)^```$/gm;
const PROGRAMS =
  'apt-get|buf|curl|docker|go|grpcurl|kubectl|mkdir|mvn|node|npm|npx|promtool|protoc|python3?|redis-cli|tamma-provider-openai';
const COMMAND = new RegExp(
  `^(?:[A-Z_]+=\\S+ )*(?:\\S+/)?(?:${PROGRAMS}|pip|with-sidecar\\.sh)(?= |$)`,
);

/** What stands in blocks without a language or for a shell; in those with a `$ ` only the lines behind one. */
export function documentedCommands(): readonly DocumentedCommand[] {
  return PAGES.flatMap((pattern) => globSync(pattern))
    .toSorted()
    .flatMap(commandsOf);
}

function commandsOf(page: string): DocumentedCommand[] {
  if (page.includes('node_modules')) return [];
  return [...readFileSync(page, 'utf8').matchAll(BLOCK)].flatMap(
    ([, language = '', block = '']) => {
      const isShell = /^sh\b/.test(language);
      if (language !== '' && !isShell) return [];
      const lines = block
        .replaceAll(/ *\\\n */g, ' ')
        .split('\n')
        .filter((line) => line !== '');
      const typed = lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
      const commands = typed.length > 0 ? typed : lines;
      return commands
        .map((line) => line.replace(/ +#(?= ).*$/, ''))
        .filter((line) => isShell || COMMAND.test(line))
        .map((command) => ({ page, command }));
    },
  );
}
