// Who gets in, who does not and how they are told; junk; scopes; the end.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { connectParams } from '../support/node/clients.mjs';
import { TOKEN } from '../support/node/gateway_process.mjs';
import { refusal } from './world.mjs';

const PREAUTH_BYTES_MAX = 65_536;

export const handshakeCases = (world) => {
  // Sends one `connect`; returns {error, code, reason} of the refusal.
  const refused = async (params, options) => {
    const socket = await world.raw(options);
    await socket.challenge();
    socket.send({ type: 'req', id: 'c', method: 'connect', params });
    const { error, ok } = await socket.response('c');
    assert.equal(ok, false);
    return { error, ...(await socket.closed()) };
  };

  const admitted = async (changes) => {
    const socket = await world.raw();
    await socket.challenge();
    socket.send({ type: 'req', id: 'c', method: 'connect', params: connectParams(TOKEN, changes) });
    const { ok, payload, error } = await socket.response('c');
    assert.ok(ok, JSON.stringify(error));
    return { socket, hello: payload };
  };

  describe('handshake', () => {
    it('connect: the published client gets hello-ok and the scopes it asked for', async () => {
      const client = await world.connect();

      assert.equal(client.hello.protocol, 4);
      assert.equal(client.hello.auth.role, 'operator');
      assert.deepEqual(client.hello.auth.scopes.toSorted(), ['operator.admin', 'operator.read', 'operator.write']);
    });

    it('connect: the cli on loopback needs no device, and the token may come as password', async () => {
      const { hello } = await admitted({
        client: { id: 'cli', version: '1.0.0', platform: 'linux', mode: 'cli' },
        auth: { password: TOKEN },
        minProtocol: 3,
        maxProtocol: 9,
      });

      assert.equal(hello.protocol, 4);
      assert.ok(hello.auth.scopes.includes('operator.write'));
    });

    it('connect: a probe without device is let in with no scopes, and may ask for health alone', async () => {
      const { hello, socket } = await admitted({
        client: { id: 'cli', version: '1.0.0', platform: 'linux', mode: 'probe' },
        minProtocol: 3,
      });
      socket.send({ type: 'req', id: 'h', method: 'health' });
      socket.send({ type: 'req', id: 's', method: 'status' });

      assert.deepEqual(hello.auth.scopes, []);
      assert.equal((await socket.response('h')).ok, true);
      assert.equal((await socket.response('s')).error.code, 'FORBIDDEN');
    });

    it('connect: a wrong token is refused with what to do, and the client is told', async () => {
      const error = await refusal(world.connect({ token: 'wrong' }));
      const bare = await refused(connectParams('wrong'));

      assert.equal(error.details.code, 'AUTH_TOKEN_MISMATCH');
      assert.equal(error.details.recommendedNextStep, 'update_auth_credentials');
      assert.match(bare.error.message, /^unauthorized: gateway token mismatch \(/);
      assert.equal(bare.error.details.canRetryWithDeviceToken, false);
      assert.equal(bare.error.details.authReason, 'token_mismatch');
      assert.equal(bare.code, 1008);
      assert.equal(bare.reason, bare.error.message.slice(0, 123));
    });

    it('connect: nobody gets in without a credential', async () => {
      const { error, code } = await refused(connectParams(TOKEN, { auth: undefined }));

      assert.ok(['INVALID_REQUEST', 'NOT_PAIRED'].includes(error.code), error.code);
      assert.ok(['AUTH_TOKEN_MISSING', 'DEVICE_IDENTITY_REQUIRED'].includes(error.details.code), error.details.code);
      assert.equal(code, 1008);
    });

    it('connect: an older protocol is refused with the one expected', async () => {
      const { error, code, reason } = await refused(connectParams(TOKEN, { minProtocol: 1, maxProtocol: 3 }));

      assert.equal(error.details.code, 'PROTOCOL_MISMATCH');
      assert.equal(error.details.clientMaxProtocol, 3);
      assert.equal(code, 1002);
      assert.equal(reason, 'protocol mismatch');
    });

    it('connect: unknown properties, clients and modes are refused by their path', async () => {
      const client = { id: 'gateway-client', version: '1', platform: 'linux', mode: 'backend' };
      const extra = await refused(connectParams(TOKEN, { zzz: 1 }));
      const id = await refused(connectParams(TOKEN, { client: { ...client, id: 'my-app' } }));
      const mode = await refused(connectParams(TOKEN, { client: { ...client, mode: 'operator' } }));

      assert.match(extra.error.message, /invalid connect params: at root: unexpected property 'zzz'/);
      assert.match(id.error.message, /at \/client\/id: must be equal to one of the allowed values/);
      assert.match(mode.error.message, /at \/client\/mode: must be equal to one of the allowed values/);
      assert.equal(extra.code, 1008);
    });

    it('connect: a page of another origin is refused even with the token', async () => {
      const { error, code } = await refused(connectParams(TOKEN), { origin: 'https://attacker.example' });

      assert.equal(error.details.code, 'CONTROL_UI_ORIGIN_NOT_ALLOWED');
      assert.equal(code, 1008);
    });

    it('before connect: other requests, other frames and large frames close the socket', async () => {
      const request = await world.raw();
      request.send({ type: 'req', id: 'x', method: 'health' });
      const { error } = await request.response('x');
      assert.equal(error.code, 'INVALID_REQUEST');
      assert.match(error.message, /first request must be connect/);
      assert.equal((await request.closed()).code, 1008);

      const event = await world.raw();
      event.send({ type: 'event', event: 'x' });
      assert.equal((await event.closed()).code, 1008);

      const large = await world.raw();
      await large.challenge();
      large.send(JSON.stringify({ type: 'req', id: 'x', method: 'connect', params: { pad: 'x'.repeat(PREAUTH_BYTES_MAX) } }));
      assert.equal((await large.closed()).code, 1009);
    });

    it('after connect: junk is answered or ignored, and the socket stays', async () => {
      const { socket } = await admitted();

      socket.send('not json');
      socket.send({ type: 'req', id: 'b' });
      socket.send({ type: 'event', event: 'x' });
      socket.send({ type: 'req', id: 'again', method: 'connect', params: connectParams(TOKEN) });
      socket.send({ type: 'req', id: 'h', method: 'health' });

      assert.match((await socket.response('b')).error.message, /^invalid request frame: .*'method'/);
      assert.match((await socket.response('invalid')).error.message, /^invalid request frame: /);
      assert.equal((await socket.response('again')).error.code, 'INVALID_REQUEST');
      assert.equal((await socket.response('h')).ok, true);
    });

    it('an unknown method is refused by name', async () => {
      const client = await world.connect();

      const error = await refusal(client.request('no.such.method', {}));

      assert.equal(error.gatewayCode, 'INVALID_REQUEST');
      assert.equal(error.message, 'unknown method: no.such.method');
    });

    it('scopes: a reader may not write, nor a writer administrate, and a probe sees no chat', async () => {
      const reader = await world.connect({ scopes: ['operator.read'] });
      const writer = await world.connect({ scopes: ['operator.write'] });
      const key = world.newKey();

      const sent = await refusal(reader.request('chat.send', { sessionKey: key, message: 'x', idempotencyKey: 'x' }));
      const reset = await refusal(writer.request('sessions.reset', { key }));
      await writer.request('chat.history', { sessionKey: key });

      assert.equal(sent.gatewayCode, 'FORBIDDEN');
      assert.equal(sent.message, 'missing scope: operator.write');
      assert.deepEqual(sent.details.requiredScopes, ['operator.write']);
      assert.equal(reset.details.missingScope, 'operator.admin');
    });

    it('probes: liveness, readiness and startup answer without a credential', async () => {
      const get = async (path, init) => {
        const response = await fetch(world.gateway.httpUrl + path, init);
        return { status: response.status, headers: response.headers, text: await response.text() };
      };

      const health = await get('/healthz');
      const ready = await get('/readyz');
      const startup = await get('/startupz');
      const missing = await get('/no-such-page');
      const post = await get('/healthz', { method: 'POST' });

      assert.deepEqual([health.status, JSON.parse(health.text)], [200, { ok: true, status: 'live' }]);
      assert.equal(health.headers.get('cache-control'), 'no-store');
      assert.equal(health.headers.get('x-content-type-options'), 'nosniff');
      assert.equal(ready.status, 200);
      assert.equal(JSON.parse(ready.text).ready, true);
      assert.equal(startup.status, 200);
      assert.equal(JSON.parse(startup.text).status, 'started');
      assert.deepEqual([missing.status, missing.text], [404, 'Not Found']);
      assert.deepEqual([post.status, post.text], [405, 'Method Not Allowed']);
      assert.ok(post.headers.get('allow').includes('GET'));
    });
  });
};
