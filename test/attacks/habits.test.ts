import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { aRequest, startApp } from '../support/running-app.ts';
import { serverPerTest } from '../support/server-per-test.ts';
import { openConnection } from './frames.ts';
import { HABITS } from './habits.ts';

const start = serverPerTest();

describe('what brought others down', () => {
  it.each(HABITS.map((habit) => [habit.name, habit] as const))(
    'leaves others their answers: %s',
    async (_name, { settings, unread, opening, goesOn, atOnce }) => {
      const { addresses, client } = await start();
      const socket = openConnection(addresses[0] ?? '', settings);
      if (unread) socket.pause();
      if (opening) socket.write(opening);
      for (let round = 0, stream = 10_001; round < 3; round += 1) {
        for (let at = 0; at < atOnce && !socket.destroyed; at += 1, stream += 2) {
          socket.write(goesOn(stream));
        }
        await client.provider.unary('GetStatus');
      }
      socket.destroy();
      await client.provider.unary('GetStatus');
    },
  );
});

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const saying = (content: string) => {
  const choices = [{ index: 0, delta: { content }, finish_reason: 'stop' }];
  const event = { id: 'a', object: 'chat.completion.chunk', model: 'gpt-4o', choices };
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked';
  return `${head}\r\n\r\n${chunk(`data: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n`)}0\r\n\r\n`;
};

it('an answer that nobody asked for is not the next call’s', async () => {
  let answers = 0;
  const upstream = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => {
      answers += 1;
      socket.write(saying(`asked ${answers}`) + saying('not asked'));
    });
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const address = upstream.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const app = await startApp('', { OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` });
  try {
    for (let call = 1; call <= 3; call += 1) {
      const answer = await app.client.provider.unary(
        'SendMessageSync',
        aRequest({ model: 'gpt-4o' }),
      );
      expect(JSON.stringify(answer)).toContain(`asked ${call}`);
      expect(JSON.stringify(answer)).not.toContain('not asked');
    }
  } finally {
    await app.stop();
    upstream.close();
  }
});
