// Plays a recorded scenario to a gateway: opens the same connections, sends the same requests in the
// same order, and waits where the recorded client had waited. What only the recorded gateway knew
// (ids, cursors, tokens, keys) is replaced by what ours knows.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';

import { connectRaw } from '../../support/node/clients.mjs';
import { TOKEN } from '../../support/node/gateway_process.mjs';
import { stories, tokenOf, untold } from './story.mjs';

const ANSWER_MS_MAX = 20_000;
// Of what a request causes after its answer.
const STORY_MS_MAX = 6000;
const STALE_MS = 10 * 60_000;

// What the recorded model did, in the words of our provider fake.
const MESSAGES = [
  [/use-tool/, '#tool read {"path":"notes.md"}'],
  [/slow/, '#slow 8000'],
  [/please fail/, '#error 500 99'],
];

class Device {
  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
    this.privateKey = privateKey;
    this.publicKey = raw.toString('base64url');
    this.id = createHash('sha256').update(raw).digest('hex');
  }

  // Source of the signed text: protocol.md, section 2.
  sign({ version, spoilt }, params, nonce) {
    const { client, role = 'operator', scopes = [], auth = {} } = params;
    const signedAt = Date.now() - (spoilt === 'stale' ? STALE_MS : 0);
    const token = auth.token ?? auth.deviceToken ?? auth.bootstrapToken ?? '';
    const signedNonce = spoilt === 'wrong' ? 'not-the-nonce' : nonce;
    const fields = [`v${version}`, this.id, client.id, client.mode, role, scopes.join(','), signedAt, token, signedNonce];
    if (version === 3) {
      fields.push((client.platform ?? '').trim().toLowerCase(), (client.deviceFamily ?? '').trim().toLowerCase());
    }
    const signature = sign(null, Buffer.from(fields.join('|') + (spoilt === 'tampered' ? 'x' : '')), this.privateKey).toString('base64url');
    return {
      id: spoilt === 'id' ? '0'.repeat(64) : this.id,
      publicKey: this.publicKey,
      signature,
      signedAt,
      ...(spoilt !== 'missing' && { nonce: spoilt === 'empty' ? '' : signedNonce }),
    };
  }
}

// One connection and what it saw, in order.
class Line {
  log = [];
  #waiting = new Set();

  constructor(socket) {
    this.socket = socket;
    socket.onFrame((frame) => {
      if (frame.type === 'res') {
        this.note({ answer: frame });
      } else if (frame.type === 'event') {
        this.note({ event: frame.event, payload: frame.payload ?? {} });
      }
    });
  }

  note(entry) {
    this.log.push(entry);
    this.#waiting.forEach((check) => check());
  }

  // The first result of `look` that is not undefined; undefined when there is none in time.
  when(look, ms) {
    const there = look();
    if (there !== undefined) {
      return Promise.resolve(there);
    }
    return new Promise((resolve) => {
      const end = (value) => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(value);
      };
      const check = () => {
        const found = look();
        if (found !== undefined) {
          end(found);
        }
      };
      const timer = setTimeout(end, ms);
      this.#waiting.add(check);
    });
  }
}

export class Player {
  #lines = new Map();
  #devices = new Map();
  #deviceTokens = new Map();
  #sent = new Map();
  #cursors = new Map();
  #logCursor;

  // `helper`: a client with every scope that looks up what a request refers to.
  constructor(gateway, helper) {
    this.gateway = gateway;
    this.helper = helper;
  }

