import type { HostedTool } from '../../core/message.ts';
import type { Model } from '../../core/model.ts';

/** A price per call of up to twelve decimals is a whole number of pico-dollars. */
const DECIMALS = 12;

/** What the upstream does not bill by the call: the tokens are all there is. */
const FREE: readonly string[] = ['mcp', 'apply_patch', 'shell'];

/** What calls of hosted tools cost beside their tokens, in pico-dollars; undefined if that is not known. */
export function toolsCost(
  calls: Readonly<Record<string, number>> = {},
  model: Model,
): bigint | undefined {
  let sum = 0n;
  for (const [tool, count] of Object.entries(calls)) {
    const price = callPrice(tool, model);
    if (price === undefined) return undefined;
    sum += BigInt(count) * price;
  }
  return sum;
}

/**
 * What the dearest call of one of these tools costs, in pico-dollars; 0 if none is billed by the call,
 * undefined if the price of one is not known.
 */
export function dearestCall(tools: readonly HostedTool[], model: Model): bigint | undefined {
  let dearest = 0n;
  for (const { type } of tools) {
    const price = callPrice(type, model);
    if (price === undefined) return undefined;
    if (price > dearest) dearest = price;
  }
  return dearest;
}

function callPrice(tool: string, { prices }: Model): bigint | undefined {
  const { tools = {} } = prices ?? {};
  const price = Object.hasOwn(tools, tool) ? tools[tool] : undefined;
  if (price === undefined) return FREE.includes(tool) ? 0n : undefined;
  const [whole = '0', decimals = ''] = price.split('.');
  return BigInt(whole + decimals.padEnd(DECIMALS, '0'));
}
