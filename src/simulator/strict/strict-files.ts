import { Rejection } from './strict-error.ts';
import { type Check, type Fields, nullable, object, oneOf, text } from './strict-values.ts';

/** OpenAI takes files of 50 MB each; base64 makes a third more of them. */
const MOST = 70_000_000;
const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)(?:;charset=[\w-]+)?;base64,([A-Za-z0-9+/]+={0,2})$/;

function fileData(pdfOnly: boolean): Check {
  return (value, path) => {
    text({ least: 1, most: MOST })(value, path);
    const [, type] = DATA_URL.exec(String(value)) ?? [];
    if (type === undefined) {
      throw new Rejection(
        `Invalid '${path}'. Expected a base64-encoded data URL with a MIME type.`,
        {
          param: path,
          code: 'invalid_value',
        },
      );
    }
    if (!pdfOnly || type === 'application/pdf') return;
    throw new Rejection(`Invalid file data: '${path}'. Expected a PDF, but got ${type}.`, {
      param: path,
      code: 'invalid_value',
    });
  };
}

/** A part of a file has one source, and bytes have a name. */
function withOneSource(check: Check, sources: readonly string[]): Check {
  return (value, path) => {
    check(value, path);
    const fields = value as Fields;
    const given = sources.filter((name) => fields[name] !== undefined && fields[name] !== null);
    if (given.length !== 1) {
      throw new Rejection(
        `Mutually exclusive parameters: '${path}' needs one of ${sources.join(', ')}.`,
        {
          param: path,
          code: 'invalid_value',
        },
      );
    }
    if (fields.file_data === undefined && fields.filename !== undefined) {
      throw new Rejection(
        `Mutually exclusive parameters: '${path}'. Ensure you are only providing one of: '${given[0]}' or 'filename'.`,
        { param: path, code: 'mutually_exclusive_parameters' },
      );
    }
    if (fields.file_data !== undefined && fields.filename === undefined) {
      throw new Rejection(`Missing required parameter: '${path}.filename'.`, {
        param: `${path}.filename`,
        code: 'missing_required_parameter',
      });
    }
  };
}

/** A part of Responses. */
export const inputFile: Check = withOneSource(
  object(
    {
      type: oneOf('input_file'),
      file_data: fileData(false),
      file_id: nullable(text({ least: 1 })),
      file_url: text({ least: 1, pattern: /^https:/ }),
      filename: text({ least: 1 }),
    },
    ['type'],
  ),
  ['file_data', 'file_id', 'file_url'],
);

/** The file in a part of Chat Completions. */
export const chatFile: Check = withOneSource(
  object(
    { file_data: fileData(true), file_id: text({ least: 1 }), filename: text({ least: 1 }) },
    [],
  ),
  ['file_data', 'file_id'],
);
