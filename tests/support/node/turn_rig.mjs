// A gateway whose model is the provider fake, with a workspace to read and a client that talks to it.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { connectClient } from './clients.mjs';
import { Gateway, TOKEN } from './gateway_process.mjs';
import { startProvider } from './provider_process.mjs';

const END_MS_MAX = 40_000;

export const newKey = () => `agent:main:e2e-${randomUUID()}`;
export const textOf = (message) => (message?.content ?? []).filter(({ type }) => type === 'text').map(({ text }) => text).join('');

export class TurnRig {
  // `providerOf(port)`: the settings of the model provider. Its model `fake` answers.
  // `more`: further members of the config. `env`: further variables of the gateway.
  static async start(providerOf, more = {}, env = {}) {
    const rig = new TurnRig();
    rig.directory = mkdtempSync(path.join(tmpdir(), 'troupe-e2e-'));
    const workspace = path.join(rig.directory, 'workspace');
    mkdirSync(workspace);
    writeFileSync(path.join(workspace, 'notes.md'), 'remember the milk');
    writeFileSync(path.join(rig.directory, 'secret.txt'), 'not yours');
    symlinkSync('../secret.txt', path.join(workspace, 'link'));
    rig.provider = await startProvider();
    const config = {
      models: { providers: { fake: { models: [{ id: 'fake', name: 'fake' }], ...providerOf(rig.provider.port) } } },
      agents: { defaults: { model: 'fake/fake', workspace } },
      ...more,
    };
    const file = path.join(rig.directory, 'troupe.json');
    writeFileSync(file, JSON.stringify(config));
    rig.gateway = await new Gateway({ options: ['--config', file], env }).start();
    await rig.connect();
    return rig;
  }

  async dispose() {
    await this.client?.stop();
    await this.gateway?.dispose();
    this.provider?.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async connect() {
    this.client = await connectClient(this.gateway.url, { token: TOKEN });
  }

  // Killed without a warning and started again, with a new client.
  async crash() {
    await this.client.stop();
    await this.gateway.restart('SIGKILL');
    await this.connect();
  }

  async send(message, sessionKey = newKey(), runId = randomUUID()) {
    const ack = await this.client.request('chat.send', { sessionKey, message, idempotencyKey: runId });
    assert.equal(ack.status, 'started');
    return runId;
  }

  // Sends and waits for the end.
  async turn(message, sessionKey = newKey()) {
    const runId = await this.send(message, sessionKey);
    const end = (await this.client.chatEnd(runId, END_MS_MAX)).payload;
    return { runId, sessionKey, end, deltas: this.client.chat(runId).filter(({ state }) => state === 'delta') };
  }

  firstDelta(runId) {
    return this.client.event(({ event, payload }) => event === 'chat' && payload.runId === runId && payload.state === 'delta', 'delta');
  }

  // The provider's log of calls about a message, oldest first; it tells them by their first 200 characters.
  async callLog(message) {
    return (await this.provider.get('log')).filter(({ text }) => text === message.slice(0, 200));
  }

  // How often it was asked about exactly this message.
  async callCount(message) {
    return (await this.provider.get('stats')).by_message[message] ?? 0;
  }

  async abortWhileStalled() {
    const closed = async () => (await this.provider.get('stats')).closed_by_client;
    const before = await closed();
    const sessionKey = newKey();
    const runId = await this.send('#stall 60000 and then nothing', sessionKey);
    await this.firstDelta(runId);
    const aborted = await this.client.request('chat.abort', { sessionKey, runId });
    assert.deepEqual(aborted, { ok: true, aborted: true, runIds: [runId] });
    const end = (await this.client.chatEnd(runId)).payload;
    assert.equal(end.state, 'aborted');
    assert.ok(textOf(end.message).length > 0);
    await until('the provider was hung up on', async () => (await closed()) > before);
    assert.equal(textOf((await this.turn('#echo still here', sessionKey)).end.message), 'still here');
  }
}

// Waits for a condition that no event tells.
export async function until(what, holds) {
  const deadline = Date.now() + END_MS_MAX;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, `not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
