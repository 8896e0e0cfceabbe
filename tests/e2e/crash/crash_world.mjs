// A gateway that kills itself in chosen windows, the clients that keep talking to it, and the audit of
// what is left: every acknowledged input answered exactly once, in order, and nothing paid twice.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import WebSocket from 'ws';

export const WINDOWS = ['before_append', 'before_sync', 'after_sync', 'after_intent', 'after_tool', 'last_batch'];
const TOKEN = 'crash-token';
const START_MS_MAX = 20_000;
const REQUEST_MS_MAX = 20_000;
// A run that is not answered within so many waits is lost.
const RUN_MS_MAX = 8_000;
const WAITS_MAX = 2;
// Turns of one conversation that may be open at once.
const OPEN_PER_CONVERSATION = 2;

// mulberry32: the same seed gives the same plan.
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function started(child, pattern, what) {
  return new Promise((resolve) => {
    let out = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      resolve(undefined);
    }, START_MS_MAX);
    child.stdout.on('data', (bytes) => {
      out += bytes;
      const match = pattern.exec(out);
      if (match) {
        clearTimeout(timer);
        resolve(Number(match[1]));
      }
    });
    child.on('exit', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
    child.on('error', (error) => {
      throw new Error(`${what} cannot be started: ${error.message}`);
    });
  });
}

export class CrashWorld {
  inputs = []; // {id, key, text, acked, done, missed: waits without an answer}
  #children = new Set();

  constructor({ conversations = 8, loseUnsynced = false, mutant = '' } = {}) {
    this.keys = Array.from({ length: conversations }, (_, i) => `agent:main:crash-${i}`);
    this.loseUnsynced = loseUnsynced;
    this.mutant = mutant;
    this.stateDir = mkdtempSync(path.join(tmpdir(), 'troupe-crash-'));
    this.ledger = path.join(this.stateDir, 'ledger');
    this.report = path.join(this.stateDir, 'report');
  }

  async begin() {
    const fake = this.#spawn(process.env.TROUPE_PROVIDER_FAKE, [], {});
    const port = await started(fake, /port (\d+)/, 'the provider fake');
    if (!port) throw new Error('the provider fake did not start');
    writeFileSync(
      path.join(this.stateDir, 'troupe.json'),
      JSON.stringify({
        gateway: { auth: { mode: 'token', token: TOKEN } },
        models: {
          providers: {
            fake: { baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: 'k', api: 'openai-completions', models: [{ id: 'fake', name: 'fake' }] },
          },
        },
        agents: { defaults: { model: 'fake/fake' } },
        logging: { consoleLevel: 'error' },
      }),
    );
  }

  end() {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.stateDir, { recursive: true, force: true });
  }

  #spawn(binary, words, env) {
    if (!binary || !existsSync(binary)) throw new Error(`${binary} is not built`);
    const child = spawn(binary, words, { env: { PATH: process.env.PATH, HOME: this.stateDir, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#children.add(child);
    child.on('exit', () => this.#children.delete(child));
    return child;
  }

  fired() {
    return existsSync(this.report) ? readFileSync(this.report, 'utf8').split('\n').filter(Boolean) : [];
  }

  // One life of the gateway. `crash`: "window:n", or none.
  async boot(crash) {
    const child = this.#spawn(process.env.TROUPE_CRASHING, [this.stateDir], {
      TROUPE_CRASH: crash ?? '',
      TROUPE_CRASH_REPORT: this.report,
      TROUPE_CRASH_LEDGER: this.ledger,
      TROUPE_CRASH_MUTANT: this.mutant,
      ...(this.loseUnsynced ? { TROUPE_CRASH_LOSE_UNSYNCED: '1' } : {}),
    });
    const life = new Life(child);
    life.port = await started(child, /listening on http:\/\/127\.0\.0\.1:(\d+)/, 'the gateway');
    if (life.port) await life.connect();
    return life;
  }

  newInput(key, text) {
    const input = { id: `run-${this.inputs.length}`, key, text: text(this.inputs.length), acked: false, missed: 0 };
    this.inputs.push(input);
    return input;
  }

  open(key) {
    return this.inputs.filter((input) => input.key === key && !input.done);
  }

  // Keeps every conversation busy until the gateway dies or `until` says enough. In one conversation the
  // next input is sent only after the last was acknowledged, so its order is known.
  async talk(life, until, textFor) {
    await Promise.all(
      this.keys.map(async (key) => {
        while (life.alive && !until()) {
          const next = this.inputs.find((input) => input.key === key && !input.acked) ?? (this.open(key).length < OPEN_PER_CONVERSATION && textFor ? this.newInput(key, textFor) : undefined);
          if (!next) {
            const open = this.open(key);
            if (open.length === 0) break;
            if (await life.finished(open[0].id)) open[0].done = true;
            else if (life.alive && ++open[0].missed > WAITS_MAX) throw new Error(`${open[0].id} was acknowledged and is never answered`);
            continue;
          }
          const answer = await life.request('chat.send', { sessionKey: key, message: next.text, idempotencyKey: next.id });
          if (!answer) break;
          if (answer.ok) next.acked = true;
          else if (!answer.error.retryable) throw new Error(`${next.id} was refused: ${answer.error.message}`);
        }
      }),
    );
  }

  // Whatever is open is finished.
  async settle(life) {
    await this.talk(life, () => false, undefined);
    const open = this.inputs.filter((input) => !input.done);
    if (life.alive && open.length > 0) throw new Error(`not finished: ${open.map(({ id }) => id)}`);
  }

  ledgerLines() {
    return existsSync(this.ledger) ? readFileSync(this.ledger, 'utf8').split('\n').filter(Boolean) : [];
  }

  // What was promised, against what is there. Returns the violations.
  async audit(life) {
    const wrong = [];
    const lines = this.ledgerLines();
    const twice = lines.filter((line, at) => lines.indexOf(line) !== at);
    for (const line of twice) wrong.push(`paid twice: ${line}`);
    for (const key of this.keys) {
      const messages = await life.history(key);
      const users = messages.filter(({ role }) => role === 'user').map(({ idempotencyKey }) => idempotencyKey.replace(/:user$/, ''));
      const expected = this.inputs.filter((input) => input.key === key && input.acked).map(({ id }) => id);
      const known = users.filter((id) => expected.includes(id));
      if (JSON.stringify(known) !== JSON.stringify(expected)) {
        wrong.push(`${key}: inputs ${expected.join(' ')} became ${known.join(' ')}`);
      }
      for (const { id } of this.inputs.filter((input) => input.key === key && input.acked)) {
        const answers = messages.filter((message) => message.role === 'assistant' && message.__openclaw.runId === id && message.stopReason === 'stop');
        if (answers.length !== 1) wrong.push(`${id} has ${answers.length} answers`);
      }
    }
    for (const line of lines) {
      const run = line.split(' ')[0];
      if (lines.filter((other) => other.startsWith(`${run} `)).length > 1) wrong.push(`more than one payment in ${run}`);
    }
    return wrong;
  }
}

