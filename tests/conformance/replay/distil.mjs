// Turns golden traces of a real gateway into ../recorded/*.json. Run by hand when there are new traces:
//   node distil.mjs FOLDER
// What is kept: each request with its params, how it was answered (shape, error, a few words), when it
// was sent in relation to what came, and the order of the events that it caused. What is not: texts,
// names of machines, keys, tokens. ../recorded/README.md describes the files.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { Learner, Library } from './shape.mjs';
import { stories, tokenOf, variantOf } from './story.mjs';

const folder = process.argv[2];
const target = path.join(import.meta.dirname, '../recorded');

// Traces that tell one story together; those in which events were left out; those of a gateway whose
// config asks an operator about each device.
const PAIRING = ['required', 'list', 'approve', 'reconnect', 'rotate', 'revoke', 'remove'].map((name) => `pairing-${name}`);
const STRICT = new Set(['pairing', 'control-ui-pairing', 'node-host']);
const SKIPPED = new Set(['http', 'hello-ok', 'node-host', 'node-cli-devices', ...PAIRING]);
const THINNED = new Set(['methods']);
// What somebody wrote or configured has no shape of the protocol.
const OPAQUE = {
  // The other role was recorded shortened, and facts compare it.
  connect: /^auth\.role$/,
  // There were always jobs.
  'cron.status': /^nextWakeAtMs$/,
  'config.get': /^(config|parsed|resolved|runtimeConfig|sourceConfig)$/,
  'config.patch': /^config$/,
  'config.schema': /^(schema|uiHints)$/,
  'config.schema.lookup': /^schema$/,
};
// Written by tools and providers.
const OPAQUE_ANYWHERE = /(^|\.)(arguments|args|details|partialResult|rawConfig)$/;
// Scalars of an answer that must be as recorded.
const FACTS = ['ok', 'status', 'aborted', 'deleted', 'compacted', 'subscribed', 'kind', 'decision', 'key', 'runStarted', 'runIds', 'tokenDelivery', 'runId', 'type', 'protocol'];
// After these a client goes on in the traces because it has seen them.
const TURNING_POINTS = new Set(['agent run_status retrying', 'chat delta', 'chat final', 'chat aborted', 'chat error']);

// Places of one kind, whose members differ with what is shown, not with who asks.
const SHARED = [
  ['row', /(^|\.)(sessions\[\]|sessionInfo|session)$/, /^(sessions\.(list|describe|subscribe listed)|chat\.)/],
  ['message', /^messages\[\]$/, /^chat\.(history|startup)$/],
  ['message', /^messages\[\]\.message$/, /^chat\.history delta$/],
  ['model', /(^|\.)models\[\]$/, /^(models\.list|chat\.)/],
  ['presence', /(^|\.)presence\[\]$/, /^connect$/],
  ['presence', /^\[\]$/, /^system-presence$/],
  ['health', /^$/, /^health$/],
  ['health', /^snapshot\.health$/, /^connect$/],
  ['receipt', /(^|\.)terminalReceipt$/, /./],
];

const library = new Library();
const learners = new Map();

function learnAnswer(variant, payload, opaque) {
  if (!learners.has(variant)) {
    learners.set(
      variant,
      new Learner({
        opaque: (at) => opaque?.test(at) || OPAQUE_ANYWHERE.test(at),
        shared: (at) => SHARED.find(([, place, answers]) => answers.test(variant) && place.test(at))?.[0],
        library,
      }),
    );
  }
  const learner = learners.get(variant);
  const sketch = payload?.__shape;
  if (typeof sketch === 'object') {
    learner.learnSketch(withoutRepeats(sketch));
  } else if (sketch === undefined) {
    learner.learn(withoutRepeats(clean(payload)));
  }
}

// Without the notes of those who recorded it.
function clean(value) {
  if (Array.isArray(value)) {
    return value.map(clean);
  }
  if (value === null || typeof value !== 'object') {
    return value;
  }
  return Object.fromEntries(Object.entries(value).filter(([name]) => !/^__(?!openclaw$)/.test(name)).map(([name, member]) => [name, clean(member)]));
}

// Events show what answers show, so they tell more of it.
function learnInEvent(event, payload) {
  const shows = { presence: ['presence', payload?.presence], health: ['health', payload] }[event] ?? ['row', payload?.session];
  const [name, value] = shows;
  if (value !== null && typeof value === 'object' && !JSON.stringify(value).includes('__')) {
    const learner = new Learner({ shared: (at) => (at === '' || at === '[]' ? name : undefined), library });
    [value].flat().forEach((one) => learner.learn(one));
  }
}

