import { InvalidArgumentError, Option } from 'commander';
import { gatherPairs } from './values.ts';

/** Of every command that reads the configuration. */
export function configOption(): Option {
  return new Option(
    '--config <path>',
    'configuration file (YAML); default: the one TAMMA_CONFIG names, else none',
  ).argParser((text) => {
    if (text === '') throw new InvalidArgumentError('It names no file.');
    return text;
  });
}

/** Of what is asked. */
export function metadataOption(): Option {
  return new Option('--metadata <key=value>', 'user_id, project_id, …; may be given again')
    .argParser(gatherPairs)
    .default({}, 'none');
}

/** Of every command that prints something. */
export function jsonOption(what: string): Option {
  return new Option('--json', `print ${what}`);
}
