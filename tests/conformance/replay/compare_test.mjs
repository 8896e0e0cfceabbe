// The replay itself: what it must find, it finds. Needs no gateway.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';

import * as map from '../protocol_map.mjs';
import { Judgement, Protocol } from './comparison.mjs';
import { EXCEPTIONS_MAX, Exceptions } from './exceptions.mjs';
import { Comparison, Learner, Library } from './shape.mjs';
import { precedence, stories, storyDifferences, tokenOf } from './story.mjs';

const learned = (...values) => {
  const learner = new Learner();
  values.forEach((value) => learner.learn(value));
  return learner.shape;
};
const kinds = (shape, value, also) => new Comparison({}, also).differences(shape, value).map(({ kind, path: at }) => `${kind} ${at}`);

describe('shape', () => {
  const shape = learned({ ok: true, status: 'started', rows: [{ key: 'a' }, { key: 'b', label: 'c' }] });

  it('is what it was learned from, with what is not always there', () => {
    assert.deepEqual(shape, { ok: 'boolean', rows: [{ key: 'string', 'label?': 'string' }], status: '=started' });
    assert.deepEqual(learned({ a: 1 }, { a: null }), { a: 'null|number' });
    assert.deepEqual(learned([]), []);
  });
  it('leaves an answer alone that is like it', () => {
    assert.deepEqual(kinds(shape, { ok: false, status: 'started', rows: [{ key: 'x', label: 'y' }] }), []);
    assert.deepEqual(kinds(shape, { ok: false, status: 'started', rows: [] }), []);
  });
  it('finds a missing member', () => assert.deepEqual(kinds(shape, { ok: true, rows: [{}], status: 'started' }), ['missing rows[].key']));
  it('finds a wrong type', () => assert.deepEqual(kinds(shape, { ok: 1, rows: {}, status: 'started' }), ['type ok', 'type rows']));
  it('finds a member that was never recorded', () => {
    const more = { ok: true, rows: [], status: 'started', extra: 1 };
    assert.deepEqual(kinds(shape, more), ['unknown extra']);
    assert.deepEqual(kinds(shape, more, (at) => at === 'extra'), []);
  });
  it('finds a word that was never recorded', () => {
    assert.deepEqual(kinds(shape, { ok: true, rows: [], status: 'begun' }), ['word status']);
    assert.deepEqual(kinds(shape, { ok: true, rows: [], status: 'begun' }, (_, word) => word === 'begun'), []);
  });
  it('learns from the sketches of shortened traces what they show', () => {
    const sketch = new Learner().learnSketch({ key: 'string', rows: [{ id: 'string', inner: '{…}' }, '…×38'], none: ['empty', '…×0'] }).shape;
    assert.deepEqual(sketch, { key: 'string', none: [], rows: [{ id: 'string', inner: 'any' }] });
  });
  it('is shared by places of one kind', () => {
    const library = new Library();
    const shared = (at) => (at === 'session' || at === 'sessions[]' ? 'row' : undefined);
    const list = new Learner({ shared, library }).learn({ sessions: [{ key: 'a' }] }).shape;
    new Learner({ shared, library }).learn({ session: { key: 'a', label: 'b' } });
    const shapes = Object.fromEntries(library.shapes);
    assert.deepEqual(list, { sessions: ['@row'] });
    assert.deepEqual(new Comparison(shapes).differences(list, { sessions: [{ key: 'a', label: 'b' }] }), []);
    assert.equal(new Comparison(shapes).differences(list, { sessions: [{ label: 'b' }] })[0].path, 'sessions[].key');
  });
});

describe('story', () => {
  const frames = [
    { send: { id: '0', method: 'sessions.subscribe' } },
    { send: { id: '1', method: 'chat.send', params: { sessionKey: 'k', idempotencyKey: 'r' } } },
    { event: 'sessions.changed', payload: { sessionKey: 'k', reason: 'agent.input.settled' } },
    { answer: { id: '1', ok: true, payload: {} } },
    { event: 'sessions.changed', payload: { sessionKey: 'k', reason: 'send' } },
    { event: 'chat', payload: { runId: 'r', sessionKey: 'k', state: 'delta' } },
    { event: 'chat', payload: { runId: 'r', sessionKey: 'k', state: 'delta' } },
    { event: 'chat', payload: { runId: 'other', sessionKey: 'k', state: 'delta' } },
    { event: 'chat', payload: { runId: 'r', sessionKey: 'k', state: 'final' } },
  ];
  const recorded = ['answer chat.send', 'sessions.changed send', 'chat delta', 'chat final'];
  const compare = (ours, known = recorded) => storyDifferences(recorded, ours, new Set(known), precedence([recorded]));

  it('tells what a run caused, and not what an earlier one left', () => {
    assert.deepEqual(stories(frames), [{ id: '1', method: 'chat.send', subscribed: true, tokens: recorded }]);
  });
  it('of a request that was sent again is its answer', () => {
    const twice = [frames[1], frames[5], { ...frames[1], send: { ...frames[1].send, id: '2' } }, frames[8], { answer: { id: '2', ok: true, payload: {} } }];
    assert.deepEqual(stories(twice).map(({ tokens }) => tokens), [['chat delta', 'chat final'], ['answer chat.send']]);
  });
  it('of a refused request is the refusal', () => {
    const refused = [frames[1], { answer: { id: '1', ok: false } }, frames[5]];
    assert.deepEqual(stories(refused)[0].tokens, ['answer error chat.send']);
  });
  it('leaves the same story alone, also with an event more of its kind', () => {
    assert.deepEqual(compare(recorded), []);
    assert.deepEqual(compare([...recorded, 'chat delta']), []);
  });
  it('finds the wrong order', () => {
    const [swapped] = compare(['answer chat.send', 'sessions.changed send', 'chat final', 'chat delta']);
    assert.deepEqual(swapped, { kind: 'order', token: 'chat delta before chat final' });
  });
  it('finds an event that did not come, and one that never came', () => {
    assert.deepEqual(compare(recorded.slice(0, 3)), [{ kind: 'absent', token: 'chat final' }]);
    assert.deepEqual(compare([...recorded, 'chat error']), [{ kind: 'strange', token: 'chat error' }]);
  });
  it('holds to an order only where every recording does', () => {
    assert.deepEqual(precedence([['a', 'b', 'c'], ['b', 'a', 'c']]), [['a', 'c'], ['b', 'c']]);
  });
  it('does not hold what a trace has cut out against anybody', () => {
    const cut = tokenOf('session.message', { message: '__truncated 656 bytes' });
    assert.deepEqual(storyDifferences([cut], ['session.message user'], new Set([cut]), []), []);
  });
});

