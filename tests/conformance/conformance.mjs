// The gateway against the client and the schema that OpenClaw publishes. One gateway serves all
// cases; the last ones check that nothing was left out and that it leaves in order.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';

import { agentCases } from './agent_cases.mjs';
import { chatCases } from './chat_cases.mjs';
import { configCases } from './config_cases.mjs';
import { approvalCases, deviceCases, restartCases } from './device_cases.mjs';
import { handshakeCases } from './handshake_cases.mjs';
import { operatorCases } from './operator_cases.mjs';
import * as map from './protocol_map.mjs';
import { sessionCases } from './session_cases.mjs';
import { World } from './world.mjs';

// How late a timer may be on a busy machine.
const TICK_MARGIN_MS = 15_000;

const world = new World();

describe('conformance', { concurrency: false }, () => {
  // Stays for the whole suite: it hears what comes by time.
  let bystander;

  before(async () => {
    await world.start();
    bystander = await world.connectToStay();
  });
  afterEach(() => world.endCase());
  after(() => world.stop());

  handshakeCases(world);
  deviceCases(world);
  restartCases(world);
  approvalCases(world);
  chatCases(world);
  agentCases(world);
  sessionCases(world);
  operatorCases(world);
  configCases(world);

  it('tick: comes to an idle client within the interval that hello-ok told', async () => {
    const { tickIntervalMs } = bystander.hello.policy;

    // The cases before may have taken longer than an interval, so older ones may be there.
    const since = Date.now() - tickIntervalMs - TICK_MARGIN_MS;
    const isRecent = ({ event, payload }) => event === 'tick' && payload.ts >= since;
    const { payload } = await bystander.event(isRecent, 'tick', tickIntervalMs + TICK_MARGIN_MS);

    assert.ok(payload.ts <= Date.now() + TICK_MARGIN_MS);
    assert.deepEqual(bystander.gaps, []);
    await bystander.stop();
  });

  it('hello-ok: advertises exactly the methods that are judged here', () => {
    const { methods, events } = world.judge.lastHello.features;
    const judged = Object.keys(map.methods).filter((method) => method !== 'connect');

    assert.deepEqual(methods.filter((method) => method !== 'connect').toSorted(), judged.toSorted());
    events.forEach((event) => assert.ok(map.events[event], event));
  });

  it('shutdown: clients are told before the gateway leaves, and it leaves in order', async () => {
    const client = await world.connect();

    const stopping = world.gateway.stop('SIGTERM');
    const { payload } = await client.event(({ event }) => event === 'shutdown', 'shutdown');
    const { code } = await client.closed;

    assert.ok(payload.reason);
    assert.equal(code, 1012);
    assert.deepEqual(await stopping, { code: 0, signal: null });
  });

  it('coverage: every advertised method was answered and every event was seen', () => {
    const { methods, events } = world.judge.lastHello.features;
    const wanted = [
      ...methods.map((method) => `method ${method}`),
      ...events.map((event) => `event ${event}`),
    ];

    assert.deepEqual(wanted.filter((what) => !world.judge.counts.has(what)), []);
  });
});
