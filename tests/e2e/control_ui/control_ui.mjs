// The web page over HTTP as a browser asks for it, against the real binary: the page that is built
// in, and a small bundle in the form of OpenClaw's. Facts: protocol.md section 14, "Control UI".
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { brotliCompressSync, brotliDecompressSync, gzipSync } from 'node:zlib';

import { connectRaw } from '../../support/node/clients.mjs';
import { Gateway, TOKEN } from '../../support/node/gateway_process.mjs';
import { until } from '../../support/node/turn_rig.mjs';

const HTML = 'text/html,application/xhtml+xml,*/*;q=0.8';
const INLINE = "document.documentElement.dataset.inline = '1';";
const SCRIPT = 'assets/index-DsEuFQRE.js';
const SOURCE = `console.log('${'bundle '.repeat(200)}');\n`;
const INDEX = `<!doctype html>
<html data-openclaw-control-ui-build-id="1" lang="en">
<head><link rel="icon" href="./favicon.svg"><script>${INLINE}</script>
<script type="module" crossorigin src="./${SCRIPT}"></script></head><body></body></html>
`;

let gateway;
let directory;

const configFile = () => path.join(directory, 'troupe.json');
const configure = (controlUi) => writeFileSync(configFile(), JSON.stringify({ gateway: { controlUi } }));

// `target` goes out as it is: nothing is normalised on the way.
function ask(target, { method = 'GET', headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: gateway.port, path: target, method, headers }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, bytes: Buffer.concat(pieces), text: Buffer.concat(pieces).toString() }));
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end();
  });
}
const browse = (target, headers = {}) => ask(target, { headers: { accept: HTML, ...headers } });

