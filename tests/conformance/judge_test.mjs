// The judge itself: what it must find, it finds. Needs no gateway.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Judge } from '../support/node/judge.mjs';
import * as map from './protocol_map.mjs';
import { newJudge } from './world.mjs';

const NOW = 1_790_000_000_000;
const KEY = 'agent:main:main';

// What the judge says about `frame` as the answer to `method` (or as an event).
function judged(frame, method) {
  const judge = newJudge();
  const watch = judge.connection();
  if (method) {
    watch.request(JSON.stringify({ type: 'req', id: '1', method }));
  }
  watch.answer(JSON.stringify(frame), false);
  return judge.violations;
}

const answer = (payload) => ({ type: 'res', id: '1', ok: true, payload });
const event = (name, payload, seq = 1) => ({ type: 'event', event: name, payload, seq });
const chat = (more) => event('chat', { runId: 'r', sessionKey: KEY, agentId: 'main', seq: 1, ...more });
const message = { role: 'assistant', content: [{ type: 'text', text: 'a' }], timestamp: NOW };
const agentEvent = { runId: 'r', sessionKey: KEY, agentId: 'main', seq: 1, ts: NOW };

const GOOD = [
  [answer({ runId: 'r', status: 'started' }), 'chat.send'],
  [answer({ ok: true, aborted: false, runIds: [] }), 'chat.abort'],
  [answer({ runId: 'r', sessionKey: KEY, agentId: 'main', status: 'accepted', acceptedAt: NOW }), 'agent'],
  [answer({ session: null }), 'sessions.describe'],
  [answer({ kind: 'reset' }), 'chat.history'],
  [chat({ state: 'delta', deltaText: 'a', message })],
  [event('agent', { ...agentEvent, stream: 'assistant', data: { text: 'a', delta: 'a' } })],
  [event('sessions.changed', { sessionKey: KEY, agentId: 'main', ts: NOW, reason: 'send' })],
  [{ type: 'res', id: '1', ok: false, error: { code: 'INVALID_REQUEST', message: 'no' } }, 'chat.send'],
];

const BAD = [
  ['a result without a required field', answer({ runId: 'r' }), 'chat.send'],
  ['a result with one field too many', answer({ runId: 'r', status: 'started', extra: 1 }), 'chat.send'],
  ['an unmapped method', answer({}), 'made.up'],
  ['an answer to nothing', answer({ runId: 'r', status: 'started' })],
  ['an unmapped event', event('made.up', {})],
  ['a first seq that is not 1', event('sessions.changed', { sessionKey: KEY, agentId: 'main', ts: NOW, reason: 'x' }, 2)],
  ['a chat delta without its message', chat({ state: 'delta', deltaText: 'a' })],
  ['a chat event with one field too many', chat({ state: 'delta', deltaText: 'a', message, extra: 1 })],
  ['an agent event to nobody', event('agent', { runId: 'r', seq: 1, ts: NOW, stream: 'assistant', data: { text: 'a', delta: 'a' } })],
  ['an agent event with unknown data', event('agent', { ...agentEvent, stream: 'assistant', data: { text: 'a' } })],
  ['an agent event of an unknown stream', event('agent', { ...agentEvent, stream: 'made-up', data: {} })],
  ['an unknown error code', { type: 'res', id: '1', ok: false, error: { code: 'OOPS', message: 'no' } }, 'chat.send'],
  ['a frame with one field too many', { ...answer({ runId: 'r', status: 'started' }), extra: 1 }, 'chat.send'],
  ['health without stateVersion', event('health', {})],
  ['a numbered challenge', event('connect.challenge', { nonce: '01234567-89ab-cdef-0123-456789abcdef', ts: NOW })],
  [
    'a history whose message has no id',
    answer({
      sessionKey: KEY,
      messages: [{ role: 'user', content: 'x', timestamp: NOW, idempotencyKey: 'r:user' }],
      hasMore: false,
      totalMessages: 1,
      pendingInputs: { items: [], total: 0 },
      defaults: { modelProvider: 'demo', model: 'demo' },
    }),
    'chat.history',
  ],
  [
    'a hello that advertises what is unmapped',
    answer({ type: 'hello-ok', features: { methods: ['made.up'], events: [] } }),
    'connect',
  ],
];

describe('judge', () => {
  for (const [frame, method] of GOOD) {
    it(`leaves a good ${method ?? frame.event} alone`, () => assert.deepEqual(judged(frame, method), []));
  }
  for (const [what, frame, method] of BAD) {
    it(`finds ${what}`, () => assert.notEqual(judged(frame, method).length, 0));
  }

  it('finds a run whose seq goes back', () => {
    const judge = newJudge();
    const watch = judge.connection();
    for (const [seq, runSeq] of [[1, 2], [2, 1]]) {
      const frame = chat({ state: 'delta', deltaText: 'a', message });
      watch.answer(JSON.stringify({ ...frame, seq, payload: { ...frame.payload, seq: runSeq } }), false);
    }
    assert.equal(judge.violations.length, 1);
  });

  it('judges no method that OpenClaw does not have', () => {
    const { schemas } = newJudge();
    Object.keys(map.methods).forEach((method) => assert.ok(schemas.methods.has(method), method));
  });

  it('refuses a map that names a schema which does not exist', () => {
    const { schemas } = newJudge();
    const typo = { ...map, events: { chat: { schemas: ['protocol#/definitions/ChatEvnt'] } } };
    assert.throws(() => new Judge(schemas, typo), /ChatEvnt/);
  });
});
