// What gateways of this kind were attacked with, tried on the real process. Each test names the class.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { connectParams, connectRaw } from '../../support/node/clients.mjs';
import { TOKEN } from '../../support/node/gateway_process.mjs';
import { TurnRig, textOf } from '../../support/node/turn_rig.mjs';

const MEMORY_KIB_MAX = 256 * 1024;
const ANSWER_BYTES_MAX = 1 << 20;
const LOG_LINE_BYTES_MAX = 16 * 1024;
const PROVIDER_KEY = 'sk-canary-provider-0123456789';
const UNUSED_KEY = 'sk-canary-unused-9876543210';
const CANARIES = [TOKEN, PROVIDER_KEY, UNUSED_KEY];

const FORGED = '","level":"error","message":"forged"}\n{"time":"now","level":"error","area":"x","message":"forged"}';
const HOSTILE = [
  ['a line break', 'a\r\nb\nc'],
  ['terminal sequences', '\u001b[2J\u001b]0;owned\u0007\u009b31m'],
  ['marks of direction', '\u202eadmin\u2066\u2069\u200f'],
  ['separators', 'a\u2028b\u2029c\u0085d'],
  ['JSON', FORGED],
  ['fifteen kilobytes', 'A'.repeat(15_000)],
];

let rig;
const provider = (port) => ({ baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: PROVIDER_KEY, api: 'openai-completions' });
const memoryKib = (field) =>
  Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${rig.gateway.pid}/status`, 'utf8'))[1]);
const logFile = () => path.join(rig.gateway.stateDir, 'logs/troupe.log');

// An answer, or undefined when the gateway only closed.
function ask(method, target, headers = {}, body = undefined) {
  return new Promise((resolve, reject) => {
    const request = http.request({ port: rig.gateway.port, method, path: target, headers, agent: false }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(pieces).toString() }));
      response.on('error', reject);
    });
    request.on('error', (error) => (error.code === 'ECONNRESET' ? resolve(undefined) : reject(error)));
    request.end(body);
  });
}

async function honestTurn() {
  const { end } = await rig.turn('#echo still served');
  assert.equal(textOf(end.message), 'still served');
}

// A socket that says `head` and then waits.
async function openSocket(head) {
  const socket = net.connect(rig.gateway.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(head);
  return socket;
}

const upgrade =
  'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

function frameHead(bytes) {
  const head = Buffer.alloc(14);
  head[0] = 0x81;
  head[1] = 0xff;
  head.writeBigUInt64BE(BigInt(bytes), 2);
  return head;
}

describe('incidents', () => {
  before(async () => {
    rig = await TurnRig.start(provider, { logging: { level: 'debug', consoleLevel: 'debug' } }, { SPARE_KEY: UNUSED_KEY });
    await honestTurn();
  });
  after(() => rig?.dispose());

  describe('security row 12: nothing is set aside for what may never come', () => {
    test('a body of a gigabyte is refused by its head', async () => {
      const before = memoryKib('VmRSS');
      for (const target of ['/introspect/actors', '/nothing/here', '/healthz']) {
        const socket = await openSocket(`POST ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1073741824\r\n\r\n`);
        const said = await new Promise((resolve) => socket.once('data', resolve));
        assert.match(said.toString(), /^HTTP\/1\.1 (413|401|404|405) /, target);
        socket.destroy();
      }
      assert.ok(memoryKib('VmRSS') - before < 8 * 1024);
    });

    test('a frame of a gigabyte before connect is refused by its head', async () => {
      const socket = await openSocket(upgrade);
      await new Promise((resolve) => socket.once('data', resolve));
      socket.write(frameHead(1 << 30));
      await new Promise((resolve) => socket.once('close', resolve));
      await honestTurn();
    });

    test('five hundred strangers with nearly whole frames leave room for everybody', async () => {
      const sockets = await Promise.all(Array.from({ length: 500 }, () => openSocket(upgrade)));
      for (const socket of sockets) {
        socket.write(frameHead(65_536));
        socket.write(Buffer.alloc(60_000, 0x20));
      }
      await honestTurn();
      for (const socket of sockets) socket.destroy();
      assert.ok(memoryKib('VmHWM') < MEMORY_KIB_MAX, `${memoryKib('VmHWM')} KiB`);
    });

    test('a provider that never stops talking is stopped', async () => {
      const closed = async () => (await rig.provider.get('stats')).closed_by_client;
      const before = await closed();
      const { end } = await rig.turn('#long 20000000');
      assert.ok(textOf(end.message).length <= ANSWER_BYTES_MAX, `${textOf(end.message).length} bytes`);
      assert.ok((await closed()) > before, 'the provider was not hung up on');
      assert.ok(memoryKib('VmHWM') < MEMORY_KIB_MAX, `${memoryKib('VmHWM')} KiB`);
      await honestTurn();
    });
  });

  describe('security row 13: nobody writes lines of the log', () => {
    // Every line is one of ours, whatever came in: a forged one is cut off, has other members, or says so.
    function judgeLog() {
      // What stands behind the last line break is still being written.
      const lines = readFileSync(logFile(), 'utf8').split('\n').slice(0, -1);
      for (const line of lines) {
        assert.ok(line.length < LOG_LINE_BYTES_MAX, line.slice(0, 200));
        assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/);
        const entry = JSON.parse(line);
        assert.deepEqual(Object.keys(entry), ['time', 'level', 'area', 'message']);
        assert.notEqual(entry.message, 'forged');
      }
      const odd = rig.gateway.output.replaceAll(/\u001b\[[0-9;]*m/g, '').match(/[^\n\t\u0020-\u007e\u00a0-\uffff]/);
      assert.equal(odd, null);
    }

    for (const [what, text] of HOSTILE) {
      test(`${what} from strangers`, async () => {
        const raw = await connectRaw(rig.gateway.url);
        await raw.challenge();
        const client = { id: text.slice(0, 60), displayName: text, version: text, platform: text, mode: text, deviceFamily: text };
        raw.send({ type: 'req', id: text.slice(0, 100), method: 'connect', params: connectParams(text, { client, locale: text, userAgent: text }) });
        await raw.closed();
        const header = text.replaceAll(/[^\t\u0020-\u007e\u0080-\u00ff]/g, '?');
        for (const name of ['user-agent', 'x-forwarded-for', 'referer', 'authorization'])
          await ask('GET', '/introspect/actors', { [name]: header });
        await ask('GET', `/${encodeURIComponent(text).slice(0, 8_000)}`);
        judgeLog();
      });

      test(`${what} from clients`, async () => {
        const raw = await connectRaw(rig.gateway.url);
        await raw.challenge();
        raw.send({ type: 'req', id: 'c', method: 'connect', params: connectParams(TOKEN) });
        assert.equal((await raw.response('c')).ok, true);
        raw.send({ type: 'req', id: 'm', method: text.slice(0, 1_000), params: {} });
        assert.equal((await raw.response('m')).ok, false);
        raw.send({ type: 'req', id: 'k', method: 'chat.send', params: { sessionKey: text, message: text, idempotencyKey: text } });
        await raw.response('k');
        raw.send(`{"type":"req","id":${JSON.stringify(text)}`);
        raw.end();
        judgeLog();
      });

      test(`${what} from a provider`, async () => {
        const { end } = await rig.turn(`#error 400 9 ${randomUUID()} #because ${text}`);
        assert.equal(end.state, 'error');
        judgeLog();
      });
    }
  });

  describe('security row 16: no output shows a secret', () => {
    const judge = (where, bytes) => {
      for (const canary of CANARIES)
        assert.ok(!bytes.includes(canary), `${where} shows ${canary.slice(0, 12)}…`);
    };
    const filesBelow = (directory) =>
      readdirSync(directory, { recursive: true })
        .map((name) => path.join(directory, name))
        .filter((file) => statSync(file).isFile());

    test('no method that only reads', async () => {
      const reading = [
        'health', 'status', 'config.get', 'config.schema', 'models.list', 'agents.list', 'sessions.list', 'commands.list',
        'logs.tail', 'system-presence', 'chat.metadata', 'device.pair.list', 'cron.list', 'cron.status', 'last-heartbeat',
      ];
      const offered = reading.filter((method) => rig.client.hello.features.methods.includes(method));
      assert.ok(offered.length >= 12, offered.join(' '));
      for (const method of offered)
        judge(method, JSON.stringify(await rig.client.request(method, {}).catch((error) => String(error))));
      judge('hello-ok', JSON.stringify({ ...rig.client.hello, auth: undefined }));
    });

    test('no address that answers over HTTP', async () => {
      for (const target of ['/healthz', '/readyz', '/startupz', '/introspect/actors', '/', '/metrics', '/nothing']) {
        judge(target, JSON.stringify(await ask('GET', target)));
        judge(target, JSON.stringify(await ask('GET', target, { authorization: `Bearer ${TOKEN}` })));
      }
    });

    test('no error', async () => {
      for (const params of [{ auth: { token: `${TOKEN}x` } }, { auth: { password: TOKEN } }, { scopes: [TOKEN] }]) {
        const raw = await connectRaw(rig.gateway.url);
        await raw.challenge();
        raw.send({ type: 'req', id: 'c', method: 'connect', params: connectParams(TOKEN, params) });
        const answer = await raw.response('c');
        raw.end();
        if (!answer.ok) judge('a refused connect', JSON.stringify(answer));
      }
      const { end } = await rig.turn(`#error 401 9 ${randomUUID()}`);
      judge('a refused call of a model', JSON.stringify(end));
    });

    test('neither the log nor the console nor the command line nor any file', async () => {
      await rig.client.stop();
      await rig.gateway.stop();
      judge('the console', rig.gateway.output);
      const files = filesBelow(rig.gateway.stateDir);
      assert.ok(files.some((file) => file.endsWith('.mdb')) && files.includes(logFile()), files.join('\n'));
      for (const file of files) judge(path.basename(file), readFileSync(file));
      await rig.gateway.start();
      await rig.connect();
      judge('the command line', readFileSync(`/proc/${rig.gateway.pid}/cmdline`));
    });
  });

  describe('security row 17: what is sent as a credential is only compared', () => {
    const guesses = [
      "' OR '1'='1", '"; DROP TABLE tokens; --', '$(id)', '`id`', '../../../etc/passwd', '%00', '{"$ne":null}', '*', '%s%s%s%n',
      `${TOKEN}\u0000`, ` ${TOKEN}`, TOKEN.toUpperCase(), TOKEN.slice(0, -1), `${TOKEN}${TOKEN}`, 'null', 'undefined', '[object Object]',
    ];

    // All at once: who guesses is slowed down.
    const refused = (what, answer) => assert.ok([401, 429].includes(answer?.status), `${what}: ${answer?.status}`);

    test('in a header', async () => {
      const headers = guesses
        .map((guess) => guess.replaceAll('\u0000', '%00'))
        .flatMap((guess) => ['Bearer', 'Basic', 'bearer ', ''].map((scheme) => `${scheme} ${guess}`))
        .filter((header) => header !== `Bearer  ${TOKEN}`);
      await Promise.all(
        headers.map(async (authorization) => refused(authorization, await ask('GET', '/introspect/actors', { authorization }))),
      );
    });

    test('in the query', async () => {
      const queries = [...guesses, TOKEN].flatMap((guess) =>
        ['token', 'access_token', 'key', 'auth'].map((name) => `${name}=${encodeURIComponent(guess)}`),
      );
      await Promise.all(queries.map(async (query) => refused(query, await ask('GET', `/introspect/actors?${query}`))));
    });

    test('in connect, as anything that JSON can hold', async () => {
      const all = [...guesses, null, true, 0, [], {}, [TOKEN], { token: TOKEN }, { $ne: null }];
      await Promise.all(
        all.map(async (token) => {
          const raw = await connectRaw(rig.gateway.url);
          await raw.challenge();
          raw.send({ type: 'req', id: 'c', method: 'connect', params: connectParams(TOKEN, { auth: { token } }) });
          const answer = await raw.response('c');
          raw.end();
          assert.equal(answer.ok, false, JSON.stringify(token));
        }),
      );
    });

    test('and the right one still opens', async () => {
      await rig.client.stop();
      await rig.gateway.restart('SIGTERM');
      await rig.connect();
      assert.equal((await ask('GET', '/introspect/actors', { authorization: `Bearer ${TOKEN}` })).status, 200);
      await honestTurn();
    });
  });
});