// The gateway that was recorded repeats the members of a session's row beside "session", and puts null
// for those that the row lacks. They say nothing that the row does not.
function withoutRepeats(value) {
  if (Array.isArray(value)) {
    return value.map(withoutRepeats);
  }
  if (value === null || typeof value !== 'object') {
    return value;
  }
  const { session } = value;
  const isBeside = value.sessionKey && (session === '{…}' || (session !== null && typeof session === 'object'));
  const own = ['agentId', 'session', 'sessionKey', 'message', 'messageId', 'messageSeq', 'senderIsOwner'];
  const repeats = ([name]) => isBeside && !own.includes(name);
  return Object.fromEntries(Object.entries(value).filter((entry) => !repeats(entry)).map(([name, member]) => [name, withoutRepeats(member)]));
}

const lines = (name) => readFileSync(path.join(folder, `${name}.jsonl`), 'utf8').trim().split('\n').map((line) => JSON.parse(line));

// {name, lines: [{conn, …}]} of each scenario.
function scenarios() {
  const names = readdirSync(folder).filter((file) => file.endsWith('.jsonl')).map((file) => path.basename(file, '.jsonl'));
  const single = names.filter((name) => !SKIPPED.has(name)).map((name) => ({ name, lines: numbered(name, lines(name)) }));
  const pairing = PAIRING.flatMap((name, i) => lines(name).map((line) => ({ ...line, conn: i * 10 + (line.conn ?? 1) })));
  let client;
  let conn = 0;
  const hello = lines('hello-ok').map((line) => {
    conn += line.client === client ? 0 : 1;
    client = line.client;
    return { ...line, conn };
  });
  // Somebody without the right to do so tries to approve the node's device, before somebody who may.
  const host = lines('node-host');
  const second = host.findIndex(({ conn: n, dir }) => n === 2 && dir === 'open');
  const node = [...host.slice(0, second), ...lines('node-cli-devices').map((line) => ({ ...line, conn: 100 })), ...host.slice(second)];
  return [...single, { name: 'hello-ok', lines: hello }, { name: 'pairing', lines: pairing }, { name: 'node-host', lines: node }];
}

function numbered(name, all) {
  let conn = 0;
  let title;
  return all.flatMap((line) => {
    if (line.scenario) {
      conn += 1;
      title = line.scenario;
      return [];
    }
    return [{ ...line, conn: name === 'handshake' ? conn : (line.conn ?? 1), title }];
  });
}

class Distillery {
  devices = [];
  tokens = [];
  runs = [];
  steps = [];
  seeds = new Set();
  #made = new Set();
  #pending = new Map();
  #frames = new Map();
  #open = new Set();
  #closing = new Set();
  #sent = 0;

  constructor(all) {
    this.all = all;
    const answers = all.filter(({ frame }) => frame?.type === 'res');
    // Refused by those who recorded it, not by the gateway.
    this.ablated = new Set(all.filter((line) => line.ablated || line.frame?.__ablated || line.frame?.ablated).map(({ frame }) => frame?.id));
    this.answered = new Set(answers.map(({ conn, frame }) => `${conn} ${frame.id}`));
  }

  run() {
    for (const line of this.all) {
      this.#line(line);
    }
    const told = [...this.#frames].flatMap(([conn, frames]) =>
      stories(frames).map(({ id, method, subscribed, tokens }) => ({
        conn,
        request: this.#pending.get(`${conn} ${id}`),
        method,
        ...(subscribed && { subscribed }),
        tokens,
      })),
    );
    // Nobody waits for an event after which nothing is sent.
    const last = this.steps.findLastIndex(({ send }) => send);
    const steps = this.steps.filter((step, i) => !step.until || i < last);
    return { steps: closedLast(steps), stories: told };
  }