  // {answers: [{step, method, answer}], closes: [{step, closed}], stories: Map "conn request" -> tokens}
  async play({ steps, stories: recorded }, wanted) {
    const answers = [];
    const closes = [];
    for (const step of steps) {
      if (step.open !== undefined) {
        await this.#open(step);
      } else if (step.send !== undefined) {
        await (wanted(step.method) && this.#send(step));
      } else if (step.answer !== undefined) {
        const sent = this.#sent.get(step.answer);
        sent && answers.push({ step, method: sent.method, answer: await this.#answer(step) });
      } else if (step.until) {
        await this.#until(step);
      } else if (step.closed !== undefined) {
        closes.push({ step, closed: await this.#lines.get(step.closed).socket.closed() });
      } else if (step.close !== undefined) {
        // The recorded client had heard all of it before it left.
        await this.#stories(recorded.filter(({ conn }) => conn === step.close));
        this.#lines.get(step.close)?.socket.end();
      }
    }
    return { answers, closes, stories: await this.#stories(recorded) };
  }

  // The methods of all requests that were sent.
  get sent() {
    return [...this.#sent.values()].map(({ method }) => method);
  }

  stop() {
    this.#lines.forEach(({ socket }) => socket.end());
  }

  async #open({ open, origin }) {
    const headers = origin ? { origin: origin === 'own' ? this.gateway.httpUrl : 'https://elsewhere.example' } : {};
    const socket = await connectRaw(this.gateway.url, { headers });
    const challenge = await socket.challenge();
    this.#lines.set(open, Object.assign(new Line(socket), { nonce: challenge.payload.nonce }));
  }

  async #send(step) {
    const line = this.#lines.get(step.conn);
    const { method } = step;
    if (method === 'device.pair.list') {
      await this.#devicesAreNoted();
    }
    const params = step.params && (method === 'connect' ? this.#connect(step.params, line.nonce) : await this.#params(step));
    const send = { id: `r${step.send}`, method, ...(params && { params }) };
    this.#sent.set(step.send, { method, line, params, device: step.params?.device?.key });
    line.note({ send });
    line.socket.send({ type: 'req', ...send });
  }

  // When a device was seen is written down behind its back; clients of people come seconds later.
  async #devicesAreNoted() {
    const mine = new Set([...this.#devices.values()].map(({ id }) => id));
    const deadline = Date.now() + STORY_MS_MAX;
    const isMissing = ({ deviceId, lastSeenAtMs }) => mine.has(deviceId) && !lastSeenAtMs;
    while (Date.now() < deadline && (await this.helper.request('device.pair.list', {})).paired.some(isMissing)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #connect(recorded, nonce) {
    const params = structuredClone(recorded);
    const { device } = params;
    if (device && !this.#devices.has(device.key)) {
      this.#devices.set(device.key, new Device());
    }
    for (const [name, value] of Object.entries(params.auth ?? {})) {
      params.auth[name] = value === '<TOKEN>' ? TOKEN : value === '<DEVICE_TOKEN>' ? this.#deviceTokens.get(device.key) : value;
    }
    return device ? { ...params, device: this.#devices.get(device.key).sign(device, params, nonce) } : params;
  }

  async #params({ method, params: recorded }) {
    const params = structuredClone(recorded);
    const key = params.sessionKey ?? params.key;
    const put = async (name, placeholder, find) => {
      if (params[name] === placeholder) {
        params[name] = await find();
      }
    };
    await put('sessionId', '<SESSION>', async () => (await this.helper.request('sessions.describe', { key })).session?.sessionId);
    await put('expectedLeafEntryId', '<LEAF>', async () => (await this.helper.request('chat.history', { sessionKey: key })).messages.at(-1)?.__openclaw.id);
    await put('cursor', '<CURSOR>', () => (method === 'logs.tail' ? this.#logCursor : this.#cursors.get(key)));
    await put('baseHash', '<HASH>', async () => (await this.helper.request('config.get', {})).hash);
    await put('requestId', '<REQUEST>', async () => (await this.helper.request('device.pair.list', {})).pending[0]?.requestId);
    const device = /^<DEVICE (\d+)>$/.exec(params.deviceId ?? '');
    if (device) {
      params.deviceId = this.#devices.get(Number(device[1]))?.id;
    }
    const said = MESSAGES.find(([pattern]) => pattern.test(params.message ?? ''));
    if (said && ['agent', 'chat.send'].includes(method)) {
      params.message = said[1];
    }
    return params;
  }

  // The answer that is of the kind which was recorded here; `agent` has two.
  async #answer(step) {
    const sent = this.#sent.get(step.answer);
    const nth = (sent.answers = (sent.answers ?? 0) + 1);
    const id = `r${step.answer}`;
    const frame = await sent.line.when(() => sent.line.log.filter(({ answer }) => answer?.id === id)[nth - 1]?.answer, ANSWER_MS_MAX);
    this.#remember(sent, frame?.payload);
    return frame;
  }

  #remember({ method, params, device }, payload) {
    if (payload?.deltaCursor) {
      this.#cursors.set(params.sessionKey, payload.deltaCursor);
    }
    if (method === 'logs.tail' && payload) {
      this.#logCursor = payload.cursor;
    }
    if (payload?.auth?.deviceToken) {
      this.#deviceTokens.set(device, payload.auth.deviceToken);
    }
  }

  async #until({ until, conn, run }) {
    const line = this.#lines.get(conn);
    const asked = [...this.#sent.values()].some(({ params }) => params?.idempotencyKey === run);
    const ended = ['chat final', 'chat aborted', 'chat error'];
    if (asked) {
      await line.when(() => {
        const tokens = line.log.filter(({ event, payload }) => event && payload.runId === run).map(({ event, payload }) => tokenOf(event, payload));
        return tokens.find((token) => token === until || ended.includes(token));
      }, ANSWER_MS_MAX);
    }
  }

  // What our gateway told of recorded stories, once all that was recorded has come, or no longer.
  async #stories(recorded) {
    const deadline = Date.now() + STORY_MS_MAX;
    const told = new Map();
    for (const { conn, request, tokens } of recorded.filter((story) => this.#sent.has(story.request))) {
      const line = this.#lines.get(conn);
      const tell = () => stories(line.log).find(({ id }) => id === `r${request}`)?.tokens ?? [];
      const expected = tokens.filter((token) => this.advertised(token));
      await line.when(() => untold(expected, tell()).length === 0 || undefined, Math.max(0, deadline - Date.now()));
      told.set(`${conn} ${request}`, tell());
    }
    return told;
  }

  // Whether our gateway says that it sends such events at all.
  advertised(token) {
    return token.startsWith('answer ') || this.helper.hello.features.events.includes(token.split(' ')[0]);
  }
}
