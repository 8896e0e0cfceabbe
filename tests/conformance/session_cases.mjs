// sessions.* and the read-only methods, through OpenClaw's client.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';

import { refusal } from './world.mjs';

const changed = (key, reason) => ({ event, payload }) =>
  event === 'sessions.changed' && payload.sessionKey === key && payload.reason === reason;

const toolsOf = (client, name) =>
  client.events.filter(({ event, payload }) => event === name && payload.stream === 'tool').map(({ payload }) => payload);

export const sessionCases = (world) =>
  describe('sessions', () => {
    it('sessions.create: makes a short key canonical and tells subscribers', async () => {
      const client = await world.connect();
      await client.request('sessions.subscribe', {});
      const short = `conformance-${randomUUID()}`;

      const created = await client.request('sessions.create', { key: short, agentId: 'main', label: short });
      const { session } = await client.request('sessions.describe', { key: short });

      assert.equal(created.key, `agent:main:${short}`);
      assert.equal(created.runStarted, false);
      assert.equal(session.key, created.key);
      assert.equal(session.sessionId, created.sessionId);
      assert.equal(session.label, short);
      const { payload } = await client.event(changed(created.key, 'create'), 'sessions.changed create');
      assert.equal(payload.session.key, created.key);
    });

    it('sessions.list: shows the newest first and pages', async () => {
      const client = await world.connect();
      const keys = [world.newKey(), world.newKey(), world.newKey()];
      for (const key of keys) {
        await world.turn(client, key, 'hello');
      }

      const all = await client.request('sessions.list', {});
      const page = await client.request('sessions.list', { limit: 1, offset: 1 });

      const listed = all.sessions.map(({ key }) => key);
      assert.deepEqual(listed.filter((key) => keys.includes(key)), keys.toReversed());
      assert.equal(all.count, all.sessions.length);
      assert.equal(page.sessions.length, 1);
      assert.equal(page.sessions[0].key, listed[1]);
      assert.equal(page.hasMore, true);
      assert.equal(page.totalCount, all.totalCount);
    });

    it('sessions.subscribe: a turn is announced when it starts and when it ends', async () => {
      const client = await world.connect();
      await client.request('sessions.subscribe', {});
      const key = world.newKey();

      const { runId } = await world.turn(client, key, 'hello');

      await client.event(changed(key, 'send'), 'sessions.changed send');
      for (const phase of ['start', 'end']) {
        const { payload } = await client.event(
          ({ event, payload }) => event === 'sessions.changed' && payload.runId === runId && payload.phase === phase,
          `sessions.changed ${phase}`,
        );
        assert.equal(payload.sessionKey, key);
      }
    });

    it('sessions.messages.subscribe: messages come for that session only, until unsubscribed', async () => {
      const client = await world.connect();
      const [watched, other] = [world.newKey(), world.newKey()];
      const messagesOf = (key) =>
        client.events.filter(({ event, payload }) => event === 'session.message' && payload.sessionKey === key).length;

      const subscribed = await client.request('sessions.messages.subscribe', { key: watched });
      await world.turn(client, watched, 'hello');
      await world.turn(client, other, 'hello');
      const unsubscribed = await client.request('sessions.messages.unsubscribe', { key: watched });
      await world.turn(client, watched, 'again');
      // Answers come behind the events before them, so what was to come has come.
      await client.request('health');

      assert.deepEqual(subscribed, { subscribed: true, key: watched });
      assert.deepEqual(unsubscribed, { subscribed: false, key: watched });
      assert.equal(messagesOf(watched), 2);
      assert.equal(messagesOf(other), 0);
    });

    it('session.tool: who watches a session sees the tools of runs that others started', async () => {
      const [speaker, watcher, overseer, stranger] = await Promise.all(
        [1, 2, 3, 4].map(() => world.connect({ caps: ['tool-events'] })),
      );
      const key = world.newKey();
      await speaker.request('sessions.messages.subscribe', { key });
      await watcher.request('sessions.messages.subscribe', { key });
      await overseer.request('sessions.subscribe', {});
      await stranger.request('sessions.messages.subscribe', { key: world.newKey() });

      const { runId } = await world.turn(speaker, key, 'what time is it?');
      await Promise.all([watcher, overseer, stranger].map((client) => client.chatEnd(runId)));

      // The tool stream is for who started the run, the session's for the others, nobody gets both.
      const own = toolsOf(speaker, 'agent');
      assert.deepEqual(own.map(({ data }) => data.phase), ['start', 'result']);
      assert.deepEqual(toolsOf(speaker, 'session.tool'), []);
      for (const client of [watcher, overseer]) {
        const told = toolsOf(client, 'session.tool');
        assert.deepEqual(told.map(({ session, ...payload }) => payload), own);
        told.forEach(({ session }) => assert.equal(session.key, key));
        assert.deepEqual(toolsOf(client, 'agent'), []);
      }
      assert.deepEqual([...toolsOf(stranger, 'agent'), ...toolsOf(stranger, 'session.tool')], []);
    });

    it('the cap session-scoped-events: only subscribed sessions are heard', async () => {
      const speaker = await world.connect();
      const listener = await world.connect({ caps: ['session-scoped-events'] });
      const [watched, other] = [world.newKey(), world.newKey()];
      await listener.request('sessions.messages.subscribe', { key: watched });

      await world.turn(speaker, other, 'hello');
      const { runId } = await world.turn(speaker, watched, 'hello');

      await listener.chatEnd(runId);
      const heard = listener.events.filter(({ event }) => event === 'chat').map(({ payload }) => payload.sessionKey);
      assert.deepEqual([...new Set(heard)], [watched]);
    });

    it('sessions.reset: empties the transcript and keeps the session', async () => {
      const client = await world.connect();
      await client.request('sessions.subscribe', {});
      const key = world.newKey();
      await world.turn(client, key, 'hello');

      const reset = await client.request('sessions.reset', { key });
      const { messages } = await client.request('chat.history', { sessionKey: key });
      const { session } = await client.request('sessions.describe', { key });

      assert.equal(reset.key, key);
      assert.deepEqual(messages, []);
      assert.equal(session.key, key);
      await client.event(changed(key, 'reset'), 'sessions.changed reset');
      assert.equal((await world.turn(client, key, 'hello')).end.state, 'final');
    });

    it('sessions.delete: the session is gone, and deleting again says so', async () => {
      const client = await world.connect();
      await client.request('sessions.subscribe', {});
      const key = world.newKey();
      await world.turn(client, key, 'hello');

      const deleted = await client.request('sessions.delete', { key });
      const { session } = await client.request('sessions.describe', { key });
      const listed = await client.request('sessions.list', {});
      const again = await client.request('sessions.delete', { key });

      assert.equal(deleted.key, key);
      assert.equal(deleted.deleted, true);
      assert.equal(session, null);
      assert.ok(!listed.sessions.some((row) => row.key === key));
      await client.event(changed(key, 'delete'), 'sessions.changed delete');
      assert.equal(again.deleted, false);
    });

    it('sessions.reset and delete: refuse while a run is active', async () => {
      const client = await world.connect();
      const key = world.newKey();
      const runId = randomUUID();
      await client.request('chat.send', { sessionKey: key, message: '/slow 10s', idempotencyKey: runId });

      const reset = await refusal(client.request('sessions.reset', { key }));
      const deleted = await refusal(client.request('sessions.delete', { key }));
      await client.request('chat.abort', { sessionKey: key });

      assert.equal(reset.gatewayCode, 'INVALID_REQUEST');
      assert.match(reset.message, /active run/);
      assert.match(deleted.message, /active run/);
    });

    it('sessions.patch: changes what it names, tells subscribers, and takes it back', async () => {
      const client = await world.connect();
      await client.request('sessions.subscribe', {});
      const key = world.newKey();
      await world.turn(client, key, 'hello');
      const described = async () => (await client.request('sessions.describe', { key })).session;

      const patched = await client.request('sessions.patch', { key, label: 'mine', pinned: true, unread: true, archived: true });
      const { payload } = await client.event(changed(key, 'patch'), 'sessions.changed patch');
      const marked = await described();
      const { sessions: listed } = await client.request('sessions.list', {});
      const { sessions: archived } = await client.request('sessions.list', { archived: true });
      await client.request('sessions.patch', { key, unread: false, expectedMarkedUnreadAt: null });
      const unseen = await described();
      await client.request('sessions.patch', {
        key,
        label: null,
        pinned: false,
        archived: false,
        unread: false,
        expectedMarkedUnreadAt: marked.markedUnreadAt,
      });
      const cleared = await described();

      assert.equal(patched.key, key);
      assert.equal(payload.session.label, 'mine');
      assert.deepEqual([marked.label, marked.pinned, marked.unread, marked.archived], ['mine', true, true, true]);
      assert.ok(!listed.some((row) => row.key === key));
      assert.ok(archived.some((row) => row.key === key));
      assert.equal(unseen.unread, true);
      assert.deepEqual([cleared.label, cleared.pinned, cleared.unread, cleared.archived], [undefined, false, false, false]);
    });

    it('sessions.patch: refuses what it cannot do and what is not the caller’s', async () => {
      const client = await world.connect();
      const writer = await world.connect({ scopes: ['operator.read', 'operator.write'] });
      const key = world.newKey();

      const thinking = await refusal(client.request('sessions.patch', { key, thinkingLevel: 'low' }));
      const model = await refusal(client.request('sessions.patch', { key, model: 'no/such' }));
      const mode = await refusal(client.request('sessions.patch', { key, permissionMode: 'guarded' }));
      const other = await refusal(client.request('sessions.patch', { key, label: 'x', expectedSessionId: 'another' }));
      const admin = await refusal(writer.request('sessions.patch', { key, execHost: 'node' }));
      const allowed = await writer.request('sessions.patch', { key, label: 'x' });

      assert.match(thinking.message, /^thinkingLevel "low" is not supported for demo\/demo \(use off\)$/);
      assert.match(model.message, /no\/such/);
      assert.match(mode.message, /permissionMode/);
      assert.match(other.message, /changed/);
      assert.equal(admin.details.missingScope, 'operator.admin');
      assert.equal(allowed.ok, true);
    });

    it('sessions.compact: leaves the newest turns, tells who watches, and says what it cannot do', async () => {
      const client = await world.connect();
      const key = world.newKey();
      await client.request('sessions.messages.subscribe', { key });
      await world.turn(client, key, 'one');
      await world.turn(client, key, 'two');
      const { deltaCursor } = await client.request('chat.history', { sessionKey: key });

      const small = await client.request('sessions.compact', { key, maxLines: 4 });
      const summary = await client.request('sessions.compact', { key });
      const done = await client.request('sessions.compact', { key, maxLines: 2 });
      const { messages } = await client.request('chat.history', { sessionKey: key });
      const since = await client.request('chat.history', { sessionKey: key, cursor: deltaCursor });

      assert.deepEqual([small.compacted, summary.compacted, done.compacted], [false, false, true]);
      assert.equal(done.kept, 2);
      assert.equal(messages.length, 2);
      assert.deepEqual(since, { kind: 'reset' });
      await client.event(
        ({ event, payload }) => event === 'session.operation' && payload.phase === 'end' && payload.completed,
        'session.operation end',
      );
    });

    it('agents.list, models.list, health, status: describe a gateway that has just been installed', async () => {
      const client = await world.connect();

      const agents = await client.request('agents.list', {});
      const models = await client.request('models.list', {});
      const health = await client.request('health');
      const status = await client.request('status');

      assert.equal(agents.defaultId, 'main');
      assert.ok(agents.agents.some(({ id }) => id === agents.defaultId));
      assert.ok(models.models.some(({ provider, available }) => provider === 'demo' && available !== false));
      assert.equal(health.defaultAgentId, 'main');
      assert.equal(status.runtimeVersion, client.hello.server.version);
    });
  });