describe('judgement', () => {
  const protocol = Protocol.load(path.join(import.meta.dirname, '../shapes'), map);
  const scenario = { steps: [], stories: [] };
  const judge = (step, answer, method = 'chat.send') =>
    new Judgement({ 'chat.send': { runId: 'string', status: '=started' } }, [scenario], protocol)
      .differences({ answers: [{ step, method, answer }], closes: [], stories: new Map() }, scenario, () => true)
      .map(({ kind, path: at }) => `${kind} ${at}`.trim());
  const refusal = { answer: 1, error: { code: 'FORBIDDEN', message: 'no', details: { code: 'MISSING_SCOPE', missingScope: 'operator.read' } } };
  const withError = (changes) => ({ ok: false, error: { ...refusal.error, ...changes } });

  it('leaves the recorded refusal alone, whatever its ids', () => {
    assert.deepEqual(judge(refusal, withError({})), []);
    const named = { answer: 1, error: { code: 'X', message: 'pending <id>' } };
    assert.deepEqual(judge(named, { ok: false, error: { code: 'X', message: 'pending 00000000-0000-4000-8000-000000000000' } }), []);
  });
  it('finds another error code, message or detail', () => {
    assert.deepEqual(judge(refusal, withError({ code: 'INVALID_REQUEST' })), ['error error.code']);
    assert.deepEqual(judge(refusal, withError({ message: 'never' })), ['error error.message']);
    assert.deepEqual(judge(refusal, withError({ details: {} })), ['error error.details']);
  });
  it('finds a refusal, an acceptance and no answer at all', () => {
    assert.deepEqual(judge({ answer: 1, shape: 'chat.send' }, withError({})), ['refused']);
    assert.deepEqual(judge(refusal, { ok: true, payload: {} }), ['accepted']);
    assert.deepEqual(judge(refusal, undefined), ['unanswered']);
  });
  it('finds a fact that differs', () => {
    const step = { answer: 1, shape: 'chat.send', facts: { runId: 'run-1' } };
    assert.deepEqual(judge(step, { ok: true, payload: { runId: 'run-2', status: 'started' } }), ['fact runId']);
  });
  it('takes what the published schema names as a fact, too', () => {
    assert.ok(protocol.knows('agents.list', 'agents[].workspaceGit'));
    assert.ok(protocol.knows('agents.list', 'agents[].defaultPermissionMode', 'full'));
    assert.ok(!protocol.knows('agents.list', 'agents[].defaultPermissionMode', 'whatever'));
    assert.ok(!protocol.knows('agents.list', 'agents[].madeUp'));
  });
});

describe('exceptions', () => {
  const protocol = Protocol.load(path.join(import.meta.dirname, '../shapes'), map);
  const read = (...lines) => new Exceptions(lines.join('\n'), (method, at) => protocol.requires(method, at));
  const one = 'status\tworkerPools\tthere are no worker threads';
  const field = { method: 'status', kind: 'missing', path: 'workerPools' };

  it('cover one member of one method and what lies in it', () => {
    const list = read('# a remark', one);
    assert.deepEqual([list.faults, list.count], [[], 1]);
    assert.ok(list.cover(field));
    assert.ok(list.cover({ ...field, path: 'workerPools.x' }));
    assert.ok(!list.cover({ ...field, path: 'workerPoolsToo' }));
    assert.ok(!list.cover({ ...field, method: 'health' }));
    assert.deepEqual(list.stale, []);
  });
  it('never cover an error, an order or an answer', () => {
    const list = read('status\terror.code\tnobody will notice');
    for (const kind of ['error', 'order', 'absent', 'strange', 'fact', 'refused', 'accepted', 'unanswered', 'close']) {
      assert.ok(!list.cover({ method: 'status', kind, path: 'error.code' }), kind);
    }
  });
  it('that cover nothing are stale', () => assert.deepEqual(read(one).stale, ['status workerPools']));
  it('are at most 25', () => {
    const many = Array.from({ length: EXCEPTIONS_MAX + 1 }, (_, i) => `status\tmember${i}\tbecause of the weather`);
    assert.equal(read(...many.slice(1)).faults.length, 0);
    assert.equal(read(...many).faults.length, 1);
  });
  it('need a reason', () => assert.match(read('status\tworkerPools').faults[0], /no reason/));
  it('do not cover what the protocol requires', () => {
    assert.match(read('connect\tserver.version\tit is of no interest').faults[0], /required/);
    assert.match(read('chat.send\trunId\tit is of no interest').faults[0], /required/);
  });
});