  #line({ conn, client, dir, frame, url, headers, close, reason, title }) {
    if (!this.#open.has(conn) && (url || frame)) {
      this.#open.add(conn);
      const isBrowser = headers?.origin || client === 'control-ui';
      const origin = isBrowser ? 'own' : title === 'bad Origin' ? 'foreign' : undefined;
      this.steps.push({ open: conn, ...(origin && { origin }) });
    }
    if (close !== undefined) {
      this.#close(conn, dir, close, reason);
    } else if (frame?.type === 'req') {
      this.#request(conn, frame, title);
    } else if (frame?.type === 'res') {
      this.#answer(conn, frame);
    } else if (frame?.event && dir === 's2c') {
      this.#event(conn, frame);
    }
  }

  #close(conn, dir, code, reason) {
    if (dir === 'c2s') {
      this.#closing.add(conn) && this.steps.push({ close: conn });
    } else if (!this.#closing.has(conn) && this.#frames.has(conn)) {
      this.#closing.add(conn);
      this.steps.push({ closed: conn, code, reason: withoutIds(reason) });
    }
  }

  #request(conn, { id, method, params }, title) {
    if (this.ablated.has(id) || !this.answered.has(`${conn} ${id}`)) {
      return;
    }
    const n = (this.#sent += 1);
    this.#pending.set(`${conn} ${id}`, n);
    this.#note(conn, { send: { id, method, params } });
    const run = ['agent', 'chat.send'].includes(method) && params?.idempotencyKey;
    if (run && !this.runs.includes(run)) {
      this.runs.push(run);
    }
    this.#seed(method, params);
    this.steps.push({ send: n, conn, method, ...(params !== undefined && { params: this.#params(method, params, title) }) });
  }

  #seed(method, params) {
    const key = params?.sessionKey ?? params?.key;
    if (typeof key === 'string') {
      if (method === 'chat.history' && key.startsWith('agent:') && !this.#made.has(key)) {
        this.seeds.add(key);
      }
      this.#made.add(method === 'sessions.create' && !key.startsWith('agent:') ? `agent:main:${key}` : key);
    }
  }

  // What only the recorded gateway knew is named by its meaning.
  #params(method, params, title) {
    if (method === 'connect') {
      return this.#connect(params, title);
    }
    const named = structuredClone(params);
    const name = (key, holds, as) => {
      if (named && holds(named[key])) {
        named[key] = typeof as === 'function' ? as(named[key]) : as;
      }
    };
    const isText = (value) => typeof value === 'string';
    name('sessionId', isText, '<SESSION>');
    name('expectedLeafEntryId', isText, '<LEAF>');
    name('cursor', (value) => isText(value) || (method === 'logs.tail' && value > 0), '<CURSOR>');
    name('baseHash', (value) => isText(value) && value.startsWith('hmac'), '<HASH>');
    name('requestId', (value) => isText(value) && value !== 'nope', '<REQUEST>');
    name('deviceId', (value) => /^[0-9a-f]{64}$/.test(value ?? ''), (value) => `<DEVICE ${this.#device(value)}>`);
    return JSON.parse(JSON.stringify(named), (_, value) => (this.runs.includes(value) ? `run-${this.runs.indexOf(value) + 1}` : value));
  }

  #connect({ device, auth, ...params }, title = '') {
    const wiped = { ...params, client: { ...params.client, ...(params.client?.instanceId && { instanceId: `instance-${this.#sent}` }) } };
    if (device) {
      const spoilt = device.nonce === '' ? 'empty' : /^device: (tampered|stale|wrong|id|missing)/.exec(title)?.[1];
      const version = /v2 signature/.test(title) ? 2 : 3;
      wiped.device = { key: this.#device(spoilt === 'id' ? 'spoilt' : device.id), version, ...(spoilt && { spoilt }) };
    }
    const shown = ([name, value]) => [name, value === '<TOKEN>' || !this.tokens.includes(value) ? value : '<DEVICE_TOKEN>'];
    return auth ? { ...wiped, auth: Object.fromEntries(Object.entries(auth).map(shown)) } : wiped;
  }

  #device(id) {
    if (!this.devices.includes(id)) {
      this.devices.push(id);
    }
    return this.devices.indexOf(id) + 1;
  }

  #answer(conn, { id, ok, payload, error }) {
    const n = this.#pending.get(`${conn} ${id}`);
    if (n === undefined) {
      return;
    }
    const { method, params } = this.steps.find(({ send }) => send === n);
    this.#note(conn, { answer: { id, ok, payload } });
    // One depends on the moment, the other on a plugin that was installed there.
    if ((!ok && /Retry the request\.$/.test(error.message)) || (method === 'config.schema.lookup' && params.path.startsWith('plugins.entries.'))) {
      this.steps.push({ answer: n });
      return;
    }
    if (!ok) {
      const { code, message, details, retryable } = error;
      const kept = { code, message: withoutIds(message), ...(details && { details: nameless(details) }), ...(retryable !== undefined && { retryable }) };
      this.steps.push({ answer: n, error: kept });
      return;
    }
    if (payload?.auth?.deviceToken) {
      this.tokens.push(payload.auth.deviceToken);
    }
    const variant = variantOf(method, guessed(payload, params));
    // hello-ok is whole in its own trace only.
    if (method !== 'connect' || this.whole) {
      learnAnswer(variant, payload, OPAQUE[method]);
    }
    const facts = Object.fromEntries(FACTS.filter((name) => payload?.[name] !== undefined && !payload.__shape && !this.#isPassing(method, payload)).map((name) => [name, this.#renamed(payload[name])]));
    if (method === 'connect') {
      const { deviceToken, method: how, role, scopes } = payload.auth;
      const whole = !scopes.some((scope) => scope.startsWith('__'));
      facts.auth = { ...(how && { method: how }), role, ...(whole && { scopes }), deviceToken: Boolean(deviceToken) };
    }
    this.steps.push({ answer: n, shape: variant, ...(Object.keys(facts).length > 0 && { facts }) });
  }

  // What depends on the moment: whether there was a heartbeat, whether a command still ran.
  #isPassing(method, payload) {
    const commands = this.steps.filter(({ params }) => params?.message?.startsWith('/')).map(({ params }) => params.idempotencyKey);
    return method === 'last-heartbeat' || (method === 'chat.abort' && this.#renamed(payload.runIds ?? []).some((run) => commands.includes(run)));
  }

  #renamed(value) {
    return JSON.parse(JSON.stringify(value), (_, inner) => (this.runs.includes(inner) ? `run-${this.runs.indexOf(inner) + 1}` : inner));
  }

  #event(conn, { event, payload }) {
    if (event === 'connect.challenge') {
      return;
    }
    const token = tokenOf(event, payload ?? {});
    learnInEvent(event, payload);
    this.#note(conn, { event, payload });
    const run = `run-${this.runs.indexOf(payload?.runId) + 1}`;
    if (TURNING_POINTS.has(token) && run !== 'run-0' && !this.steps.some((step) => step.until === token && step.run === run)) {
      this.steps.push({ until: token, conn, run });
    }
  }

  #note(conn, frame) {
    this.#frames.set(conn, [...(this.#frames.get(conn) ?? []), frame]);
  }
}

