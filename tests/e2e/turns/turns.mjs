// Whole turns of the real binary against a provider that streams, stalls, refuses and breaks off.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Gateway, TOKEN, gatewayBinary } from '../../support/node/gateway_process.mjs';
import { TurnRig, newKey, textOf, until } from '../../support/node/turn_rig.mjs';

const openai = (port) => ({ baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: 'sk-canary-0123456789', api: 'openai-completions' });
const shown = (deltas) => deltas.reduce((text, { deltaText, replace }) => (replace ? deltaText : text + deltaText), '');

let rig;

describe('turns', () => {
  before(async () => {
    rig = await TurnRig.start(openai);
  });
  after(() => rig?.dispose());

  test('a streamed answer comes in pieces that add up', async () => {
    const { end, deltas } = await rig.turn('#slow 1500 one two three four five six seven eight');
    assert.equal(end.state, 'final');
    assert.ok(deltas.length >= 3, `${deltas.length} deltas`);
    assert.equal(shown(deltas), textOf(end.message));
  });

  test('a provider that fails twice is asked again, and the client is told', async () => {
    const message = `#error 500 2 ${randomUUID()}`;
    const { runId, end } = await rig.turn(message);
    assert.equal(end.state, 'final');
    assert.equal(await rig.callCount(message), 3);
    const retries = rig.client.agent(runId).filter(({ stream, data }) => stream === 'run_status' && data.phase === 'retrying');
    assert.equal(retries.length, 2);
  });

  test('429 is waited out', async () => {
    const message = `#429 1 1 ${randomUUID()}`;
    const { end } = await rig.turn(message);
    assert.equal(end.state, 'final');
    assert.equal(await rig.callCount(message), 2);
  });

  test('a stream that breaks off is begun again, and its text replaced', async () => {
    const { end, deltas } = await rig.turn(`#disconnect ${randomUUID()} with a few more words to break in`);
    assert.equal(end.state, 'final');
    assert.equal(shown(deltas), textOf(end.message));
  });

  test('a refusal that will not change is not repeated, and names no secret', async () => {
    const message = `#error 401 9 ${randomUUID()}`;
    const { end } = await rig.turn(message);
    assert.equal(end.state, 'error');
    assert.equal(await rig.callCount(message), 1);
    assert.ok(!JSON.stringify(end).includes('canary'));
  });

  test('an answer that is no protocol we know ends the turn with an error', async () => {
    const { end } = await rig.turn(`#garbage 99 ${randomUUID()}`);
    assert.equal(end.state, 'error');
    assert.ok(end.errorMessage.length > 0);
  });

  test('abort while the provider stalls: its connection is closed, the text is kept', () => rig.abortWhileStalled());

  test('a run that takes longer than it may is ended', async () => {
    const runId = randomUUID();
    const outcome = rig.client.request('agent', { message: '#stall 60000', sessionKey: newKey(), idempotencyKey: runId, timeout: 1 }, { expectFinal: true });
    await assert.rejects(outcome, /longer than its limit/);
  });

  test('tools: files of the workspace are read, nothing outside is', async () => {
    assert.match(textOf((await rig.turn('#tool read {"path":"notes.md"}')).end.message), /milk/);
    assert.match(textOf((await rig.turn('#tool ls {}')).end.message), /notes\.md/);
    for (const outside of ['../secret.txt', 'link', '/etc/hostname', `${rig.directory}/secret.txt`]) {
      const { end } = await rig.turn(`#tool read ${JSON.stringify({ path: outside })}`);
      assert.equal(end.state, 'final');
      assert.ok(!textOf(end.message).includes('not yours'), outside);
    }
  });

  test('tools: several at once, and several rounds', async () => {
    assert.equal((await rig.turn('#tools 5')).end.state, 'final');
    assert.equal((await rig.turn('#rounds 6')).end.state, 'final');
    assert.equal((await rig.turn('#tool nonsense {}')).end.state, 'final');
  });

  test('inputs during a run follow it, in order', async () => {
    const sessionKey = newKey();
    const first = await rig.send('#slow 1000 first answer', sessionKey);
    const followers = [];
    for (let i = 0; i < 5; ++i) followers.push(await rig.send(`#echo number ${i}`, sessionKey));
    await rig.client.chatEnd(first);
    for (const [i, runId] of followers.entries()) assert.equal(textOf((await rig.client.chatEnd(runId)).payload.message), `number ${i}`);
    const { messages } = await rig.client.request('chat.history', { sessionKey });
    assert.deepEqual(messages.filter(({ role }) => role === 'user').map(({ content }) => content.slice(0, 6)), ['#slow ', ...Array(5).fill('#echo ')]);
  });

  test('a full queue says so, and when to come back', async () => {
    const sessionKey = newKey();
    const first = await rig.send('#stall 60000', sessionKey);
    for (let i = 0; i < 20; ++i) await rig.send(`#echo ${i}`, sessionKey);
    await assert.rejects(rig.client.request('chat.send', { sessionKey, message: 'one more', idempotencyKey: randomUUID() }), (error) => {
      assert.equal(error.gatewayCode ?? error.code, 'UNAVAILABLE');
      return true;
    });
    const aborted = await rig.client.request('chat.abort', { sessionKey });
    assert.equal(aborted.runIds.length, 21);
    assert.equal((await rig.client.chatEnd(first)).payload.state, 'aborted');
  });

  test('kill -9 in the middle of an answer: it is finished once after the restart', async () => {
    const sessionKey = newKey();
    const message = `#slow 3000 ${randomUUID()} some words that take their time`;
    const runId = await rig.send(message, sessionKey);
    await rig.firstDelta(runId);
    await rig.crash();
    const waited = await rig.client.request('agent.wait', { runId, timeoutMs: 14_000 });
    assert.equal(waited.status, 'ok');
    const { messages } = await rig.client.request('chat.history', { sessionKey });
    assert.equal(messages.filter(({ role }) => role === 'assistant').length, 1);
    assert.equal(await rig.callCount(message), 2);
    const same = await rig.client.request('chat.send', { sessionKey, message, idempotencyKey: runId });
    assert.equal(same.status, 'ok');
  });

  test('a message of 1 MiB: kill -9 while it is written and while it is answered, answered once, whole', async () => {
    const sessionKey = newKey();
    const runId = randomUUID();
    const answerBytes = 400_000;
    const start = `#hold 2000 #long ${answerBytes} ${runId} `;
    const words = Array.from({ length: 200_000 }, (_, i) => `wörd${i}`).join(' ');
    const message = (start + words).slice(0, 1_000_000);
    const params = { sessionKey, message, idempotencyKey: runId };
    const cutShort = rig.client.request('chat.send', params).catch(() => {});
    await rig.gateway.restart('SIGKILL');
    await rig.client.stop();
    await cutShort;
    await rig.connect();
    assert.ok(['started', 'in_flight'].includes((await rig.client.request('chat.send', params)).status));
    await until('the provider is asked', () => rig.callCount(message));
    const calls = await rig.callCount(message);
    await rig.crash();
    assert.equal((await rig.client.request('agent.wait', { runId, timeoutMs: 14_000 })).status, 'ok');
    // The provider counts by the exact text, so what it got after the crash was whole.
    assert.ok((await rig.callCount(message)) > calls);
    const { messages } = await rig.client.request('chat.history', { sessionKey });
    assert.deepEqual(messages.map(({ role }) => role), ['user', 'assistant']);
    assert.ok(messages[0].content.startsWith(message.slice(0, 400_000)));
    assert.equal(textOf(messages[1]).length, answerBytes);
    const tooLong = rig.client.request('chat.send', { sessionKey, message: 'x'.repeat(4_194_305), idempotencyKey: randomUUID() });
    await assert.rejects(tooLong, /4194304/);
  });

  test('SIGTERM: a short turn is finished before the gateway leaves', async () => {
    const runId = await rig.send('#slow 1000 nearly there');
    const ended = rig.client.chatEnd(runId);
    const { code } = await rig.gateway.stop('SIGTERM');
    assert.equal((await ended).payload.state, 'final');
    assert.equal(code, 0);
    await rig.client.stop();
    await rig.gateway.start();
    await rig.connect();
  });

  test('no secret reaches introspection, health or the log', async () => {
    const introspected = await (await fetch(`${rig.gateway.httpUrl}/introspect/actors`, { headers: { authorization: `Bearer ${TOKEN}` } })).text();
    const health = JSON.stringify([await rig.client.request('health', {}), await rig.client.request('status', {})]);
    for (const [what, text] of Object.entries({ introspected, health, output: rig.gateway.output })) {
      assert.ok(!text.includes('canary'), `${what} shows the provider's key`);
      assert.ok(!text.includes(TOKEN), `${what} shows the token`);
    }
    assert.equal((await fetch(`${rig.gateway.httpUrl}/introspect/actors`)).status, 401);
  });
});

