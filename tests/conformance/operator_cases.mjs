// What a page asks for when it opens, and what an operator looks into, through OpenClaw's client.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { connectParams } from '../support/node/clients.mjs';
import { TOKEN } from '../support/node/gateway_process.mjs';
import { refusal, textOf } from './world.mjs';

export const operatorCases = (world) => {
  // Somebody who sits at a screen: listed among those present, unlike a backend.
  const person = async (instanceId) => {
    const socket = await world.raw();
    await socket.challenge();
    const client = { id: 'openclaw-tui', version: '1.0.0', platform: 'linux', mode: 'ui', instanceId };
    socket.send({ type: 'req', id: 'c', method: 'connect', params: connectParams(TOKEN, { client }) });
    const { ok, error } = await socket.response('c');
    assert.ok(ok, JSON.stringify(error));
    return socket;
  };
  const presenceOf = (instanceId, reason) => ({ event, payload }) =>
    event === 'presence' &&
    payload.presence.some((entry) => entry.instanceId === instanceId && entry.reason === reason);

  describe('operator', () => {
    it('chat.startup: is the history and what there is to choose from, in one answer', async () => {
      const client = await world.connect();
      const key = world.newKey();
      await world.turn(client, key, 'hello');

      const startup = await client.request('chat.startup', { sessionKey: key, limit: 80, maxBytes: 262_144 });
      const history = await client.request('chat.history', { sessionKey: key, limit: 80, maxBytes: 262_144 });
      const metadata = await client.request('chat.metadata', { sessionKey: key });
      const { models } = await client.request('models.list', {});
      const { commands } = await client.request('commands.list', {});

      assert.deepEqual(startup.messages, history.messages);
      assert.equal(startup.deltaCursor, history.deltaCursor);
      assert.deepEqual(startup.metadata, metadata);
      assert.deepEqual(metadata.models, models);
      assert.deepEqual(metadata.commands, commands);
    });

    it('chat.history: with its cursor only what came since is sent, and a reset after sessions.reset', async () => {
      const client = await world.connect();
      const key = world.newKey();
      await world.turn(client, key, 'hello');
      const { deltaCursor } = await client.request('chat.history', { sessionKey: key });

      const { runId, end } = await world.turn(client, key, 'again');
      const delta = await client.request('chat.history', { sessionKey: key, cursor: deltaCursor, inputRunIds: [runId] });
      const nothing = await client.request('chat.history', { sessionKey: key, cursor: delta.deltaCursor });
      await client.request('sessions.reset', { key });
      const reset = await client.request('chat.history', { sessionKey: key, cursor: delta.deltaCursor });

      assert.equal(delta.kind, 'delta');
      assert.deepEqual(delta.messages.map(({ message }) => textOf(message)), ['again', textOf(end.message)]);
      assert.deepEqual(delta.inputReceipts, [
        { runId, state: 'consumed', consumedByEventId: delta.messages[0].messageId },
      ]);
      assert.deepEqual(nothing.messages, []);
      assert.deepEqual(reset, { kind: 'reset' });
    });

    it('system-presence: shows who is there and who left, and readers are told', async () => {
      const client = await world.connect();
      const instance = `conformance-${Date.now()}`;

      const somebody = await person(instance);
      await client.event(presenceOf(instance, 'connect'), 'presence of who came');
      const listed = await client.request('system-presence');
      somebody.end();
      await client.event(presenceOf(instance, 'disconnect'), 'presence of who left');

      assert.equal(listed[0].mode, 'gateway');
      assert.equal(listed[0].reason, 'self');
      const entry = listed.find(({ instanceId }) => instanceId === instance);
      assert.equal(entry.mode, 'ui');
      assert.deepEqual(entry.roles, ['operator']);
    });

    it('system-event: is a note among those present, for administrators', async () => {
      const client = await world.connect();
      const reader = await world.connect({ scopes: ['operator.read'] });
      const text = `note ${Date.now()}`;

      const done = await client.request('system-event', { text });
      const empty = await refusal(client.request('system-event', { text: '' }));
      const forbidden = await refusal(reader.request('system-event', { text }));

      assert.deepEqual(done, { ok: true });
      await reader.event(
        ({ event, payload }) => event === 'presence' && payload.presence.some((entry) => entry.text === text),
        'presence with the note',
      );
      assert.equal(empty.gatewayCode, 'INVALID_REQUEST');
      assert.equal(forbidden.gatewayCode, 'FORBIDDEN');
      assert.equal(forbidden.details.missingScope, 'operator.admin');
    });

    it('config.get: shows the config in force and no secret', async () => {
      const client = await world.connect({ scopes: ['operator.read'] });

      const shown = await client.request('config.get', {});

      assert.equal(shown.valid, true);
      assert.equal(shown.config.gateway.auth.mode, 'token');
      assert.ok(!JSON.stringify(shown).includes(TOKEN));
    });

    it('logs.tail: shows the newest lines and goes on from its cursor', async () => {
      const client = await world.connect();

      const newest = await client.request('logs.tail', { limit: 5 });
      await refusal(world.connect({ token: 'wrong' })); // Writes a line.
      const since = await client.request('logs.tail', { cursor: newest.cursor, limit: 20, maxBytes: 250_000 });
      const rotated = await client.request('logs.tail', { cursor: 2 ** 40, limit: 1 });
      const all = await refusal(client.request('logs.tail', { limit: 5001 }));

      assert.ok(newest.lines.length > 0 && newest.lines.length <= 5);
      newest.lines.forEach((line) => assert.ok(JSON.parse(line).message));
      assert.equal(since.reset, false);
      assert.ok(since.lines.some((line) => line.includes('refused')), since.lines.join('\n'));
      assert.equal(rotated.reset, true);
      assert.match(all.message, /invalid logs\.tail params: at \/limit: must be <= 5000/);
    });

    it('agent.identity.get: names the agent that a key belongs to', async () => {
      const client = await world.connect();

      const identity = await client.request('agent.identity.get', { sessionKey: world.newKey() });
      const nobody = await refusal(client.request('agent.identity.get', { agentId: 'nobody' }));

      assert.equal(identity.agentId, 'main');
      assert.ok(identity.name);
      assert.equal(nobody.details.code, 'UNKNOWN_AGENT_ID');
    });

    it('cron, questions, heartbeat: nothing is there, and nothing can be added', async () => {
      const client = await world.connect();

      const status = await client.request('cron.status', {});
      const list = await client.request('cron.list', { includeDisabled: true, limit: 50, offset: 0 });
      const { questions } = await client.request('question.list', {});
      const heartbeat = await client.request('last-heartbeat', {});
      const added = await refusal(client.request('cron.add', {}));

      assert.equal(status.jobs, list.total);
      assert.deepEqual(list.jobs, []);
      assert.deepEqual(questions, []);
      assert.equal(heartbeat, null);
      assert.match(added.message, /unknown method: cron\.add/);
    });
  });
};