function makeBundle() {
  const root = path.join(directory, 'bundle');
  for (const folder of ['assets', 'themes']) mkdirSync(path.join(root, folder), { recursive: true });
  const write = (name, content) => writeFileSync(path.join(root, name), content);
  write('index.html', INDEX);
  write(SCRIPT, SOURCE);
  write(`${SCRIPT}.br`, brotliCompressSync(SOURCE));
  write(`${SCRIPT}.gz`, gzipSync(SOURCE));
  write('favicon.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
  write('themes/dash.css', 'html{}');
  write('sw.js', 'self;');
  writeFileSync(path.join(directory, 'secret.txt'), 'not yours');
  symlinkSync('../secret.txt', path.join(root, 'link.txt'));
  return root;
}

// Waits until an edit of the config is in force.
async function reconfigure(controlUi, isInForce) {
  configure(controlUi);
  await until('the edited config is in force', isInForce);
}

describe('control ui', () => {
  before(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'troupe-ui-'));
    makeBundle();
    configure({});
    gateway = await new Gateway({ options: ['--config', configFile()] }).start();
  });
  after(async () => {
    await gateway?.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  describe('without a root: the page that is built in', () => {
    test('its files come with a strict policy, to be asked for again', async () => {
      const index = await browse('/');
      assert.equal(index.status, 200);
      assert.equal(index.headers['content-type'], 'text/html; charset=utf-8');
      assert.match(index.text, /<title>Troupe<\/title>/);
      assert.match(index.headers['content-security-policy'], /^default-src 'none'; script-src 'self'; style-src 'self'/);
      assert.doesNotMatch(index.headers['content-security-policy'], /unsafe|\*|https?:/);
      assert.equal(index.headers['x-frame-options'], 'DENY');
      assert.equal(index.headers['x-content-type-options'], 'nosniff');
      assert.equal(index.headers['cache-control'], 'no-cache');
      for (const [, name] of index.text.matchAll(/(?:src|href)="([^#"]+)"/g)) {
        const file = await ask(`/${name}`);
        assert.equal(file.status, 200, name);
        const again = await ask(`/${name}`, { headers: { 'if-none-match': file.headers.etag } });
        assert.equal(again.status, 304, name);
        assert.equal(again.bytes.length, 0);
      }
    });

    test('HEAD tells the length and sends nothing', async () => {
      const whole = await ask('/page.js');
      const head = await ask('/page.js', { method: 'HEAD' });
      assert.equal(head.status, 200);
      assert.equal(head.headers['content-length'], String(whole.bytes.length));
      assert.equal(head.bytes.length, 0);
    });

    test('it has no other places, and takes nothing', async () => {
      for (const target of ['/chat', '/assets/x.js', '/favicon.ico', '/index.htm']) assert.equal((await browse(target)).status, 404, target);
      const posted = await ask('/', { method: 'POST' });
      assert.equal(posted.status, 404);
      assert.equal(posted.text, 'Not Found');
    });
  });

  describe('with a root: the bundle as it is', () => {
    before(() => reconfigure({ root: path.join(directory, 'bundle'), environment: { label: 'e2e', color: 'teal' } }, async () => (await browse('/')).text.includes('openclaw')));

    test('the page is prepared, at its root and at every place within it', async () => {
      for (const target of ['/', '/index.html', '/chat', '/settings/agents', '/settings/agents/', '/?session=x']) {
        const page = await browse(target);
        assert.equal(page.status, 200, target);
        assert.equal(page.headers['cache-control'], 'no-cache');
        assert.match(page.text, /^<!doctype html>\n<html data-openclaw-control-ui-base-path="" data-openclaw-terminal-enabled="false" data-openclaw-environment="{&quot;label&quot;:&quot;e2e&quot;,&quot;color&quot;:&quot;teal&quot;}" data-openclaw-control-ui-build-id="1" lang="en">/);
        assert.ok(page.text.includes(`src="/${SCRIPT}"`) && page.text.includes('href="/favicon.svg"'));
      }
    });

    test('its policy names the inline script by its hash', async () => {
      const { headers, text } = await browse('/');
      const hash = createHash('sha256').update(INLINE).digest('base64');
      assert.ok(text.includes(INLINE));
      assert.ok(headers['content-security-policy'].includes(`script-src 'self' 'sha256-${hash}';`), headers['content-security-policy']);
      assert.match(headers['content-security-policy'], /frame-ancestors 'none'/);
      assert.doesNotMatch(headers['content-security-policy'], /unsafe-eval|script-src[^;]*unsafe-inline/);
      assert.equal(headers['x-frame-options'], 'DENY');
    });

    test('the page is sent again only when it, or the config, has changed', async () => {
      const { headers } = await browse('/');
      assert.equal((await browse('/', { 'if-none-match': headers.etag })).status, 304);
      assert.equal((await browse('/', { 'if-none-match': '"old"' })).status, 200);
    });

    test('files whose name has a hash are kept for ever, compressed as the browser likes', async () => {
      const plain = await ask(`/${SCRIPT}`);
      assert.equal(plain.text, SOURCE);
      assert.equal(plain.headers['content-type'], 'application/javascript; charset=utf-8');
      assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable');
      assert.equal(plain.headers.vary, 'Accept-Encoding');
      assert.ok(plain.headers['last-modified']);
      const short = await ask(`/${SCRIPT}`, { headers: { 'accept-encoding': 'gzip, deflate, br' } });
      assert.equal(short.headers['content-encoding'], 'br');
      assert.equal(brotliDecompressSync(short.bytes).toString(), SOURCE);
      assert.equal((await ask(`/${SCRIPT}`, { headers: { 'accept-encoding': 'gzip' } })).headers['content-encoding'], 'gzip');
      assert.equal((await ask(`/${SCRIPT}`, { headers: { 'accept-encoding': 'br;q=0' } })).headers['content-encoding'], undefined);
      const head = await ask(`/${SCRIPT}`, { method: 'HEAD' });
      assert.equal(head.headers['content-length'], String(SOURCE.length));
    });

    test('all other files are asked for again, and known by their tag', async () => {
      for (const name of ['sw.js', 'favicon.svg', 'themes/dash.css?v=1']) {
        const file = await ask(`/${name}`);
        assert.equal(file.status, 200, name);
        assert.equal(file.headers['cache-control'], 'no-cache');
        assert.equal((await ask(`/${name}`, { headers: { 'if-none-match': file.headers.etag } })).status, 304);
        assert.equal((await ask(`/${name}`, { headers: { 'if-modified-since': file.headers['last-modified'] } })).status, 304);
      }
    });

    test('what is missing is a text, never a page in its place', async () => {
      for (const target of ['/assets/nope.js', '/assets/gone-12345678.css', '/themes/none.css', `/${SCRIPT}.br`, '/assets']) {
        const missing = await ask(target, { headers: { accept: target === '/assets' ? '*/*' : HTML } });
        assert.equal(missing.status, 404, target);
        assert.equal(missing.headers['content-type'], 'text/plain; charset=utf-8');
        assert.equal(missing.text, 'Not Found');
      }
      assert.equal((await ask('/chat')).status, 404);
    });

    test('nothing outside of the root is reached, however it is written', async () => {
      const ways = ['/../secret.txt', '/assets/../../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/assets/..%5c..%5csecret.txt', '/%2e%2e%2f%2e%2e%2fetc/passwd', '//etc/passwd', '/%2fetc/passwd', '/link.txt', '/.%00/secret.txt', '/assets/%2e%2e/%2e%2e/secret.txt', '/....//secret.txt'];
      for (const target of ways) {
        const answer = await browse(target);
        assert.equal(answer.status, 404, target);
        assert.ok(!answer.text.includes('not yours'));
      }
    });

    test('programs keep their addresses: probes, APIs and errors answer as without a page', async () => {
      assert.equal((await browse('/healthz')).text, '{"ok":true,"status":"live"}');
      for (const target of ['/v1/models', '/v1', '/api/users/x/avatar', '/introspect', '/ui']) {
        const answer = await browse(target);
        assert.equal(answer.status, 404, target);
        assert.equal(answer.text, 'Not Found');
      }
      assert.equal((await browse('/tools/invoke')).status, 405);
      assert.equal((await browse('/introspect/actors')).status, 401);
      assert.equal((await ask('/chat', { method: 'POST', headers: { accept: HTML } })).status, 404);
    });

    test('what the page reads about the gateway is for those who know the secret', async () => {
      const target = '/control-ui-config.json';
      const stranger = await ask(target);
      assert.equal(stranger.status, 401);
      assert.deepEqual(JSON.parse(stranger.text), { error: { message: 'Unauthorized', type: 'unauthorized' } });
      assert.equal(stranger.headers['x-frame-options'], 'DENY');
      assert.equal((await ask(target, { headers: { authorization: 'Bearer wrong' } })).status, 401);
      const known = await ask(target, { headers: { authorization: `Bearer ${TOKEN}` } });
      assert.equal(known.status, 200);
      assert.equal(known.headers['cache-control'], 'no-cache');
      const { serverVersion, ...rest } = JSON.parse(known.text);
      assert.match(serverVersion, /^\d+\.\d+\.\d+/);
      assert.deepEqual(rest, {
        basePath: '',
        assistantName: 'Assistant',
        assistantAvatar: 'A',
        assistantAvatarSource: null,
        assistantAvatarStatus: null,
        assistantAvatarReason: null,
        assistantAgentId: 'main',
        embedSandbox: 'scripts',
        allowExternalEmbedUrls: false,
        automaticallyFetchFavicons: true,
        environment: { label: 'e2e', color: 'teal' },
        communityInvite: true,
        terminalEnabled: false,
        cliAgentsEnabled: false,
        pluginAssetsRequireAuth: true,
        pluginFrameGrants: [],
      });
      const posted = await ask(target, { method: 'POST', headers: { authorization: `Bearer ${TOKEN}` } });
      assert.equal(posted.status, 404);
    });

    test('clients that do not read hold no more memory than there is room for', async () => {
      const large = path.join(directory, 'bundle', 'large.txt');
      writeFileSync(large, Buffer.alloc(12 << 20, 'x'));
      const idle = [];
      // Each asks and reads nothing: what the kernel's buffers do not take waits in the gateway.
      for (let i = 0; i < 8; ++i) {
        const socket = connect({ port: gateway.port, host: '127.0.0.1', onread: { buffer: Buffer.alloc(512), callback: () => false } });
        socket.on('error', () => {});
        socket.write('GET /large.txt HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
        idle.push(socket);
      }
      await until('each of them is answered', () => idle.every((socket) => socket.bytesRead > 0));
      assert.equal((await ask('/large.txt')).status, 503);
      assert.equal((await ask('/sw.js')).status, 200);
      idle.forEach((socket) => socket.destroy());
      await until('there is room again', async () => (await ask('/large.txt')).status === 200);
    });

    test('a root that is gone says what to look at', async () => {
      await reconfigure({ root: path.join(directory, 'nowhere') }, async () => (await browse('/')).status === 503);
      const answer = await browse('/chat');
      assert.match(answer.text, /gateway\.controlUi\.root/);
      assert.ok(!answer.text.includes(directory));
      assert.equal((await ask('/sw.js')).status, 404);
    });
  });

  describe('with a base path', () => {
    before(() => reconfigure({ root: path.join(directory, 'bundle'), basePath: '/open/claw' }, async () => (await browse('/open/claw/')).status === 200));

    test('all is below it, and the way there ends with a slash', async () => {
      const sent = await browse('/open/claw?a=b');
      assert.equal(sent.status, 302);
      assert.equal(sent.headers.location, '/open/claw/?a=b');
      const page = await browse('/open/claw/chat');
      assert.match(page.text, /data-openclaw-control-ui-base-path="\/open\/claw"/);
      assert.ok(page.text.includes(`src="/open/claw/${SCRIPT}"`));
      assert.equal((await ask(`/open/claw/${SCRIPT}`)).status, 200);
      assert.equal((await ask('/open/claw/control-ui-config.json', { headers: { authorization: `Bearer ${TOKEN}` } })).status, 200);
      for (const target of ['/', '/chat', `/${SCRIPT}`, '/control-ui-config.json', '/open/clawx/', '/open/claw/../../secret.txt']) assert.equal((await browse(target)).status, 404, target);
    });

    test('WebSockets are taken there as well', async () => {
      const socket = await connectRaw(`${gateway.url}/open/claw/`);
      await socket.challenge();
      socket.end();
    });
  });

  test('switched off, there is no page', async () => {
    await reconfigure({ enabled: false }, async () => (await browse('/')).status === 404);
    assert.equal((await browse('/chat')).status, 404);
    assert.equal((await ask('/control-ui-config.json', { headers: { authorization: `Bearer ${TOKEN}` } })).status, 404);
    assert.equal((await ask('/healthz')).status, 200);
  });
});