// What a start says when it cannot be.
function run(words, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(gatewayBinary(), words, { env: { PATH: process.env.PATH, HOME: directoryOfStarts, ...env } });
    let output = '';
    child.stdout.on('data', (bytes) => (output += bytes));
    child.stderr.on('data', (bytes) => (output += bytes));
    child.on('exit', (code) => resolve({ code, output }));
  });
}
let directoryOfStarts;

test('gateway run --json: the banner is one JSON object', async () => {
  const gateway = await new Gateway({ options: ['--json'], ready: /"port":(\d+)/ }).start();
  try {
    const banner = JSON.parse(gateway.stdout.trim());
    assert.equal(banner.ok, true);
    assert.equal(banner.port, gateway.port);
    assert.equal(banner.url, gateway.httpUrl);
    assert.ok(!JSON.stringify(banner).includes(TOKEN), 'a configured token is shown');
  } finally {
    await gateway.dispose();
  }
});

describe('starts that are refused', () => {
  before(() => {
    directoryOfStarts = mkdtempSync(path.join(tmpdir(), 'troupe-starts-'));
  });
  after(() => rmSync(directoryOfStarts, { recursive: true, force: true }));

  test('an unknown key: named with its place and the nearest known one', async () => {
    const config = path.join(directoryOfStarts, 'bad.json');
    writeFileSync(config, '{\n  gateway: { prot: 1 },\n}\n');
    const { code, output } = await run(['--config', config, 'gateway', 'run', '--port', '0']);
    assert.equal(code, 1);
    assert.match(output, /gateway\.prot.*2:\d+.*port/s);
  });

  test('a reachable address without auth', async () => {
    const { code, output } = await run(['gateway', 'run', '--port', '0', '--bind', 'lan']);
    assert.equal(code, 1);
    assert.match(output, /token/);
  });

  test('a key that restricts and is not enforced: refused, unless accepted by name', async () => {
    const config = path.join(directoryOfStarts, 'restricting.json');
    writeFileSync(config, '{ tools: { deny: ["exec"] } }');
    const refused = await run(['--config', config, 'gateway', 'run', '--port', '0']);
    assert.equal(refused.code, 1);
    assert.match(refused.output, /tools\.deny/);
    assert.match(refused.output, /--accept-unenforced/);
  });

  test('--json: a refusal is one JSON object too', async () => {
    const { code, output } = await run(['--json', 'gateway', 'run', '--port', '0', '--bind', 'lan']);
    assert.equal(code, 1);
    const refusal = JSON.parse(output);
    assert.equal(refusal.ok, false);
    assert.match(refusal.error.message, /token/);
  });

  test('a port and a store in use: by whom, and what to do', async () => {
    const first = await new Gateway().start();
    try {
      const port = await run(['--state-dir', path.join(directoryOfStarts, 'other'), 'gateway', 'run', '--port', String(first.port)]);
      assert.equal(port.code, 1);
      assert.match(port.output, /troupe/);
      assert.match(port.output, /pid \d+/);
      const store = await run(['--state-dir', first.stateDir, 'gateway', 'run', '--port', '0']);
      assert.equal(store.code, 1);
      assert.match(store.output, /\d+/);
    } finally {
      await first.dispose();
    }
  });
});
