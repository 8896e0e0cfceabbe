// chat.send, chat.history, chat.abort and their events, through OpenClaw's client.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';

import { joined, refusal, textOf } from './world.mjs';

export const chatCases = (world) =>
  describe('chat', () => {
    it('chat.send: the deltas of a streamed answer add up to its final text', async () => {
      const client = await world.connect();

      const { runId, ack, end, deltas } = await world.turn(client, world.newKey(), '/slow 2s');

      assert.equal(ack.runId, runId);
      assert.equal(ack.status, 'started');
      assert.equal(end.state, 'final');
      assert.equal(end.stopReason, 'stop');
      assert.ok(deltas.length >= 2, `streamed in ${deltas.length} pieces`);
      assert.equal(joined(deltas), textOf(end.message));
      deltas.forEach((delta, i) => assert.equal(textOf(delta.message), joined(deltas.slice(0, i + 1))));
    });

    it('chat.send: the agent events of a run tell the same story and end before its final', async () => {
      const client = await world.connect();

      const { runId, end } = await world.turn(client, world.newKey(), 'hello');

      const agent = client.agent(runId);
      const phases = agent.filter(({ stream }) => stream === 'lifecycle').map(({ data }) => data.phase);
      assert.equal(phases[0], 'start');
      assert.equal(phases.at(-1), 'end');
      const assistant = agent.filter(({ stream }) => stream === 'assistant');
      assert.equal(assistant.map(({ data }) => data.delta).join(''), textOf(end.message));
      assert.equal(assistant.at(-1).data.text, textOf(end.message));
      const order = client.events.filter(({ payload }) => payload?.runId === runId);
      const ended = order.findIndex(({ event, payload }) => event === 'agent' && payload.data.phase === 'end');
      const final = order.findIndex(({ event, payload }) => event === 'chat' && payload.state === 'final');
      assert.ok(ended >= 0 && ended < final, 'lifecycle end comes before chat final');
    });

    it('chat.history: shows both messages of a turn with the ids that were announced', async () => {
      const client = await world.connect();
      const key = world.newKey();
      await client.request('sessions.messages.subscribe', { key });

      const { runId, end } = await world.turn(client, key, 'hello');
      const history = await client.request('chat.history', { sessionKey: key });

      assert.equal(history.sessionKey, key);
      const [user, assistant, ...more] = history.messages;
      assert.deepEqual(more, []);
      assert.equal(user.role, 'user');
      assert.equal(textOf(user), 'hello');
      assert.equal(user.idempotencyKey, `${runId}:user`);
      assert.equal(user.__openclaw.idempotencyKey, `${runId}:user`);
      assert.equal(assistant.role, 'assistant');
      assert.equal(textOf(assistant), textOf(end.message));
      assert.equal(assistant.__openclaw.runId, runId);
      assert.deepEqual(history.messages.map(({ __openclaw }) => __openclaw.seq), [1, 2]);
      for (const message of history.messages) {
        const { id, seq } = message.__openclaw;
        const announced = await client.event(
          ({ event, payload }) => event === 'session.message' && payload.messageId === id,
          `session.message of ${message.role}`,
        );
        assert.equal(announced.payload.messageSeq, seq);
        assert.equal(announced.payload.sessionKey, key);
        assert.deepEqual(announced.payload.message, message);
      }
    });

    it('chat.history: pages from the newest, and knows nothing of an unknown session', async () => {
      const client = await world.connect();
      const key = world.newKey();
      await world.turn(client, key, 'one');
      await world.turn(client, key, 'two');

      const page = await client.request('chat.history', { sessionKey: key, limit: 2 });
      const nothing = await client.request('chat.history', { sessionKey: world.newKey() });

      assert.equal(page.messages.length, 2);
      assert.equal(textOf(page.messages[0]), 'two');
      assert.equal(page.hasMore, true);
      assert.equal(page.totalMessages, 4);
      assert.deepEqual(nothing.messages, []);
    });

    it('chat.send: a tool is announced, run and remembered', async () => {
      const client = await world.connect({ caps: ['tool-events'] });
      const key = world.newKey();

      const { runId, end } = await world.turn(client, key, 'what time is it?');
      const { messages } = await client.request('chat.history', { sessionKey: key });

      const streams = client.agent(runId);
      const items = streams.filter(({ stream }) => stream === 'item').map(({ data }) => data);
      assert.deepEqual(items.map(({ phase }) => phase), ['start', 'end']);
      assert.deepEqual(new Set(items.map(({ name }) => name)), new Set(['session_status']));
      assert.equal(items[1].status, 'completed');
      const tools = streams.filter(({ stream }) => stream === 'tool').map(({ data }) => data);
      assert.deepEqual([tools[0].phase, tools.at(-1).phase, tools.at(-1).isError], ['start', 'result', false]);
      assert.deepEqual(messages.map(({ role }) => role), ['user', 'assistant', 'toolResult', 'assistant']);
      const call = messages[1].content.find(({ type }) => type === 'toolCall');
      assert.equal(call.name, 'session_status');
      assert.equal(messages[2].toolCallId, call.id);
      assert.equal(textOf(messages[3]), textOf(end.message));
    });

    it('agent events: a client without the cap tool-events sees items but no tool stream', async () => {
      const client = await world.connect({ caps: [] });

      const { runId } = await world.turn(client, world.newKey(), 'what time is it?');

      const streams = new Set(client.agent(runId).map(({ stream }) => stream));
      assert.ok(streams.has('item'));
      assert.ok(!streams.has('tool'));
    });

    it('chat.send: the same key is one input, while it runs and after', async () => {
      const client = await world.connect();
      const params = { sessionKey: world.newKey(), message: '/slow 2s', idempotencyKey: randomUUID() };

      const first = await client.request('chat.send', params);
      const again = await client.request('chat.send', params);
      await client.chatEnd(params.idempotencyKey);
      const after = await client.request('chat.send', params);
      const { messages } = await client.request('chat.history', { sessionKey: params.sessionKey });

      assert.deepEqual([first.status, again.status, after.status], ['started', 'in_flight', 'ok']);
      assert.equal(again.runId, first.runId);
      assert.deepEqual(messages.map(({ role }) => role), ['user', 'assistant']);
    });

    it('chat.send: inputs that arrive during a run are answered one after another', async () => {
      const client = await world.connect();
      const sessionKey = world.newKey();
      const runs = [randomUUID(), randomUUID(), randomUUID()];
      const messages = ['/slow 1s', 'second', 'third'];

      for (const [i, idempotencyKey] of runs.entries()) {
        await client.request('chat.send', { sessionKey, message: messages[i], idempotencyKey, queueMode: 'followup' });
      }
      for (const runId of runs) {
        assert.equal((await client.chatEnd(runId)).payload.state, 'final');
      }
      const history = await client.request('chat.history', { sessionKey });

      assert.deepEqual(history.messages.map(({ role }) => role), runs.flatMap(() => ['user', 'assistant']));
      assert.deepEqual(history.messages.filter(({ role }) => role === 'user').map(textOf), messages);
    });

    it('chat.abort: ends a run where it is, once', async () => {
      const client = await world.connect();
      const sessionKey = world.newKey();
      const runId = randomUUID();
      await client.request('chat.send', { sessionKey, message: '/slow 10s', idempotencyKey: runId });
      await client.event(
        ({ event, payload }) => event === 'chat' && payload.runId === runId && payload.state === 'delta',
        'first delta',
      );

      const aborted = await client.request('chat.abort', { sessionKey, runId });
      const end = await client.chatEnd(runId);
      const again = await client.request('chat.abort', { sessionKey });

      assert.deepEqual(aborted, { ok: true, aborted: true, runIds: [runId] });
      assert.equal(end.payload.state, 'aborted');
      assert.equal(end.payload.stopReason, 'rpc');
      assert.deepEqual(again, { ok: true, aborted: false, runIds: [] });
      // The conversation goes on.
      assert.equal((await world.turn(client, sessionKey, 'hello')).end.state, 'final');
    });

    it('chat.send: a command is answered by one final and is no part of the conversation', async () => {
      const client = await world.connect();
      const key = world.newKey();
      await client.request('sessions.messages.subscribe', { key });
      const { commands } = await client.request('commands.list', {});

      const { runId, ack, end, deltas } = await world.turn(client, key, '/status');
      const waited = await client.request('agent.wait', { runId, timeoutMs: 10_000 });
      const again = await client.request('chat.send', { sessionKey: key, message: '/status', idempotencyKey: runId });
      const { messages } = await client.request('chat.history', { sessionKey: key });

      assert.ok(commands.some(({ textAliases }) => textAliases.includes('/status')));
      assert.equal(ack.status, 'started');
      assert.match(textOf(end.message), /Model: demo\/demo/);
      assert.deepEqual(deltas, []);
      assert.deepEqual(client.agent(runId), []);
      assert.equal(waited.status, 'ok');
      assert.equal(again.status, 'ok');
      assert.deepEqual(messages.map(({ role }) => role), ['user', 'assistant']);
      messages.forEach((message) => assert.equal(message.excludeFromContext, true));
    });

    it('chat.send: /new begins a session, and the text behind it is its first turn', async () => {
      const client = await world.connect();
      const key = world.newKey();
      await world.turn(client, key, 'hello');
      const before = await client.request('sessions.describe', { key });

      const { end } = await world.turn(client, key, '/new good morning');
      const after = await client.request('sessions.describe', { key });
      const { messages } = await client.request('chat.history', { sessionKey: key });
      const bare = await world.turn(client, key, '/RESET');

      assert.equal(end.state, 'final');
      assert.notEqual(after.session.sessionId, before.session.sessionId);
      assert.deepEqual(messages.map(textOf), ['good morning', textOf(end.message)]);
      assert.equal(bare.end.state, 'final');
      assert.notEqual((await client.request('sessions.describe', { key })).session.sessionId, after.session.sessionId);
    });

    it('chat.send: /stop ends what runs, and a reset is only for administrators', async () => {
      const client = await world.connect();
      const writer = await world.connect({ scopes: ['operator.read', 'operator.write'] });
      const key = world.newKey();
      const runId = randomUUID();
      await client.request('chat.send', { sessionKey: key, message: '/slow 10s', idempotencyKey: runId });
      const reset = await refusal(client.request('chat.send', { sessionKey: key, message: '/reset', idempotencyKey: randomUUID() }));

      await world.turn(writer, key, '/stop');
      const end = await client.chatEnd(runId);
      const forbidden = await refusal(
        writer.request('chat.send', { sessionKey: key, message: '/new', idempotencyKey: randomUUID() }),
      );

      assert.equal(end.payload.state, 'aborted');
      assert.match(reset.message, /active run/);
      assert.equal(forbidden.details.missingScope, 'operator.admin');
    });

    it('chat.send: refuses empty, missing and wrong params, but not those of a newer client', async () => {
      const client = await world.connect();
      const params = { sessionKey: world.newKey(), message: 'hello', idempotencyKey: randomUUID() };

      const missing = await refusal(client.request('chat.send', { sessionKey: params.sessionKey, message: 'x' }));
      const empty = await refusal(client.request('chat.send', { ...params, message: '' }));
      const long = await refusal(client.request('chat.send', { ...params, sessionKey: 'x'.repeat(513) }));
      const kind = await refusal(client.request('chat.send', { ...params, message: 7 }));
      const newer = await client.request('chat.send', { ...params, fromTheFuture: 1 });

      assert.equal(missing.gatewayCode, 'INVALID_REQUEST');
      assert.match(missing.message, /invalid chat\.send params: .*must have required property 'idempotencyKey'/);
      assert.equal(empty.gatewayCode, 'INVALID_REQUEST');
      assert.match(long.message, /invalid chat\.send params: at \/sessionKey: must /);
      assert.match(kind.message, /invalid chat\.send params: at \/message: must /);
      assert.equal(newer.status, 'started');
    });
  });
