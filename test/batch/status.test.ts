import { expect, it } from '@jest/globals';
import { create, ids, item, results, startBatches } from './running-batches.ts';

it('metrics and the status page tell how far batches are', async () => {
  const running = await startBatches({ workMs: 3_600_000 }, { own: true });
  const { client, app, stub } = running;
  const made = await create(
    client,
    { displayName: 'Nightly' },
    ids(10).map((id) => item(id)),
  );
  const page = async (path: string) => (await fetch(`http://${app.adminAddress}${path}`)).text();
  expect(await page('/')).toMatch(/Batches.*Nightly/s);
  expect(await page('/metrics')).toMatch(/tamma_provider_batches\S* 1\b/);
  stub.batches.set({});
  await results(client, made.id);
  expect(await page('/metrics')).toMatch(
    /tamma_provider_batch_items\S*outcome="completed"\S* 10\b/,
  );
});
