// Turns of the real binary over anthropic-messages, against a provider that is as strict as the real
// one about thoughts, turns and empty blocks; and what a key in the environment makes of a gateway.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { connectClient } from '../../support/node/clients.mjs';
import { Gateway, TOKEN } from '../../support/node/gateway_process.mjs';
import { TurnRig, newKey, textOf, until } from '../../support/node/turn_rig.mjs';

const claude = (port) => ({
  baseUrl: `http://127.0.0.1:${port}`,
  apiKey: 'sk-ant-canary-0123456789',
  api: 'anthropic-messages',
  models: [{ id: 'fake', name: 'fake', reasoning: true }],
});

let rig;

describe('turns over anthropic-messages', () => {
  before(async () => {
    rig = await TurnRig.start(claude);
  });
  after(() => rig?.dispose());

  test('a plain turn: text, usage, and what the call carried', async () => {
    const message = `#echo hello ${randomUUID()}`;
    const { end, sessionKey } = await rig.turn(message);
    assert.equal(end.state, 'final', end.errorMessage);
    assert.equal(textOf(end.message), message.slice(6));
    const [call] = await rig.callLog(message);
    assert.deepEqual([call.api, call.authorized, call.has_tools, call.thinks, call.cache_marks], ['anthropic', true, true, true, 2]);
    const { messages } = await rig.client.request('chat.history', { sessionKey });
    const answer = messages.find(({ role }) => role === 'assistant');
    assert.equal(answer.api, 'anthropic-messages');
    assert.equal(answer.usage.input, 10);
    assert.equal(answer.usage.cacheRead, 2);
    assert.equal(answer.usage.cacheWrite, 3);
  });

  test('a tool, with signed thoughts that go back with its result', async () => {
    const message = `#think #tool read {"path":"notes.md"}\n${randomUUID()}`;
    const { end } = await rig.turn(message);
    assert.equal(end.state, 'final', end.errorMessage);
    assert.match(textOf(end.message), /milk/);
    assert.ok(!textOf(end.message).includes('Let me think'), 'a thought is shown as the answer');
    const calls = await rig.callLog(message);
    assert.deepEqual(calls.map(({ thoughts, tool_results }) => [thoughts, tool_results]), [[0, 0], [1, 1]]);
  });

  test('several tools at once and several rounds: every result is in the next message', async () => {
    const several = `#think #tools 5 ${randomUUID()}`;
    assert.equal((await rig.turn(several)).end.state, 'final');
    assert.equal((await rig.callLog(several)).at(-1).tool_results, 5);
    const rounds = `#think #rounds 4 ${randomUUID()}`;
    assert.equal((await rig.turn(rounds)).end.state, 'final');
    assert.deepEqual((await rig.callLog(rounds)).map(({ thoughts }) => thoughts), [0, 1, 2, 3, 4]);
    assert.equal((await rig.turn('#tool nonsense {}')).end.state, 'final');
  });

  test('a conversation goes on: thoughts of earlier turns are not sent, three marks are', async () => {
    const { sessionKey } = await rig.turn('#think #tool session_status {}');
    const message = `#echo next ${randomUUID()}`;
    assert.equal(textOf((await rig.turn(message, sessionKey)).end.message), message.slice(6));
    const [call] = await rig.callLog(message);
    assert.deepEqual([call.thoughts, call.cache_marks], [0, 3]);
  });

  test('kill -9 between a call and the answer: the thoughts are read back from the disk', async () => {
    const message = `#think #rounds 1 #hold 1500 ${randomUUID()}`;
    const runId = await rig.send(message);
    await until('the provider is asked again', async () => (await rig.callLog(message)).length >= 2);
    await rig.crash();
    assert.equal((await rig.client.request('agent.wait', { runId, timeoutMs: 14_000 })).status, 'ok');
    const calls = await rig.callLog(message);
    assert.deepEqual([calls.length >= 3, calls.at(-1).status, calls.at(-1).thoughts], [true, 200, 1]);
  });

  for (const trouble of ['#error 529 2', '#429 1 1', '#overloaded', '#disconnect', '#error 500'])
    test(`${trouble}: tried again, and answered`, async () => {
      const message = `${trouble} ${randomUUID()}`;
      const { end } = await rig.turn(message);
      assert.equal(end.state, 'final', end.errorMessage);
      assert.equal(textOf(end.message), `fake reply to: ${message}`);
    });

  for (const [trouble, calls, words] of [['#error 401 9', 1, /401/], ['#error 400 9', 1, /400/], ['#finish refusal', 1, /refused/], ['#garbage 99', 1, /cannot be read/]])
    test(`${trouble}: ends the turn with its reason and no secret`, async () => {
      const message = `${trouble} ${randomUUID()}`;
      const { end } = await rig.turn(message);
      assert.equal(end.state, 'error');
      assert.match(end.errorMessage, words);
      assert.equal((await rig.callLog(message)).length, calls);
      assert.ok(!JSON.stringify(end).includes('canary'));
    });

  test('an answer that reaches its limit of tokens is kept', async () => {
    const { end } = await rig.turn('#finish length');
    assert.equal(end.state, 'final', end.errorMessage);
    assert.equal(textOf(end.message), 'fake reply to: #finish length');
  });

  test('abort while the provider stalls: its connection is closed, the text is kept', () => rig.abortWhileStalled());

  test('no secret reaches health, status or the log', async () => {
    const shown = JSON.stringify([await rig.client.request('health', {}), await rig.client.request('status', {}), rig.gateway.output]);
    assert.ok(!shown.includes('canary'));
  });
});

test('a key in the environment and no config: its model is the default, and that is said', async () => {
  const keyed = await new Gateway({ env: { ANTHROPIC_API_KEY: 'sk-ant-canary-0123456789' } }).start();
  const asking = await connectClient(keyed.url, { token: TOKEN });
  try {
    const { models } = await asking.request('models.list', {});
    const usual = models.find(({ tags }) => tags?.includes('default'));
    assert.equal(usual.provider, 'anthropic');
    const status = await asking.request('status', {});
    assert.match(status.config.modelNote, /^anthropic\/\S+ answers: ANTHROPIC_API_KEY is set/);
    assert.match(keyed.output, new RegExp(`model: anthropic/${usual.id} \\(by its key in the environment\\)`));
    assert.equal(keyed.output.split('ANTHROPIC_API_KEY is set').length - 1, 1, 'said once in the log');
    assert.ok(!(keyed.output + JSON.stringify([models, status])).includes('canary'));
  } finally {
    await asking.stop();
    await keyed.dispose();
  }
});
