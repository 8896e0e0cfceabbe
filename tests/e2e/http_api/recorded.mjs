// What the reference gateway answered to recorded calls of its HTTP APIs, as facts: status, kind and
// shape of each answer. Source: protocol.md section 14 and the recorded cases behind it.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { TOKEN } from '../../support/node/gateway_process.mjs';
import { CALL_WEATHER, WEATHER, events, startRig } from './rig.mjs';

const JSON_TYPE = 'application/json; charset=utf-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';
const SSE_TYPE = 'text/event-stream; charset=utf-8';
const STANDING = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'permissions-policy': 'camera=(), microphone=(self), geolocation=()' };

const failure = (message, type = 'invalid_request_error') => ({ error: { message, type } });
const toolFailure = (type, message) => ({ ok: false, error: { type, message } });
const unauthorized = { status: 401, json: failure('Unauthorized', 'unauthorized') };
const notAllowed = (allow) => ({ status: 405, text: 'Method Not Allowed', headers: { allow } });
const badRequest = (message) => ({ status: 400, json: failure(message) });
const model = (id) => ({ id, object: 'model', created: 0, owned_by: 'openclaw', permission: [] });
const says = (text, more = {}) => ({ messages: [{ role: 'user', content: text }], ...more });
const chatTools = { tool_choice: 'required', tools: [{ type: 'function', function: WEATHER }] };
const responsesTools = { tool_choice: 'required', tools: [{ type: 'function', ...WEATHER }] };
const CHAT = '/v1/chat/completions';
const RESPONSES = '/v1/responses';
const INVOKE = '/tools/invoke';

// A matcher in an expected object: {match: RegExp} or {kind: 'number'}.
const id = (prefix) => ({ match: new RegExp(`^${prefix}_[0-9a-f-]{36}$`) });
const number = { kind: 'number' };

const usage = { prompt_tokens: number, completion_tokens: number, total_tokens: number };
const completion = (message, finish_reason, name = 'openclaw') => ({
  id: id('chatcmpl'),
  object: 'chat.completion',
  created: number,
  model: name,
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason }],
  usage,
});
const chunk = (delta, finish_reason = null, name = 'openclaw') => ({
  id: id('chatcmpl'),
  object: 'chat.completion.chunk',
  created: number,
  model: name,
  choices: [{ index: 0, delta, finish_reason }],
});
const weatherCall = { id: { match: /./ }, type: 'function', function: { name: 'get_weather', arguments: '{"city":"Vienna"}' } };
const responseUsage = {
  input_tokens: number,
  input_tokens_details: { cached_tokens: number, cache_write_tokens: number },
  output_tokens: number,
  output_tokens_details: { reasoning_tokens: number },
  total_tokens: number,
};
const response = (status, output) => ({ id: id('resp'), object: 'response', created_at: number, status, model: 'openclaw', output, usage: responseUsage });
const message = (text) => ({
  type: 'message',
  id: id('msg'),
  role: 'assistant',
  content: [{ type: 'output_text', text }],
  phase: 'final_answer',
  status: 'completed',
});

