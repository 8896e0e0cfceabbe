// Every recorded request for a method that we advertise, sent to a fresh gateway, and the answers
// compared with those of the gateway that was recorded. A difference fails unless exceptions.tsv says
// why it is there.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { connectClient } from '../../support/node/clients.mjs';
import { Gateway, TOKEN } from '../../support/node/gateway_process.mjs';
import { startProvider } from '../../support/node/provider_process.mjs';
import * as map from '../protocol_map.mjs';
import { Judgement, Protocol } from './comparison.mjs';
import { Exceptions } from './exceptions.mjs';
import { Player } from './player.mjs';

const here = import.meta.dirname;
const recordedFolder = path.join(here, '../recorded');
const read = (name) => JSON.parse(readFileSync(path.join(recordedFolder, name), 'utf8'));
const shapes = read('shapes.json');
const scenarios = readdirSync(recordedFolder)
  .filter((name) => name.endsWith('.json') && name !== 'shapes.json')
  .flatMap(read);

const protocol = Protocol.load(path.join(here, '../shapes'), map);
const judgement = new Judgement(shapes, scenarios, protocol);
const exceptions = Exceptions.read(path.join(here, '../exceptions.tsv'), (method, at) => protocol.requires(method, at));

const HELPER_SCOPES = ['operator.admin', 'operator.read', 'operator.write', 'operator.pairing'];
// What the sessions of a gateway hold that has been in use.
const SEED_MESSAGES = ['hello', '#tool read {"path":"notes.md"}'];

// A gateway for one scenario, with a client that looks things up for it.
class Stage {
  async open(scenario, provider) {
    this.folder = mkdtempSync(path.join(tmpdir(), 'troupe-replay-'));
    const workspace = path.join(this.folder, 'workspace');
    mkdirSync(workspace);
    writeFileSync(path.join(workspace, 'notes.md'), 'remember the milk');
    const config = path.join(this.folder, 'config.json');
    writeFileSync(config, JSON.stringify(configOf(scenario, provider, workspace)));
    this.gateway = await new Gateway({ options: ['--config', config] }).start();
    this.helper = await connectClient(this.gateway.url, { token: TOKEN, scopes: HELPER_SCOPES });
    for (const key of scenario.empty ? [] : ['agent:main:main', ...(scenario.seeds ?? [])]) {
      await this.#seed(key);
    }
    return this;
  }

  async #seed(sessionKey) {
    for (const [i, message] of SEED_MESSAGES.entries()) {
      const run = `seed ${i} ${sessionKey}`;
      await this.helper.request('chat.send', { sessionKey, message, idempotencyKey: run });
      await this.helper.chatEnd(run);
    }
  }

  async close() {
    await this.helper?.stop();
    await this.gateway?.dispose();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function configOf({ strict }, provider, workspace) {
  const models = ['fake-1', 'fake-2'].map((id) => ({ id, name: id }));
  return {
    ...(strict && { gateway: { nodes: { pairing: { autoApproveLocal: false } } } }),
    // One recorded write asks for what is there already.
    ui: { seamColor: '#112255' },
    models: { providers: { fake: { baseUrl: `http://127.0.0.1:${provider.port}/v1`, apiKey: 'key', api: 'openai-completions', models } } },
    agents: { defaults: { model: { primary: 'fake/fake-1' }, workspace } },
  };
}

const sends = scenarios.flatMap(({ steps }) => steps.filter(({ send }) => send !== undefined));

describe('replay', { concurrency: false }, () => {
  let provider;
  let advertised;
  const sent = new Map();

  before(async () => {
    provider = await startProvider();
  });
  after(() => {
    provider?.stop();
    const counts = [...sent].toSorted(([, a], [, b]) => b - a).map(([method, count]) => `${method} ${count}`);
    console.log(`replay: ${[...sent.values()].reduce((a, b) => a + b, 0)} requests of ${sent.size} methods, ${exceptions.count} exceptions\n${counts.join(', ')}`);
  });

  for (const scenario of scenarios) {
    it(scenario.name, async () => {
      const stage = new Stage();
      let player;
      try {
        const { gateway, helper } = await stage.open(scenario, provider);
        advertised = new Set(['connect', ...helper.hello.features.methods]);
        player = new Player(gateway, helper);
        const played = await player.play(scenario, (method) => advertised.has(method));
        gateway.mustRun();
        player.sent.forEach((method) => sent.set(method, (sent.get(method) ?? 0) + 1));
        const found = judgement.differences(played, scenario, (token) => player.advertised(token)).filter((one) => !exceptions.cover(one));
        const lines = found.map(({ method, kind, path: at, what }) => `${method}\t${at}\t${kind}\t${what}`);
        assert.equal(found.length, 0, `unlike what was recorded:\n${[...new Set(lines)].join('\n')}`);
      } finally {
        player?.stop();
        await stage.close();
      }
    });
  }

  it('exceptions: few, each with its reason, none for what clients rely on', () => assert.deepEqual(exceptions.faults, []));

  it('exceptions: each still covers a difference', () => assert.deepEqual(exceptions.stale, []));

  it('coverage: every recorded request of an advertised method was sent', () => {
    const wanted = new Map();
    sends.filter(({ method }) => advertised.has(method)).forEach(({ method }) => wanted.set(method, (wanted.get(method) ?? 0) + 1));

    assert.deepEqual(Object.fromEntries([...sent].toSorted()), Object.fromEntries([...wanted].toSorted()));
  });
});
