/**
 * Asks a sidecar how its targets fare, and tells which one to ask next:
 * `node demo/select.ts 127.0.0.1:50051 [INPUT_TOKENS OUTPUT_TOKENS]`
 */
import { connect } from '../test/support/grpc-client.ts';
import { type Choice, rank, type SelectableStatus } from './rank.ts';

const [address = '127.0.0.1:50051', input = '1000', output = '500'] = process.argv.slice(2);
const client = connect(address);
const answer = await client.provider.unary('GetStatus');
client.close();
const status = answer.status as SelectableStatus;
for (const choice of rank(status, { input: Number(input), output: Number(output) })) {
  console.log(line(choice));
}

function line({ target, model, score, dollars, firstTokenMs, reason }: Choice): string {
  const first = firstTokenMs === undefined ? 'not known' : `${firstTokenMs} ms`;
  const facts = reason ?? `$${dollars?.toFixed(5) ?? '?'}, first token ${first}`;
  return `${score.toFixed(2)}  ${target}/${model}  ${facts}`;
}
