// Changing the config of a running gateway: over the protocol and by an editor.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

import { refusal } from './world.mjs';

const HIDDEN = '__OPENCLAW_REDACTED__';

export function configCases(world) {
  const file = () => path.join(world.gateway.stateDir, 'troupe.json');
  const written = () => JSON.parse(readFileSync(file(), 'utf8'));
  const changed = (client) => client.event(({ event }) => event === 'config.changed', 'config.changed');
  // Asks again and again: what an editor wrote is seen when it has been quiet for a moment.
  const statusWith = async (client, wanted) => {
    const deadline = Date.now() + 10_000;
    while (Date.now() < deadline) {
      const { config } = await client.request('status', {});
      if (wanted(config.reload)) {
        return config.reload;
      }
    }
    throw new Error('the edit was not seen');
  };

  describe('config', () => {
    it('config.patch: needs the base it was made from, writes, and tells everybody', async () => {
      const client = await world.connect();
      const reader = await world.connect({ scopes: ['operator.read'] });

      // The first file needs no base: there is nothing that could be overwritten.
      const first = await client.request('config.patch', { raw: "{ui: {seamColor: '#112255'}}" });
      await changed(reader);
      const without = await refusal(client.request('config.patch', { raw: "{ui: {seamColor: '#112244'}}" }));
      const stale = await refusal(
        client.request('config.patch', { raw: "{ui: {seamColor: '#112244'}}", baseHash: 'stale' }),
      );
      const { hash } = await client.request('config.get', {});
      const second = await client.request('config.patch', {
        raw: "{messages: {queue: {cap: 7}}, gateway: {port: 4711}}",
        baseHash: hash,
      });
      const again = await client.request('config.patch', { raw: '{messages: {queue: {cap: 7}}}', baseHash: second.hash });
      const forbidden = await refusal(reader.request('config.patch', { raw: '{}', baseHash: hash }));

      assert.deepEqual(first.changedPaths, ['ui.seamColor']);
      assert.equal(without.message, 'config base hash required for ui.seamColor; re-run config.get and retry with baseHash');
      assert.equal(stale.message, 'config changed since last load; re-run config.get and retry');
      assert.equal(first.hash, hash);
      assert.deepEqual(second.changedPaths, ['messages.queue.cap', 'gateway.port']);
      assert.equal(second.config.messages.queue.cap, 7);
      assert.equal(again.noop, true);
      assert.deepEqual(written(), { ui: { seamColor: '#112255' }, messages: { queue: { cap: 7 } }, gateway: { port: 4711 } });
      assert.equal(forbidden.details.missingScope, 'operator.admin');
    });

    it('config.set, config.apply: replace the whole, keep hidden secrets, refuse what is wrong', async () => {
      const client = await world.connect();
      const replace = async (method, raw) =>
        client.request(method, { raw, baseHash: (await client.request('config.get', {})).hash });

      await replace('config.set', "{models: {providers: {p: {baseUrl: 'http://127.0.0.1:9/v1', apiKey: 'hush'}}}}");
      const shown = await client.request('config.get', {});
      await replace('config.apply', shown.raw.replace('/v1', '/v2'));
      const wrong = await refusal(replace('config.apply', '{gateway: {prt: 1}}'));
      const broken = await refusal(replace('config.set', '{ bad'));

      assert.equal(shown.parsed.models.providers.p.apiKey, HIDDEN);
      assert.equal(written().models.providers.p.apiKey, 'hush');
      assert.equal(written().models.providers.p.baseUrl, 'http://127.0.0.1:9/v2');
      assert.match(wrong.message, /^invalid config: gateway\.prt \(troupe\.json:3:5\): unknown key/);
      assert.match(broken.message, /^invalid config: /);
      assert.equal(wrong.gatewayCode, 'INVALID_REQUEST');
    });

    it('an edit: is in force for the next run; a bad one is refused with its reason', async () => {
      const client = await world.connect();

      const { generation } = await statusWith(client, () => true);
      writeFileSync(file(), "{agents: {entries: {main: {name: 'Edited'}, zoe: {}}}}");
      const good = await statusWith(client, (reload) => reload.generation > generation);
      const identity = await client.request('agent.identity.get', { agentId: 'main' });
      const { agents } = await client.request('agents.list', {});
      writeFileSync(file(), '{agents: {entrys: {}}}');
      const bad = await statusWith(client, ({ refused }) => refused);
      const shown = await client.request('config.get', {});
      writeFileSync(file(), '{}');
      const mended = await statusWith(client, (reload) => reload.generation > good.generation);

      assert.equal(identity.name, 'Edited');
      assert.deepEqual(agents.map(({ id }) => id).toSorted(), ['main', 'zoe']);
      assert.equal(shown.valid, false);
      assert.equal(shown.issues[0].path, 'agents.entrys');
      assert.notEqual(shown.hash, shown.appliedConfigHash);
      assert.equal(shown.config.agents.entries.main.name, 'Edited');
      assert.match(bad.refused, /agents\.entrys .*did you mean "entries"/);
      assert.equal(mended.refused, undefined);
    });

    it('config.schema, config.schema.lookup: describe what is built', async () => {
      const client = await world.connect({ scopes: ['operator.read'] });

      const whole = await client.request('config.schema', {});
      const port = await client.request('config.schema.lookup', { path: 'gateway.port' });
      const nothing = await refusal(client.request('config.schema.lookup', { path: 'nothing.here' }));

      assert.equal(whole.schema.properties.gateway.properties.port.maximum, 65_535);
      assert.equal(port.reloadKind, 'restart');
      assert.equal(port.schema.maximum, 65_535);
      assert.equal(nothing.gatewayCode, 'INVALID_REQUEST');
    });
  });
}
