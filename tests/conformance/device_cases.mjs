// Devices: OpenClaw's client with an identity of its own, signed by Node's crypto; pairing in silence
// and by an operator; tokens that outlive the gateway, are rotated and revoked.
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { World, refusal } from './world.mjs';

const rawPublicKey = (pem) =>
  createPublicKey(pem).export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64url');

// A device with its keys and the tokens that it was given.
class Device {
  tokens = new Map();

  constructor() {
    const keys = generateKeyPairSync('ed25519', {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const raw = Buffer.from(rawPublicKey(keys.publicKey), 'base64url');
    this.identity = {
      deviceId: createHash('sha256').update(raw).digest('hex'),
      privateKeyPem: keys.privateKey,
      publicKeyPem: keys.publicKey,
    };
  }

  get id() {
    return this.identity.deviceId;
  }

  // The options that make OpenClaw's client this device.
  client(options = {}) {
    return {
      clientName: 'openclaw-tui',
      mode: 'ui',
      scopes: ['operator.read', 'operator.write'],
      deviceIdentity: this.identity,
      hostDeps: {
        signDevicePayload: (pem, payload) =>
          sign(null, Buffer.from(payload, 'utf8'), createPrivateKey(pem)).toString('base64url'),
        publicKeyRawBase64UrlFromPem: rawPublicKey,
        loadDeviceAuthToken: ({ role }) => this.tokens.get(role) ?? null,
        storeDeviceAuthToken: ({ role, token, scopes }) => this.tokens.set(role, { token, scopes }),
        clearDeviceAuthToken: ({ role }) => this.tokens.delete(role),
      },
      ...options,
    };
  }
}

const operator = (world) => world.connect({ scopes: ['operator.admin'] });

export const deviceCases = (world) => {
  describe('devices', () => {
    it('a device of this machine is paired in silence, and its token lets it in again', async () => {
      const device = new Device();
      const first = await world.connect(device.client());
      assert.equal(first.hello.auth.method, 'token');
      assert.match(first.hello.auth.deviceToken, /^[\w-]{43}$/);
      assert.deepEqual(first.hello.auth.scopes, ['operator.read', 'operator.write']);
      await first.request('chat.history', { sessionKey: world.newKey() });

      const again = await world.connect(device.client({ token: undefined }));
      assert.equal(again.hello.auth.method, 'device-token');
      assert.equal(again.hello.auth.deviceToken, first.hello.auth.deviceToken);
    });

    it('a revoked token closes its connections and opens nothing', async () => {
      const device = new Device();
      const admin = await operator(world);
      const client = await world.connect(device.client());
      const { deviceToken } = client.hello.auth;

      const answer = await admin.request('device.token.revoke', { deviceId: device.id, role: 'operator' });
      assert.equal(answer.deviceId, device.id);
      assert.equal((await client.closed).code, 1008);
      const error = await refusal(world.connect(device.client({ token: undefined, deviceToken })));
      assert.equal(error.details.code, 'AUTH_DEVICE_TOKEN_MISMATCH');
    });

    it('a rotated token replaces the old one', async () => {
      const device = new Device();
      const admin = await operator(world);
      const client = await world.connect(device.client());
      const { deviceToken } = client.hello.auth;

      const answer = await admin.request('device.token.rotate', { deviceId: device.id, role: 'operator' });
      assert.equal(answer.tokenDelivery, 'withheld-cross-device');
      await client.closed;
      const error = await refusal(world.connect(device.client({ token: undefined, deviceToken })));
      assert.equal(error.details.code, 'AUTH_DEVICE_TOKEN_MISMATCH');
      const next = await world.connect(device.client());
      assert.notEqual(next.hello.auth.deviceToken, deviceToken);
    });

    it('a removed device is forgotten', async () => {
      const device = new Device();
      const admin = await operator(world);
      const client = await world.connect(device.client());

      assert.deepEqual(await admin.request('device.pair.remove', { deviceId: device.id }), { deviceId: device.id });
      assert.equal((await client.closed).code, 4001);
      const { paired } = await admin.request('device.pair.list', {});
      assert.ok(!paired.some(({ deviceId }) => deviceId === device.id));
    });

    it('a token asks for no more than it is worth', async () => {
      const device = new Device();
      const { hello } = await world.connect(device.client());

      const error = await refusal(
        world.connect(
          device.client({ token: undefined, deviceToken: hello.auth.deviceToken, scopes: ['operator.admin'] }),
        ),
      );
      assert.equal(error.details.code, 'AUTH_SCOPE_MISMATCH');
    });

    it('a tampered signature is refused', async () => {
      const device = new Device();
      const options = device.client();
      options.hostDeps.signDevicePayload = (pem, payload) =>
        sign(null, Buffer.from(`${payload}x`), createPrivateKey(pem)).toString('base64url');

      const error = await refusal(world.connect(options));
      assert.equal(error.details.code, 'DEVICE_AUTH_SIGNATURE_INVALID');
      assert.equal(error.details.reason, 'device-signature');
    });
  });
};

// On a gateway of its own, which is killed.
export const restartCases = (main) => {
  describe('devices, over a restart', { concurrency: false }, () => {
    const world = new World();
    before(() => world.start({ judge: main.judge }));
    after(() => world.stop());

    it('a token that was told in silence opens the door after kill -9; one that was revoked does not', async () => {
      const [kept, revoked] = [new Device(), new Device()];
      const admin = await operator(world);
      const { hello } = await world.connect(kept.client());
      const lost = await world.connect(revoked.client());
      const { deviceToken } = lost.hello.auth;
      await admin.request('device.token.revoke', { deviceId: revoked.id, role: 'operator' });
      assert.equal((await lost.closed).code, 1008);

      await world.crash();
      const again = await world.connect(kept.client({ token: undefined }));
      assert.equal(again.hello.auth.method, 'device-token');
      assert.equal(again.hello.auth.deviceToken, hello.auth.deviceToken);
      const error = await refusal(world.connect(revoked.client({ token: undefined, deviceToken })));
      assert.equal(error.details.code, 'AUTH_DEVICE_TOKEN_MISMATCH');
      await world.endCase();
    });
  });
};

// On a gateway of its own, whose operator wants to be asked.
export const approvalCases = (main) => {
  describe('devices, approved by an operator', { concurrency: false }, () => {
    const world = new World();
    before(() =>
      world.start({
        judge: main.judge,
        prepare: ({ stateDir }) =>
          writeFileSync(
            path.join(stateDir, 'troupe.json'),
            JSON.stringify({ gateway: { nodes: { pairing: { autoApproveLocal: false } } } }),
          ),
      }),
    );
    after(() => world.stop());

    it('waits, is shown to operators, is approved and comes in; also after a crash', async () => {
      const device = new Device();
      const admin = await operator(world);
      const error = await refusal(world.connect(device.client()));
      assert.equal(error.gatewayCode, 'NOT_PAIRED');
      assert.equal(error.details.code, 'PAIRING_REQUIRED');
      assert.equal(error.details.reason, 'not-paired');
      assert.equal(error.details.deviceId, device.id);
      const requested = await admin.event(({ event }) => event === 'device.pair.requested', 'device.pair.requested');
      assert.equal(requested.payload.requestId, error.details.requestId);

      await world.crash();
      const later = await operator(world);
      const { pending } = await later.request('device.pair.list', {});
      assert.deepEqual(
        pending.map(({ requestId }) => requestId),
        [error.details.requestId],
      );
      const approved = await later.request('device.pair.approve', { requestId: error.details.requestId });
      assert.equal(approved.device.deviceId, device.id);
      await later.event(({ event }) => event === 'device.pair.resolved', 'device.pair.resolved');
      const client = await world.connect(device.client());
      const { deviceToken } = client.hello.auth;
      assert.ok(deviceToken);

      await world.crash();
      const again = await world.connect(device.client({ token: undefined }));
      assert.equal(again.hello.auth.deviceToken, deviceToken);
      await world.endCase();
    });

    it('is refused more scopes than were approved, and keeps those that were', async () => {
      const device = new Device();
      const admin = await operator(world);
      const first = await refusal(world.connect(device.client()));
      await admin.request('device.pair.approve', { requestId: first.details.requestId });
      const client = await world.connect(device.client());
      const before = client.hello.auth.deviceToken;

      const more = { scopes: ['operator.read', 'operator.write', 'operator.admin'] };
      const upgrade = await refusal(world.connect(device.client(more)));
      assert.equal(upgrade.details.code, 'PAIRING_REQUIRED');
      assert.equal(upgrade.details.reason, 'scope-upgrade');
      assert.deepEqual(upgrade.details.approvedScopes, ['operator.read', 'operator.write']);
      const own = await refusal(client.request('device.pair.approve', { requestId: upgrade.details.requestId }));
      assert.equal(own.gatewayCode, 'FORBIDDEN');
      await client.request('chat.history', { sessionKey: world.newKey() });
      const again = await world.connect(device.client({ token: undefined }));
      assert.equal(again.hello.auth.deviceToken, before);
      assert.deepEqual(again.hello.auth.scopes, ['operator.read', 'operator.write']);

      await admin.request('device.pair.approve', { requestId: upgrade.details.requestId });
      const wider = await world.connect(device.client(more));
      assert.ok(wider.hello.auth.scopes.includes('operator.admin'));
      await world.endCase();
    });

    it('is turned away, and a larger wish does not hide behind a smaller one', async () => {
      const device = new Device();
      const admin = await operator(world);
      const small = await refusal(world.connect(device.client()));
      const large = await refusal(world.connect(device.client({ scopes: ['operator.admin'] })));
      assert.notEqual(large.details.requestId, small.details.requestId);
      const stale = await refusal(admin.request('device.pair.approve', { requestId: small.details.requestId }));
      assert.equal(stale.message, 'unknown requestId');
      const answer = await admin.request('device.pair.reject', { requestId: large.details.requestId });
      assert.equal(answer.deviceId, device.id);
      const { pending } = await admin.request('device.pair.list', {});
      assert.deepEqual(pending, []);
      await world.endCase();
    });
  });
};