// Answers that crossed the client's good-bye are waited for.
function closedLast(steps) {
  const connOf = new Map(steps.filter(({ send }) => send).map(({ send, conn }) => [send, conn]));
  return steps.flatMap((step, i) => {
    const crossed = ({ answer }) => answer && connOf.get(answer) === step.close;
    if (step.close) {
      return [...steps.slice(i).filter(crossed), step];
    }
    return step.answer && steps.slice(0, i).some(({ close }) => close === connOf.get(step.answer)) ? [] : [step];
  });
}

// A sketch tells no words; a cursor's answer that is big has messages.
const guessed = (payload, params) => {
  const sketch = payload?.__shape;
  if (sketch === undefined) {
    return payload;
  }
  const isDelta = typeof sketch === 'object' ? sketch.kind : params?.cursor;
  return { ...(typeof sketch === 'object' && sketch), status: undefined, kind: isDelta && 'delta' };
};

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64}/g;
const withoutIds = (text) => text.replaceAll(UUID, '<id>');
const nameless = (details) => JSON.parse(withoutIds(JSON.stringify(details)));

const files = new Map();
for (const { name, lines: all } of scenarios()) {
  const distillery = new Distillery(all);
  distillery.whole = name === 'hello-ok';
  const { steps, stories: told } = distillery.run();
  const file = ['cli', 'node', 'pairing', 'ablation'].find((prefix) => name.startsWith(prefix)) ?? name.replaceAll('-', '_');
  const seeds = [...distillery.seeds].filter((key) => key !== 'agent:main:main');
  const scenario = { name, ...(STRICT.has(name) && { strict: true }), ...(THINNED.has(name) && { thinned: true }), ...(seeds.length > 0 && { seeds }), ...(name === 'cli-agent-first-run' && { empty: true }), steps, stories: told };
  files.set(file, [...(files.get(file) ?? []), scenario]);
}

// One step a line.
const text = (scenario) => {
  const { steps, stories: told, ...rest } = scenario;
  const list = (items) => items.map((item) => `    ${JSON.stringify(item)}`).join(',\n');
  return `{${JSON.stringify(rest).slice(1, -1)},\n  "steps": [\n${list(steps)}\n  ],\n  "stories": [\n${list(told)}\n  ]}`;
};
for (const [file, all] of files) {
  writeFileSync(path.join(target, `${file}.json`), `[\n${all.map(text).join(',\n')}\n]\n`);
}
const known = [...[...learners].map(([name, { shape }]) => [name, shape]), ...library.shapes].toSorted(([a], [b]) => (a < b ? -1 : 1));
const shapes = known.map(([name, shape]) => `  ${JSON.stringify(name)}: ${JSON.stringify(shape)}`);
writeFileSync(path.join(target, 'shapes.json'), `{\n${shapes.join(',\n')}\n}\n`);
