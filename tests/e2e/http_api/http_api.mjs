// What callers of the HTTP APIs count on: whose conversation it is, what of it stays, and what becomes
// of a run whose caller goes away.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { Gateway, TOKEN } from '../../support/node/gateway_process.mjs';
import { until } from '../../support/node/turn_rig.mjs';
import { CALL_WEATHER, WEATHER, call, events, startRig } from './rig.mjs';

const CHAT = '/v1/chat/completions';
const RESPONSES = '/v1/responses';
const user = (content) => ({ role: 'user', content });
const tools = [{ type: 'function', function: WEATHER }];

let rig;
const chat = async (messages, { headers, ...more } = {}) => {
  const answer = await rig.call('POST', CHAT, { headers, body: { messages, ...more } });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
};
const respond = async (input, more = {}) => {
  const answer = await rig.call('POST', RESPONSES, { body: { model: 'openclaw', input, ...more } });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
};
const contentOf = (completion) => completion.choices[0].message.content;
const history = async (sessionKey) => (await rig.client.request('chat.history', { sessionKey })).messages;
const sessionKeys = async () => (await rig.client.request('sessions.list', { limit: 500 })).sessions.map(({ key }) => key);
const hungUp = async () => (await rig.provider.get('stats')).closed_by_client;

describe('HTTP APIs', () => {
  before(async () => {
    rig = await startRig();
  });
  after(() => rig?.dispose());

  test('a call without a name is a conversation of its own', async () => {
    const first = await chat([user('#echo one')]);
    const second = await chat([user('#echo two')]);
    const keys = await sessionKeys();
    for (const { id } of [first, second]) {
      const key = `agent:main:openai:${id.slice('chatcmpl_'.length)}`;
      assert.ok(keys.includes(key), key);
      assert.equal((await history(key)).length, 2);
    }
  });

  test('what the caller says was said before goes to the model', async () => {
    const mark = randomUUID();
    await chat([{ role: 'system', content: `speak like ${mark}` }, user('first'), { role: 'assistant', content: 'of course' }, user(`#echo second ${mark}`)]);
    const [entry] = await rig.callLog(`#echo second ${mark}`);
    assert.equal(entry.messages, 4); // System, and all three.
  });

  test('a user has one session, which remembers', async () => {
    const name = `alice-${randomUUID()}`;
    await chat([user('#echo one')], { user: name });
    const mark = `#echo two ${randomUUID()}`;
    // What the session has already is not taken from the caller again.
    await chat([user('#echo one'), { role: 'assistant', content: 'one' }, user(mark)], { user: name });
    assert.deepEqual(
      (await history(`agent:main:openai-user:${name}`)).map(({ role }) => role),
      ['user', 'assistant', 'user', 'assistant'],
    );
    assert.equal((await rig.callLog(mark))[0].messages, 4);
  });

  test('a key names a session that chat clients share', async () => {
    const sessionKey = `agent:main:shared-${randomUUID()}`;
    await rig.turn('#echo from a chat', sessionKey);
    await chat([user('#echo over http')], { headers: { 'x-openclaw-session-key': sessionKey } });
    assert.equal((await history(sessionKey)).length, 4);
  });

  test('tools of the caller: called, answered, and used, without a session', async () => {
    const asked = [user(CALL_WEATHER)];
    const called = (await chat(asked, { tools })).choices[0];
    assert.equal(called.finish_reason, 'tool_calls');
    const [weather] = called.message.tool_calls;
    const answer = await chat([...asked, called.message, { role: 'tool', tool_call_id: weather.id, content: 'rain, 9 degrees' }], { tools });
    assert.equal(answer.choices[0].finish_reason, 'stop');
    assert.match(contentOf(answer), /rain, 9 degrees/);
  });

  test('tools of the caller: in a named session the result alone is enough', async () => {
    const name = `tools-${randomUUID()}`;
    const called = (await chat([user(CALL_WEATHER)], { tools, user: name })).choices[0];
    const answer = await chat([{ role: 'tool', tool_call_id: called.message.tool_calls[0].id, content: 'snow' }], { tools, user: name });
    assert.match(contentOf(answer), /snow/);
    assert.deepEqual(
      (await history(`agent:main:openai-user:${name}`)).map(({ role }) => role),
      ['user', 'assistant', 'toolResult', 'assistant'],
    );
  });

  test('the gateway\'s own tools run on the way to the answer', async () => {
    const answer = await chat([user('#tool read {"path":"notes.md"}')]);
    assert.match(contentOf(answer), /remember the milk/);
    // One by the caller with the same name is the caller's.
    const own = { type: 'function', function: { name: 'read', parameters: { type: 'object' } } };
    const called = await chat([user('#tool read {"path":"notes.md"}')], { tools: [own] });
    assert.equal(called.choices[0].finish_reason, 'tool_calls');
  });

  test('responses go on behind an earlier one, also after a crash', async () => {
    const first = await respond('#echo one');
    await rig.crash();
    const mark = `#echo two ${randomUUID()}`;
    const second = await respond(mark, { previous_response_id: first.id });
    assert.notEqual(second.id, first.id);
    assert.equal((await rig.callLog(mark))[0].messages, 4);
    const third = await respond('#echo three', { previous_response_id: second.id });
    assert.equal(third.status, 'completed');
    assert.equal((await history(`agent:main:openresponses:${first.id.slice('resp_'.length)}`)).length, 6);
  });

  test('responses: a caller\'s tool over previous_response_id', async () => {
    const flat = [{ type: 'function', ...WEATHER }];
    const called = await respond(CALL_WEATHER, { tools: flat });
    const [item] = called.output;
    assert.equal(item.type, 'function_call');
    const answer = await respond([{ type: 'function_call_output', call_id: item.call_id, output: 'hail' }], { tools: flat, previous_response_id: called.id });
    assert.match(answer.output[0].content[0].text, /hail/);
  });

  test('responses: one that nobody knows is said to be unknown', async () => {
    for (const previous_response_id of ['resp_nope', randomUUID(), (await chat([user('#echo x')])).id]) {
      const answer = await rig.call('POST', RESPONSES, { body: { model: 'openclaw', input: 'x', previous_response_id } });
      assert.equal(answer.status, 404);
      assert.equal(answer.json.error.type, 'invalid_request_error');
    }
  });

  for (const stream of [false, true]) {
    test(`a caller that goes away ends its run (${stream ? 'streamed' : 'whole'})`, async () => {
      const before = await hungUp();
      const leaving = new AbortController();
      const name = `leaves-${randomUUID()}`;
      const answer = fetch(rig.gateway.httpUrl + CHAT, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify({ user: name, stream, messages: [user('#stall 60000 and then nothing')] }),
        signal: leaving.signal,
      }).then(async (response) => response.text());
      answer.catch(() => {});
      const sessionKey = `agent:main:openai-user:${name}`;
      await rig.client.event(({ event, payload }) => event === 'chat' && payload.sessionKey === sessionKey && payload.state === 'delta', 'first words');
      leaving.abort();
      await assert.rejects(answer);
      await until('the provider was hung up on', async () => (await hungUp()) > before);
      await rig.client.event(({ event, payload }) => event === 'chat' && payload.sessionKey === sessionKey && payload.state === 'aborted', 'aborted');
      // The session is free again.
      assert.equal(contentOf(await chat([user('#echo back')], { user: name })), 'back');
    });
  }

  test('a stream whose provider fails ends with an error and [DONE]', async () => {
    const answer = await rig.call('POST', CHAT, { body: { stream: true, messages: [user('#error 401 9 streamed')] } });
    assert.equal(answer.status, 200);
    const all = events(answer.text).map(({ data }) => data);
    assert.deepEqual(all.slice(-2), [{ error: { message: 'upstream provider error', type: 'api_error' } }, '[DONE]']);
  });

  // The provider says "this will break" before it breaks off.
  test('a stream whose provider breaks off goes on where the words are the same', async () => {
    const answer = await rig.call('POST', CHAT, { body: { stream: true, messages: [user('#disconnect 1 #echo this will break and be mended')] } });
    const all = events(answer.text).map(({ data }) => data);
    assert.equal(all.at(-1), '[DONE]');
    assert.equal(all.slice(0, -1).map((part) => part.choices[0].delta.content ?? '').join(''), 'this will break and be mended');
  });

  test('a stream whose provider begins anew with other words ends with an error', async () => {
    const answer = await rig.call('POST', CHAT, { body: { stream: true, messages: [user('#disconnect 1 #echo something else')] } });
    const all = events(answer.text).map(({ data }) => data);
    assert.match(all.at(-2).error.message, /begun anew/);
    assert.equal(all.at(-2).error.type, 'api_error');
    assert.equal(all.at(-1), '[DONE]');
  });

  test('a long answer is whole, streamed and not', async () => {
    const whole = contentOf(await chat([user('#long 300000')]));
    assert.equal(whole.length, 300_000);
    const answer = await rig.call('POST', CHAT, { body: { stream: true, messages: [user('#long 300000')] } });
    assert.equal(events(answer.text).slice(0, -1).map(({ data }) => data.choices[0].delta.content ?? '').join(''), whole);
  });

  test('a body of megabytes is taken', async () => {
    const messages = [user('z'.repeat(3 << 20)), { role: 'assistant', content: 'y'.repeat(1 << 20) }, user('#echo small')];
    assert.equal(contentOf(await chat(messages)), 'small');
  });

  test('many at once all get their own answer', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => chat([user(`#echo answer ${i}`)])));
    answers.forEach((answer, i) => assert.equal(contentOf(answer), `answer ${i}`));
  });

  test('ephemeral conversations leave memory with their answers', async () => {
    await until('none is left', async () => {
      const { json } = await rig.call('GET', '/introspect/actors?kind=conversation');
      return !json.actors.some(({ path }) => path.includes(':openai:'));
    });
  });

  test('another page may not call', async () => {
    const answer = await rig.call('POST', CHAT, { headers: { origin: 'https://evil.example' }, body: {} });
    assert.equal(answer.status, 403);
  });
});

describe('HTTP APIs, unless they are asked for', () => {
  let plain;
  before(async () => {
    plain = await new Gateway().start();
  });
  after(() => plain?.dispose());

  test('are not there', async () => {
    for (const [method, path] of [['GET', '/v1/models'], ['GET', '/v1/models/openclaw'], ['POST', CHAT], ['GET', CHAT], ['POST', RESPONSES]]) {
      assert.equal((await call(plain.httpUrl, method, path)).status, 404, `${method} ${path}`);
    }
  });

  test('but tools can always be invoked', async () => {
    assert.equal((await call(plain.httpUrl, 'POST', '/tools/invoke', { body: { tool: 'session_status' } })).status, 200);
  });
});