const cases = [
  ['GET', '/v1/models', { token: null }, unauthorized],
  ['GET', '/v1/models', { token: 'nope' }, unauthorized],
  ['GET', '/v1/models', {}, { status: 200, json: { object: 'list', data: ['openclaw', 'openclaw/default', 'openclaw/main'].map(model) } }],
  ['GET', '/v1/models/openclaw%2Fdefault', {}, { status: 200, json: model('openclaw/default') }],
  ['GET', '/v1/models/unknown', {}, badRequest('Invalid model id.')],
  ['POST', '/v1/models', {}, notAllowed('GET')],

  ['GET', CHAT, {}, notAllowed('POST')],
  ['GET', CHAT, { token: null }, notAllowed('POST')],
  ['OPTIONS', CHAT, {}, notAllowed('POST')],
  ['POST', CHAT, { token: null, body: {} }, unauthorized],
  ['POST', CHAT, { body: '{bad' }, { status: 400, json: failure({ match: /position 1 \(line 1 column 2\)/ }) }],
  ['POST', CHAT, { body: {} }, badRequest('Missing user message in `messages`.')],
  ['POST', CHAT, { body: says('hi', { model: 'gpt-4' }) }, badRequest('Invalid `model`. Use `openclaw` or `openclaw/<agentId>`.')],
  ['POST', CHAT, { body: says('hi', { model: 'openclaw/nope' }) }, badRequest("Unknown agent 'nope'.")],
  ['POST', CHAT, { headers: { 'x-openclaw-session-key': 'subagent:x' }, body: says('hi') }, badRequest('`x-openclaw-session-key` cannot use reserved internal session namespaces.')],
  ['POST', CHAT, { body: says('hi', { temperature: 9 }) }, badRequest('`temperature` must be between 0 and 2.')],
  ['POST', CHAT, { body: { model: 'openclaw', messages: [{ role: 'system', content: 'hi' }] } }, badRequest('Missing user message in `messages`.')],
  ['POST', CHAT, { body: says('#echo hello http', { model: 'openclaw' }) }, { status: 200, json: completion({ content: 'hello http' }, 'stop') }],
  ['POST', CHAT, { body: says('#echo hello nomodel') }, { status: 200, json: completion({ content: 'hello nomodel' }, 'stop') }],
  ['POST', CHAT, { body: says(CALL_WEATHER, chatTools) }, { status: 200, json: completion({ content: '', tool_calls: [weatherCall] }, 'tool_calls') }],
  ['POST', CHAT, { body: says('#error 401 9') }, { status: 502, json: failure('upstream provider error', 'api_error') }],
  ['POST', CHAT, { headers: { 'x-openclaw-model': 'fake/fake-zero' }, body: says('hello m2') }, { status: 200, json: completion({ content: { match: /./ } }, 'stop') }],
  ['POST', CHAT, { headers: { 'x-openclaw-model': 'nope/nope' }, body: says('hello m2') }, { status: 404, json: failure({ match: /^Unknown model: nope\/nope\. / }) }],
  ['POST', CHAT, { body: says('#echo never a call', chatTools) }, { status: 502, json: failure('tool_choice=required was not satisfied by the agent response', 'api_error') }],

  ['POST', RESPONSES, { token: null, body: {} }, unauthorized],
  ['POST', RESPONSES, { body: '{bad' }, { status: 400, json: failure({ match: /position 1 \(line 1 column 2\)/ }) }],
  ['POST', RESPONSES, { body: {} }, badRequest('model: Invalid input: expected string, received undefined')],
  ['POST', RESPONSES, { body: { model: 'openclaw', input: '#echo hello resp' } }, { status: 200, json: response('completed', [message('hello resp')]) }],
  ['POST', RESPONSES, { body: { model: 'openclaw', input: CALL_WEATHER, ...responsesTools } }, {
    status: 200,
    json: response('completed', [{ type: 'function_call', id: { match: /^call_/ }, call_id: { match: /./ }, name: 'get_weather', arguments: '{"city":"Vienna"}' }]),
  }],
  ['POST', RESPONSES, { body: { model: 'openclaw', input: '#error 401 9 responses' } }, {
    status: 502,
    json: { ...response('failed', []), error: { code: 'api_error', message: 'upstream provider error' } },
  }],

  ['GET', INVOKE, {}, notAllowed('POST')],
  ['POST', INVOKE, { token: null, body: {} }, unauthorized],
  ['POST', INVOKE, { body: '{bad' }, { status: 400, json: failure({ match: /position 1 \(line 1 column 2\)/ }) }],
  ['POST', INVOKE, { body: {} }, { status: 400, json: toolFailure('invalid_request', 'tools.invoke requires name') }],
  ['POST', INVOKE, { body: { tool: 'nope' } }, { status: 404, json: toolFailure('not_found', 'Tool not available: nope') }],
  ['POST', INVOKE, { body: { tool: 'exec', args: { command: 'id' } } }, { status: 404, json: toolFailure('not_found', 'Tool not available: exec') }],
  ['POST', INVOKE, { body: { tool: 'session_status', action: 'json', args: {} } }, { status: 200, json: { ok: true, result: { content: [{ type: 'text', text: { match: /agent:main:main/ } }] } } }],
  ['POST', INVOKE, { body: { tool: 'read', args: {} } }, { status: 400, json: toolFailure('tool_error', { match: /path/ }) }],
  ['POST', INVOKE, { body: { tool: 'sessions_history', args: {} } }, { status: 400, json: toolFailure('tool_error', 'sessionKey required') }],

  ['GET', '/api/unknown', {}, { status: 404, text: 'Not Found' }],
  ['POST', '/nope', {}, { status: 404, text: 'Not Found' }],
];

