// What the cases share: one gateway, a judged relay in front of it, and clients that are gone after
// each case.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import path from 'node:path';

import { connectClient, connectRaw } from '../support/node/clients.mjs';
import { Gateway, TOKEN } from '../support/node/gateway_process.mjs';
import { Judge, loadSchemas } from '../support/node/judge.mjs';
import { Relay } from '../support/node/relay.mjs';
import * as map from './protocol_map.mjs';

// Compiled once: the published schema has 3.5 MB.
let schemas;

export function newJudge() {
  schemas ??= loadSchemas(path.join(import.meta.dirname, 'shapes'));
  return new Judge(schemas, map);
}

export class World {
  #open = new Set();
  #staying = async () => undefined;

  // `prepare` gets the gateway before it starts, for example to write its config; `judge` is another
  // world's, whose counts then hold what both have seen.
  async start({ prepare, judge = newJudge() } = {}) {
    this.judge = judge;
    this.gateway = new Gateway();
    prepare?.(this.gateway);
    await this.gateway.start();
    this.relay = await Relay.start(this.gateway.url, this.judge);
  }

  // The gateway is killed and starts again on what it has on disk. Its clients are gone.
  async crash() {
    await this.#closeAll();
    await this.relay.stop();
    await this.gateway.restart();
    this.relay = await Relay.start(this.gateway.url, this.judge);
  }

  async stop() {
    await Promise.all([this.#closeAll(), this.#staying()]);
    await this.relay?.stop();
    await this.gateway?.dispose();
  }

  async connect(options = {}) {
    this.gateway.mustRun();
    const client = await connectClient(this.relay.url, { token: TOKEN, ...options });
    this.#open.add(client.stop);
    return client;
  }

  // A client that outlives the cases, until the caller stops it or the world ends.
  async connectToStay() {
    const client = await connectClient(this.relay.url, { token: TOKEN });
    this.#staying = client.stop;
    return client;
  }

  async raw(options = {}) {
    this.gateway.mustRun();
    const socket = await connectRaw(this.relay.url, options);
    this.#open.add(socket.end);
    return socket;
  }

  // A key of its own for each case, so that no case sees another's messages.
  newKey() {
    return `agent:main:conformance-${randomUUID()}`;
  }

  // Sends and waits for the end of the run: {runId, ack, end, deltas}.
  async turn(client, sessionKey, message) {
    const runId = randomUUID();
    const ack = await client.request('chat.send', { sessionKey, message, idempotencyKey: runId });
    const end = await client.chatEnd(runId);
    return { runId, ack, end: end.payload, deltas: client.chat(runId).filter(({ state }) => state === 'delta') };
  }

  // Ends every case: its clients leave, and nothing that the gateway sent was wrong.
  async endCase() {
    await this.#closeAll();
    this.gateway.mustRun();
    const violations = this.judge.violations.splice(0);
    assert.equal(violations.length, 0, `the gateway sent what it must not:\n- ${violations.join('\n- ')}`);
  }

  async #closeAll() {
    const closing = [...this.#open].map((close) => Promise.resolve(close()).catch(() => undefined));
    this.#open.clear();
    await Promise.all(closing);
  }
}

// The text of a message or of a chat event's message.
export const textOf = (message) =>
  typeof message?.content === 'string'
    ? message.content
    : (message?.content ?? []).filter(({ type }) => type === 'text').map(({ text }) => text).join('');

// What a client shows that only appends, as most do.
export const joined = (deltas) =>
  deltas.reduce((text, { deltaText, replace }) => (replace ? deltaText : text + deltaText), '');

// The error of a request that must fail.
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail('the request was answered, not refused');
}
