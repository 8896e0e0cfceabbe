// Turns of the real binary over anthropic-messages, against a provider that is as strict as the real
// one about thoughts, turns and empty blocks; and what a key in the environment makes of a gateway.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { connectClient } from '../../support/node/clients.mjs';
import { Gateway, TOKEN } from '../../support/node/gateway_process.mjs';
import { startProvider } from '../../support/node/provider_process.mjs';

const END_MS_MAX = 40_000;

let provider;
let gateway;
let client;
let directory;

function writeConfig(port) {
  const file = path.join(directory, 'troupe.json');
  writeFileSync(
    file,
    JSON.stringify({
      models: {
        providers: {
          claude: { baseUrl: `http://127.0.0.1:${port}`, apiKey: 'sk-ant-canary-0123456789', api: 'anthropic-messages', models: [{ id: 'fake', name: 'fake', reasoning: true }] },
        },
      },
      agents: { defaults: { model: 'claude/fake', workspace: path.join(directory, 'workspace') } },
    }),
  );
  return file;
}

const newKey = () => `agent:main:anthropic-${randomUUID()}`;
const textOf = (message) => (message?.content ?? []).filter(({ type }) => type === 'text').map(({ text }) => text).join('');
const connect = () => connectClient(gateway.url, { token: TOKEN });

async function send(message, sessionKey) {
  const runId = randomUUID();
  const ack = await client.request('chat.send', { sessionKey, message, idempotencyKey: runId });
  assert.equal(ack.status, 'started');
  return runId;
}

async function turn(message, sessionKey = newKey()) {
  const runId = await send(message, sessionKey);
  const end = (await client.chatEnd(runId, END_MS_MAX)).payload;
  return { runId, sessionKey, end };
}

// What the provider was asked about a message, oldest first.
const callsOf = async (message) => (await provider.get('log')).filter(({ text }) => text === message.slice(0, 200));

