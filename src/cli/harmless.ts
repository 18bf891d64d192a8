import type { Output } from './serve.ts';

/** But for line breaks and tabs. */
const CONTROLS = /(?!\r?\n|\t)\p{Cc}/gu;

/**
 * Text of others as the output may have it. A terminal does what control characters say, which could rewrite
 * what stands there, its title or the clipboard: it gets their pictures. A pipe or a file gets every character.
 */
export function harmless(text: string, { isTTY }: Output): string {
  return isTTY === true ? text.replaceAll(CONTROLS, picture) : text;
}

/** Writes a line, harmless. */
export function say(output: Output, line: string): void {
  output.write(harmless(`${line}\n`, output));
}

function picture(control: string): string {
  const code = control.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : '\ufffd';
}
