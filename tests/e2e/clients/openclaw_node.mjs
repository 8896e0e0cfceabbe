// openclaw-node, a client that others wrote for OpenClaw's gateway, unmodified: it connects, is paired,
// chats and manages sessions as its users do.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';

import { OpenClawClient } from 'openclaw-node';

import { TOKEN } from '../../support/node/gateway_process.mjs';
import { TurnRig, newKey, textOf } from '../../support/node/turn_rig.mjs';

const SCOPES = ['operator.read', 'operator.write', 'operator.admin'];
const providerOf = (port) => ({ baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: 'key', api: 'openai-completions' });

async function all(chunks) {
  const out = [];
  for await (const chunk of chunks) {
    out.push(chunk);
  }
  return out;
}
const said = (chunks) => chunks.filter(({ type }) => type === 'text').map(({ text }) => text).join('');

describe('openclaw-node', { concurrency: false }, () => {
  let rig;
  let folder;
  let clients = [];

  const make = (options = {}) => {
    const client = new OpenClawClient({
      url: rig.gateway.url,
      token: TOKEN,
      scopes: SCOPES,
      autoReconnect: false,
      deviceIdentityPath: path.join(folder, 'device.json'),
      ...options,
    });
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  };
  const connected = async (options) => {
    const client = make(options);
    await client.connect();
    return client;
  };

  before(async () => {
    rig = await TurnRig.start(providerOf);
    folder = mkdtempSync(path.join(tmpdir(), 'troupe-openclaw-node-'));
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.disconnect()));
  });
  after(async () => {
    await rig?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('connects as the backend that it says it is, and is given no token of its own', async () => {
    const client = make();
    const hello = await client.connect();

    assert.equal(hello.protocol, 4);
    assert.equal(hello.auth.deviceToken, undefined);
    assert.ok(client.hasMethod('agent') && client.hasMethod('chat.abort'));
    assert.equal((await client.health()).ok, true);
  });

  it('is paired in silence under another name, keeps its token, and comes back with it', async () => {
    const options = { clientId: 'openclaw-linux', deviceIdentityPath: path.join(folder, 'paired.json') };
    const first = make(options);
    const { auth } = await first.connect();
    const kept = JSON.parse(readFileSync(options.deviceIdentityPath, 'utf8'));
    await first.disconnect();

    const hello = await make({ ...options, token: 'not the token' }).connect();

    assert.equal(kept.deviceToken, auth.deviceToken);
    assert.equal(hello.auth.deviceToken, auth.deviceToken);
    assert.deepEqual(hello.auth.scopes.toSorted(), SCOPES.toSorted());
  });

  it('is told why it is not let in', async () => {
    const client = make({ token: 'wrong' });
    const disconnected = once(client, 'disconnected');

    await assert.rejects(client.connect());
    await disconnected;
    assert.equal(client.isConnected, false);
  });

  it('chat: streams the whole answer before it says that it is done', async () => {
    const client = await connected();
    const words = 'one two three four five six seven eight nine ten';

    const chunks = await all(client.chat(`#slow 1500 #echo ${words}`, { sessionKey: newKey() }));
    const kinds = chunks.map(({ type }) => type);

    assert.equal(said(chunks), words);
    assert.ok(kinds.filter((type) => type === 'text').length > 1, `streamed in pieces: ${kinds}`);
    assert.ok(kinds.indexOf('agent_start') < kinds.indexOf('text'));
    assert.ok(kinds.lastIndexOf('text') < kinds.indexOf('agent_end'));
    assert.equal(kinds.at(-1), 'done');
    assert.equal(new Set(chunks.map(({ runId }) => runId)).size, 1);
  });

  it('chatSync: is the answer, also of a turn with a tool', async () => {
    const client = await connected();
    const sessionKey = newKey();

    assert.equal(await client.chatSync('#echo in one piece', { sessionKey }), 'in one piece');
    assert.match(await client.chatSync('#tool read {"path":"notes.md"}', { sessionKey }), /remember the milk/);
  });

  it('chat: a failure is an error, once', async () => {
    const client = await connected();

    const chunks = await all(client.chat('#error 401 9', { sessionKey: newKey() }));

    assert.equal(chunks.filter(({ type }) => type === 'error').length, 1);
    assert.equal(chunks.at(-1).type, 'done');
  });

  it('chatAbort: ends the stream that it stops', async () => {
    const client = await connected();
    const sessionKey = newKey();
    const stream = client.chat('#stall 60000 and nothing more', { sessionKey });
    let runId;
    for await (const chunk of stream) {
      if (chunk.type === 'text') {
        ({ runId } = chunk);
        assert.deepEqual(await client.chatAbort(sessionKey, runId), { ok: true, aborted: true, runIds: [runId] });
      }
    }

    // It had ended when the abort was answered.
    const { status } = await client.agentWait(runId, { timeoutMs: 1000 });
    assert.equal(status, 'error');
    assert.equal(await client.chatSync('#echo on we go', { sessionKey }), 'on we go');
  });

  it('sessions: history, description, messages as they come, and their end', async () => {
    const client = await connected();
    const sessionKey = newKey();
    await client.chatSync('#echo first', { sessionKey });
    const heard = [];
    const watch = await client.sessions.subscribeMessages(sessionKey, (event) => heard.push(event));

    await client.chatSync('#echo second', { sessionKey });
    const { messages } = await client.sessions.history(sessionKey, { limit: 20 });
    const { sessions } = await client.sessions.list({ limit: 5 });
    const { session } = await client.sessions.describe(sessionKey);
    await watch.unsubscribe();

    assert.deepEqual(messages.filter(({ role }) => role === 'assistant').map(textOf), ['first', 'second']);
    assert.ok(sessions.some(({ key }) => key === sessionKey));
    assert.equal(session.key, sessionKey);
    const told = heard.filter(({ event }) => event === 'session.message').map(({ payload }) => payload.message.role);
    assert.deepEqual(told, ['user', 'assistant']);
    assert.equal((await client.sessions.compact(sessionKey)).compacted, false);
    assert.equal((await client.sessions.reset(sessionKey)).ok, true);
    assert.equal((await client.sessions.delete(sessionKey)).deleted, true);
  });

  it('sessions.send: without a key of its own it is refused, as the gateway it is written for does', async () => {
    const client = await connected();

    await assert.rejects(client.sessions.send(newKey(), 'x'), /idempotencyKey/);
  });

  it('agents and config: are shown, and a patch takes effect', async () => {
    const client = await connected();
    const { agents, defaultId } = await client.agents.list();
    const { hash } = await client.config.get();

    const patched = await client.config.patch('{"ui":{"seamColor":"#445566"}}', hash, { note: 'test' });
    const read = await client.config.get();

    assert.ok(agents.some(({ id }) => id === defaultId));
    assert.deepEqual(patched.changedPaths, ['ui.seamColor']);
    assert.equal(read.parsed.ui.seamColor, '#445566');
    await assert.rejects(client.config.patch('{"ui":{"seamColor":"#778899"}}', hash), /config changed/);
  });

  it('request: what the gateway does not have is refused by name', async () => {
    const client = await connected();

    await assert.rejects(client.request('no.such', {}), /unknown method: no\.such/);
  });
});

describe('openclaw-node where devices are approved by hand', { concurrency: false }, () => {
  let rig;
  let folder;

  before(async () => {
    rig = await TurnRig.start(providerOf, { gateway: { nodes: { pairing: { autoApproveLocal: false } } } });
    folder = mkdtempSync(path.join(tmpdir(), 'troupe-openclaw-node-'));
  });
  after(async () => {
    await rig?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is told which request is to be approved, and comes in when it is', async () => {
    const options = {
      url: rig.gateway.url,
      token: TOKEN,
      clientId: 'openclaw-linux',
      scopes: ['operator.read', 'operator.write'],
      autoReconnect: false,
      deviceIdentityPath: path.join(folder, 'device.json'),
    };
    const refused = new OpenClawClient(options);
    refused.on('error', () => undefined);
    const asked = once(refused, 'pairingRequired');
    await assert.rejects(refused.connect());
    const [{ requestId }] = await asked;

    await rig.client.request('device.pair.approve', { requestId });
    const approved = new OpenClawClient(options);
    const { auth } = await approved.connect();

    assert.ok(auth.deviceToken);
    assert.equal(await approved.chatSync('#echo hello', { sessionKey: newKey() }), 'hello');
    await approved.disconnect();
  });
});
