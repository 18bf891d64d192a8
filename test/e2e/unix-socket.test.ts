import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { codeName, collect, connect } from '../support/grpc-client.ts';
import { aRequest, startApp } from '../support/running-app.ts';
import { tempFolders } from '../support/temp-folder.ts';

const newFolder = tempFolders();
let folder: string;
beforeEach(() => {
  folder = newFolder();
});

describe('a unix socket', () => {
  it('serves beside a port, for its group, and is gone afterwards', async () => {
    const path = join(folder, 'provider.sock');
    const running = await startApp('', { TAMMA_LISTEN: `127.0.0.1:0,unix:${path}` });
    expect(running.addresses).toEqual([
      expect.stringMatching(/^127\.0\.0\.1:[1-9]\d*$/),
      `unix:${path}`,
    ]);
    expect(statSync(path).mode & 0o777).toBe(0o660);

    const client = connect(`unix:${path}`);
    for (const { provider } of [client, running.client]) {
      const { messages, status } = await collect(provider.stream('SendMessage', aRequest()));
      expect(codeName(status)).toBe('OK');
      expect(messages.at(-1)?.event).toBe('completed');
    }
    client.close();
    await running.stop();
    expect(existsSync(path)).toBe(false);
  });
});
