// agent and agent.wait: the run as a request of its own.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';

import { refusal, textOf } from './world.mjs';

// Both responses of one `agent` request.
async function agent(client, params) {
  const accepted = [];
  const final = await client.request('agent', params, {
    expectFinal: true,
    timeoutMs: 30_000,
    onAccepted: (payload) => accepted.push(payload),
  });
  return { accepted, final };
}

export const agentCases = (world) =>
  describe('agent', () => {
    it('agent: answers when accepted and again with the result', async () => {
      const client = await world.connect();
      const sessionKey = world.newKey();
      const idempotencyKey = randomUUID();

      const { accepted, final } = await agent(client, { sessionKey, message: 'hello', idempotencyKey });
      const end = await client.chatEnd(idempotencyKey);

      assert.equal(accepted.length, 1);
      assert.equal(accepted[0].runId, idempotencyKey);
      assert.equal(accepted[0].sessionKey, sessionKey);
      assert.equal(final.runId, idempotencyKey);
      assert.equal(final.status, 'ok');
      assert.equal(final.result.payloads.map(({ text }) => text).join(''), textOf(end.payload.message));
      assert.equal(end.payload.sessionKey, sessionKey);
    });

    it('agent: without a session key it talks to the main session', async () => {
      const client = await world.connect();

      const { accepted } = await agent(client, { message: 'hello', idempotencyKey: randomUUID() });

      assert.equal(accepted[0].sessionKey, client.hello.snapshot.sessionDefaults.mainSessionKey);
      assert.equal(accepted[0].agentId, client.hello.snapshot.sessionDefaults.defaultAgentId);
    });

    it('agent: a finished key gives its result again and runs nothing', async () => {
      const client = await world.connect();
      const params = { sessionKey: world.newKey(), message: 'hello', idempotencyKey: randomUUID() };
      const first = await agent(client, params);

      const again = await agent(client, params);
      const { messages } = await client.request('chat.history', { sessionKey: params.sessionKey });

      assert.deepEqual(again.final.result.payloads, first.final.result.payloads);
      assert.equal(messages.length, 2);
    });

    it('agent.wait: returns when the run ends, and at once when it has ended', async () => {
      const client = await world.connect();
      const runId = randomUUID();
      await client.request('chat.send', { sessionKey: world.newKey(), message: '/slow 1s', idempotencyKey: runId });

      const first = await client.request('agent.wait', { runId, timeoutMs: 20_000 });
      const end = await client.chatEnd(runId);
      const again = await client.request('agent.wait', { runId, timeoutMs: 20_000 });

      assert.equal(first.status, 'ok');
      assert.equal(first.terminalReply.disposition, 'visible');
      assert.equal(first.terminalReply.text, textOf(end.payload.message));
      assert.deepEqual(again.terminalReply, first.terminalReply);
    });

    it('agent.wait: gives up on a run that nobody knows, and on one that takes too long', async () => {
      const client = await world.connect();
      const sessionKey = world.newKey();
      const slow = randomUUID();
      await client.request('chat.send', { sessionKey, message: '/slow 10s', idempotencyKey: slow });

      const unknown = await client.request('agent.wait', { runId: randomUUID(), timeoutMs: 50 });
      const late = await client.request('agent.wait', { runId: slow, timeoutMs: 50 });
      await client.request('chat.abort', { sessionKey });
      const aborted = await client.request('agent.wait', { runId: slow, timeoutMs: 10_000 });

      assert.equal(unknown.status, 'timeout');
      assert.ok(['timeout', 'pending'].includes(late.status), late.status);
      assert.ok(aborted.status === 'error' || aborted.stopReason === 'rpc', JSON.stringify(aborted));
    });

    it('agent: an unknown agent is refused by name', async () => {
      const client = await world.connect();

      const error = await refusal(
        agent(client, { agentId: 'nobody', message: 'hello', idempotencyKey: randomUUID() }),
      );

      assert.equal(error.gatewayCode, 'INVALID_REQUEST');
      assert.match(error.message, /nobody/);
    });
  });
