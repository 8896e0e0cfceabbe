// The official client of OpenAI, unmodified, against the gateway.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import OpenAI from 'openai';

import { TOKEN } from '../../support/node/gateway_process.mjs';
import { until } from '../../support/node/turn_rig.mjs';
import { CALL_WEATHER, WEATHER, startRig } from './rig.mjs';

const model = 'openclaw';
const user = (content) => ({ role: 'user', content });
const tools = [{ type: 'function', function: WEATHER }];

let rig;
let openai;

describe('the official openai client', () => {
  before(async () => {
    rig = await startRig();
    openai = new OpenAI({ baseURL: `${rig.gateway.httpUrl}/v1`, apiKey: TOKEN, maxRetries: 0 });
  });
  after(() => rig?.dispose());

  test('lists models', async () => {
    const found = [];
    for await (const { id } of openai.models.list()) {
      found.push(id);
    }
    assert.deepEqual(found, ['openclaw', 'openclaw/default', 'openclaw/main']);
    assert.equal((await openai.models.retrieve('openclaw/main')).id, 'openclaw/main');
    await assert.rejects(openai.models.retrieve('gpt-4'), OpenAI.BadRequestError);
  });

  test('completes a chat', async () => {
    const answer = await openai.chat.completions.create({ model, messages: [user('#echo hello')] });
    assert.equal(answer.choices[0].message.content, 'hello');
    assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
  });

  test('streams a chat', async () => {
    const stream = openai.chat.completions.stream({ model, messages: [user('#slow 500 #echo one two three')], stream_options: { include_usage: true } });
    let text = '';
    stream.on('content', (delta) => (text += delta));
    const final = await stream.finalChatCompletion();
    assert.match(text, /one two three/);
    assert.equal(final.choices[0].message.content, text);
    assert.equal(final.choices[0].finish_reason, 'stop');
    assert.ok((await stream.totalUsage()).total_tokens > 0);
  });

  test('runs its tools until there is an answer', async () => {
    const calls = [];
    const runner = openai.chat.completions.runTools({
      model,
      messages: [user(CALL_WEATHER)],
      tools: [{ type: 'function', function: { ...WEATHER, parse: JSON.parse, function: (args) => (calls.push(args), 'it rains') } }],
    });
    assert.match(await runner.finalContent(), /it rains/);
    assert.deepEqual(calls, [{ city: 'Vienna' }]);
  });

  test('gathers a call from a stream', async () => {
    const final = await openai.chat.completions.stream({ model, messages: [user(CALL_WEATHER)], tools }).finalChatCompletion();
    assert.equal(final.choices[0].finish_reason, 'tool_calls');
    assert.equal(final.choices[0].message.tool_calls[0].function.arguments, '{"city":"Vienna"}');
  });

  test('creates responses, and goes on behind one', async () => {
    const first = await openai.responses.create({ model, input: '#echo first' });
    assert.equal(first.output_text, 'first');
    assert.equal(first.status, 'completed');
    const second = await openai.responses.create({ model, input: '#echo second', previous_response_id: first.id });
    assert.equal(second.output_text, 'second');
  });

  test('streams a response', async () => {
    const stream = openai.responses.stream({ model, input: '#slow 500 #echo four five six' });
    let text = '';
    stream.on('response.output_text.delta', ({ delta }) => (text += delta));
    const final = await stream.finalResponse();
    assert.match(text, /four five six/);
    assert.equal(final.output_text, text);
  });

  test('tells errors by their kinds', async () => {
    const other = new OpenAI({ baseURL: `${rig.gateway.httpUrl}/v1`, apiKey: 'wrong', maxRetries: 0 });
    await assert.rejects(other.models.list(), OpenAI.AuthenticationError);
    await assert.rejects(openai.chat.completions.create({ model: 'gpt-4', messages: [user('hi')] }), OpenAI.BadRequestError);
    await assert.rejects(openai.chat.completions.create({ model, messages: [user('#error 401 9 client')] }), OpenAI.InternalServerError);
    const broken = await openai.chat.completions.create({ model, stream: true, messages: [user('#error 401 9 client stream')] });
    await assert.rejects(async () => {
      for await (const part of broken) {
        assert.ok(part.choices);
      }
    }, /upstream provider error/);
  });

  test('aborts a stream, and with it the run', async () => {
    const before = (await rig.provider.get('stats')).closed_by_client;
    const stream = await openai.chat.completions.create({ model, stream: true, messages: [user('#stall 60000 and then nothing')] });
    for await (const part of stream) {
      if (part.choices[0].delta.content) {
        break;
      }
    }
    stream.controller.abort();
    await until('the provider was hung up on', async () => (await rig.provider.get('stats')).closed_by_client > before);
  });
});