// One process of the gateway and one connection to it.
class Life {
  alive = true;
  #pending = new Map();
  #finals = new Map();
  #serial = 0;

  constructor(child) {
    this.child = child;
    // 'close', not 'exit': what takes unsynced writes back still holds the output.
    child.on('exit', () => {
      this.alive = false;
    });
    this.ended = new Promise((resolve) => child.on('close', (code, signal) => {
      this.alive = false;
      this.#giveUp();
      resolve({ code, signal });
    }));
  }

  #giveUp() {
    for (const { resolve } of this.#pending.values()) resolve(undefined);
    this.#pending.clear();
    for (const waiters of this.#finals.values()) if (Array.isArray(waiters)) waiters.forEach((resolve) => resolve(false));
  }

  async connect() {
    this.socket = new WebSocket(`ws://127.0.0.1:${this.port}`, { perMessageDeflate: false });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.alive = false;
      this.#giveUp();
    });
    const challenged = new Promise((resolve) => {
      this.socket.once('message', () => resolve(true));
      this.socket.once('close', () => resolve(false));
    });
    if (!(await challenged)) return;
    this.socket.on('message', (bytes) => this.#take(JSON.parse(bytes)));
    await this.request('connect', {
      minProtocol: 4, maxProtocol: 4, client: { id: 'gateway-client', version: '1', platform: 'linux', mode: 'backend' },
      role: 'operator', scopes: ['operator.read', 'operator.write', 'operator.admin'], auth: { token: TOKEN },
    });
  }

  #take(frame) {
    if (frame.type === 'res') {
      const waiting = this.#pending.get(frame.id);
      this.#pending.delete(frame.id);
      waiting?.resolve(frame);
    } else if (frame.event === 'chat' && ['final', 'error', 'aborted'].includes(frame.payload.state)) {
      const waiters = this.#finals.get(frame.payload.runId);
      this.#finals.set(frame.payload.runId, true);
      if (Array.isArray(waiters)) waiters.forEach((resolve) => resolve(true));
    }
  }

  // The response, or undefined when the gateway went away first.
  request(method, params) {
    if (!this.alive) return Promise.resolve(undefined);
    const id = `q${++this.#serial}`;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        resolve({ ok: false, error: { message: `${method}: no answer in ${REQUEST_MS_MAX} ms`, retryable: true } });
      }, REQUEST_MS_MAX);
      this.#pending.set(id, { resolve: (frame) => { clearTimeout(timer); resolve(frame); } });
      this.socket.send(JSON.stringify({ type: 'req', id, method, params }));
    });
  }

  // True when the run has ended; false when the gateway went away first.
  async finished(runId) {
    const seen = this.#finals.get(runId);
    if (seen === true) return true;
    if (!this.alive) return false;
    const waited = await this.request('agent.wait', { runId, timeoutMs: RUN_MS_MAX });
    if (waited?.ok && ['ok', 'error'].includes(waited.payload.status)) return true;
    return false;
  }

  async history(sessionKey) {
    const messages = [];
    for (let offset = 0; ; ) {
      const answer = await this.request('chat.history', { sessionKey, limit: 1000, offset });
      if (!answer?.ok) throw new Error(`chat.history failed: ${JSON.stringify(answer)}`);
      messages.unshift(...answer.payload.messages);
      if (!answer.payload.hasMore) return messages;
      offset = answer.payload.nextOffset;
    }
  }

  async stop(signal) {
    this.child.kill(signal);
    return this.ended;
  }
}