describe('turns over anthropic-messages', () => {
  before(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'troupe-anthropic-'));
    mkdirSync(path.join(directory, 'workspace'));
    writeFileSync(path.join(directory, 'workspace', 'notes.md'), 'remember the milk');
    provider = await startProvider();
    gateway = await new Gateway({ options: ['--config', writeConfig(provider.port)] }).start();
    client = await connect();
  });
  after(async () => {
    await client?.stop();
    await gateway?.dispose();
    provider?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test('a plain turn: text, usage, and what the call carried', async () => {
    const message = `#echo hello ${randomUUID()}`;
    const { end, sessionKey } = await turn(message);
    assert.equal(end.state, 'final', end.errorMessage);
    assert.equal(textOf(end.message), message.slice(6));
    const [call] = await callsOf(message);
    assert.deepEqual([call.api, call.authorized, call.has_tools, call.thinks, call.cache_marks], ['anthropic', true, true, true, 2]);
    const { messages } = await client.request('chat.history', { sessionKey });
    const answer = messages.find(({ role }) => role === 'assistant');
    assert.equal(answer.api, 'anthropic-messages');
    assert.equal(answer.usage.input, 10);
    assert.equal(answer.usage.cacheRead, 2);
    assert.equal(answer.usage.cacheWrite, 3);
  });

  test('a tool, with signed thoughts that go back with its result', async () => {
    const message = `#think #tool read {"path":"notes.md"}\n${randomUUID()}`;
    const { end } = await turn(message);
    assert.equal(end.state, 'final', end.errorMessage);
    assert.match(textOf(end.message), /milk/);
    assert.ok(!textOf(end.message).includes('Let me think'), 'a thought is shown as the answer');
    const calls = await callsOf(message);
    assert.deepEqual(calls.map(({ thoughts, tool_results }) => [thoughts, tool_results]), [[0, 0], [1, 1]]);
  });

  test('several tools at once and several rounds: every result is in the next message', async () => {
    const several = `#think #tools 5 ${randomUUID()}`;
    assert.equal((await turn(several)).end.state, 'final');
    assert.equal((await callsOf(several)).at(-1).tool_results, 5);
    const rounds = `#think #rounds 4 ${randomUUID()}`;
    assert.equal((await turn(rounds)).end.state, 'final');
    assert.deepEqual((await callsOf(rounds)).map(({ thoughts }) => thoughts), [0, 1, 2, 3, 4]);
    assert.equal((await turn('#tool nonsense {}')).end.state, 'final');
  });

  test('a conversation goes on: thoughts of earlier turns are not sent, three marks are', async () => {
    const { sessionKey } = await turn('#think #tool session_status {}');
    const message = `#echo next ${randomUUID()}`;
    assert.equal(textOf((await turn(message, sessionKey)).end.message), message.slice(6));
    const [call] = await callsOf(message);
    assert.deepEqual([call.thoughts, call.cache_marks], [0, 3]);
  });

  test('kill -9 between a call and the answer: the thoughts are read back from the disk', async () => {
    const message = `#think #rounds 1 #hold 1500 ${randomUUID()}`;
    const runId = await send(message, newKey());
    const deadline = Date.now() + END_MS_MAX;
    while ((await callsOf(message)).length < 2) {
      assert.ok(Date.now() < deadline, 'the provider was not asked again');
      await setTimeout(50);
    }
    await client.stop();
    await gateway.restart('SIGKILL');
    client = await connect();
    assert.equal((await client.request('agent.wait', { runId, timeoutMs: 14_000 })).status, 'ok');
    const calls = await callsOf(message);
    assert.deepEqual([calls.length >= 3, calls.at(-1).status, calls.at(-1).thoughts], [true, 200, 1]);
  });

  for (const trouble of ['#error 529 2', '#429 1 1', '#overloaded', '#disconnect', '#error 500'])
    test(`${trouble}: tried again, and answered`, async () => {
      const message = `${trouble} ${randomUUID()}`;
      const { end } = await turn(message);
      assert.equal(end.state, 'final', end.errorMessage);
      assert.equal(textOf(end.message), `fake reply to: ${message}`);
    });

  for (const [trouble, calls, words] of [['#error 401 9', 1, /401/], ['#error 400 9', 1, /400/], ['#finish refusal', 1, /refused/], ['#garbage 99', 1, /cannot be read/]])
    test(`${trouble}: ends the turn with its reason and no secret`, async () => {
      const message = `${trouble} ${randomUUID()}`;
      const { end } = await turn(message);
      assert.equal(end.state, 'error');
      assert.match(end.errorMessage, words);
      assert.equal((await callsOf(message)).length, calls);
      assert.ok(!JSON.stringify(end).includes('canary'));
    });

  test('an answer that reaches its limit of tokens is kept', async () => {
    const { end } = await turn('#finish length');
    assert.equal(end.state, 'final', end.errorMessage);
    assert.equal(textOf(end.message), 'fake reply to: #finish length');
  });

  test('abort while the provider stalls: its connection is closed, the text is kept', async () => {
    const before = (await provider.get('stats')).closed_by_client;
    const sessionKey = newKey();
    const runId = await send('#stall 60000 and then nothing', sessionKey);
    await client.event(({ event, payload }) => event === 'chat' && payload.runId === runId && payload.state === 'delta', 'delta');
    await client.request('chat.abort', { sessionKey, runId });
    const end = (await client.chatEnd(runId)).payload;
    assert.equal(end.state, 'aborted');
    assert.ok(textOf(end.message).length > 0);
    const deadline = Date.now() + 10_000;
    while ((await provider.get('stats')).closed_by_client === before) assert.ok(Date.now() < deadline, 'the provider was not hung up on');
    assert.equal(textOf((await turn('#echo still here', sessionKey)).end.message), 'still here');
  });

  test('no secret reaches health, status or the log', async () => {
    const shown = JSON.stringify([await client.request('health', {}), await client.request('status', {}), gateway.output]);
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