function check(actual, expected, at = 'answer') {
  if (expected !== null && typeof expected === 'object' && expected.match instanceof RegExp) {
    assert.match(String(actual), expected.match, at);
  } else if (expected !== null && typeof expected === 'object' && typeof expected.kind === 'string' && Object.keys(expected).length === 1) {
    assert.equal(typeof actual, expected.kind, at);
  } else if (expected !== null && typeof expected === 'object') {
    assert.deepEqual(Object.keys(actual ?? {}), Object.keys(expected), `members of ${at}, in order`);
    for (const key of Object.keys(expected)) {
      check(actual[key], expected[key], `${at}.${key}`);
    }
  } else {
    assert.equal(actual, expected, at);
  }
}

describe('recorded calls', () => {
  let rig;
  before(async () => {
    rig = await startRig();
  });
  after(() => rig?.dispose());

  cases.forEach(([method, path, how, expected], index) =>
    test(`${index + 1}: ${method} ${path} ${JSON.stringify(how).slice(0, 90)}`, async () => {
      const answer = await rig.call(method, path, how);
      assert.equal(answer.status, expected.status, answer.text);
      assert.equal(answer.type, expected.json ? JSON_TYPE : TEXT_TYPE);
      for (const [name, value] of Object.entries({ ...STANDING, ...expected.headers })) {
        assert.equal(answer.headers.get(name), value, name);
      }
      check(expected.json ? answer.json : answer.text, expected.json ?? expected.text);
      if (expected.json) {
        assert.ok(!answer.text.endsWith('\n') && !answer.text.includes('canary'));
      }
    }));

  test('chat, streamed with usage', async () => {
    const answer = await rig.call('POST', CHAT, { body: says('#slow 600 #echo hello stream', { model: 'openclaw/default', stream: true, stream_options: { include_usage: true } }) });
    assert.equal(answer.status, 200);
    assert.equal(answer.type, SSE_TYPE);
    assert.equal(answer.headers.get('cache-control'), 'no-cache');
    const all = events(answer.text).map(({ data }) => data);
    const name = 'openclaw/default';
    check(all[0], chunk({ role: 'assistant' }, null, name));
    const texts = all.slice(1, -3);
    assert.ok(texts.length >= 1);
    texts.forEach((part) => check(part, chunk({ content: { match: /[^]/ } }, null, name)));
    assert.match(texts.map((part) => part.choices[0].delta.content).join(''), /hello stream/);
    check(all.at(-3), chunk({}, 'stop', name));
    check(all.at(-2), { ...chunk({}, null, name), choices: [], usage });
    assert.equal(all.at(-1), '[DONE]');
    assert.equal(new Set(all.slice(0, -1).map((part) => part.id)).size, 1);
  });

  test('chat, a call of the caller\'s tool, streamed', async () => {
    const answer = await rig.call('POST', CHAT, { body: says(CALL_WEATHER, { model: 'openclaw', stream: true, ...chatTools }) });
    const all = events(answer.text).map(({ data }) => data);
    assert.equal(all.length, 5);
    check(all[0], chunk({ role: 'assistant' }));
    check(all[1], chunk({ tool_calls: [{ index: 0, id: { match: /./ }, type: 'function', function: { name: 'get_weather', arguments: '' } }] }));
    check(all[2], chunk({ tool_calls: [{ index: 0, function: { arguments: '{"city":"Vienna"}' } }] }));
    check(all[3], chunk({}, 'tool_calls'));
    assert.equal(all[4], '[DONE]');
  });

  test('tools: sessions_list and sessions_history', async () => {
    const told = async (tool, args) => {
      const answer = await rig.call('POST', INVOKE, { body: { tool, action: 'json', args } });
      assert.equal(answer.status, 200, answer.text);
      check(answer.json, { ok: true, result: { content: [{ type: 'text', text: { match: /^\{/ } }] } });
      return JSON.parse(answer.json.result.content[0].text);
    };
    const { id: answered } = (await rig.call('POST', CHAT, { body: says('#echo to be listed') })).json;
    const key = `agent:main:openai:${answered.slice('chatcmpl_'.length)}`;
    const list = await told('sessions_list', {});
    assert.equal(list.count, list.sessions.length);
    check(list.sessions.find((session) => session.key === key), {
      key,
      sessionId: { match: /^[0-9a-f-]{36}$/ },
      agentId: 'main',
      kind: 'other',
      channel: 'unknown',
      archived: false,
      pinned: false,
      updatedAt: number,
      model: 'fake',
      contextTokens: number,
      totalTokens: number,
      status: 'done',
      abortedLastRun: false,
    });
    const history = await told('sessions_history', { sessionKey: key });
    assert.equal(history.sessionKey, key);
    assert.deepEqual(history.messages.map(({ role }) => role), ['user', 'assistant']);
  });

  test('responses, streamed', async () => {
    const answer = await rig.call('POST', RESPONSES, { body: { model: 'openclaw', stream: true, input: '#echo hello rstream' } });
    assert.equal(answer.type, SSE_TYPE);
    const all = events(answer.text);
    const deltas = all.filter(({ event }) => event === 'response.output_text.delta');
    assert.ok(deltas.length >= 1);
    assert.deepEqual(
      all.map(({ event }) => event),
      [
        'response.created',
        'response.in_progress',
        'response.output_item.added',
        'response.content_part.added',
        ...deltas.map(() => 'response.output_text.delta'),
        'response.output_text.done',
        'response.content_part.done',
        'response.output_item.done',
        'response.completed',
        undefined,
      ],
    );
    const of = (type) => all.find(({ event }) => event === type).data;
    check(of('response.created'), { type: 'response.created', response: response('in_progress', []) });
    check(of('response.in_progress'), { type: 'response.in_progress', response: response('in_progress', []) });
    check(of('response.output_item.added'), {
      type: 'response.output_item.added',
      output_index: 0,
      item: { type: 'message', id: id('msg'), role: 'assistant', content: [], status: 'in_progress' },
    });
    const place = { item_id: id('msg'), output_index: 0, content_index: 0 };
    check(of('response.content_part.added'), { type: 'response.content_part.added', ...place, part: { type: 'output_text', text: '' } });
    deltas.forEach(({ data }) => check(data, { type: 'response.output_text.delta', ...place, delta: { match: /[^]/ } }));
    check(of('response.output_text.done'), { type: 'response.output_text.done', ...place, text: 'hello rstream' });
    check(of('response.content_part.done'), { type: 'response.content_part.done', ...place, part: { type: 'output_text', text: 'hello rstream' } });
    check(of('response.output_item.done'), { type: 'response.output_item.done', output_index: 0, item: message('hello rstream') });
    check(of('response.completed'), { type: 'response.completed', response: response('completed', [message('hello rstream')]) });
    assert.equal(deltas.map(({ data }) => data.delta).join(''), 'hello rstream');
    assert.equal(all.at(-1).data, '[DONE]');
  });

  for (const [path, bytes] of [[CHAT, 20 << 20], [RESPONSES, 20 << 20], [INVOKE, 2 << 20]]) {
    test(`${path}: a body that is too long`, async () => {
      const answer = await refusedBody(rig.gateway.httpUrl + path, bytes + 1);
      assert.equal(answer.status, 413);
      check(answer.json, failure('Payload too large'));
      assert.equal(answer.headers.connection, 'close');
    });
  }
});

// Announces a body and waits to be asked for it, as curl does; a server that refuses it closes.
function refusedBody(url, bytes) {
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', 'content-length': bytes, expect: '100-continue' },
    });
    asked.on('continue', () => reject(new Error('the body was asked for')));
    asked.on('error', reject);
    asked.on('response', async (response) => {
      const text = (await response.setEncoding('utf8').toArray()).join('');
      asked.destroy();
      resolve({ status: response.statusCode, headers: response.headers, json: JSON.parse(text) });
    });
    asked.flushHeaders();
  });
}
