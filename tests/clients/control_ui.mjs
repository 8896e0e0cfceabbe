// OpenClaw's Control UI, unmodified, out of its installed bundle: it is served, signs in, talks, shows a
// tool, stops an answer, and finds all of it again.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';

import { Browser } from '../support/node/browser.mjs';
import { TOKEN } from '../support/node/gateway_process.mjs';
import { TurnRig } from '../support/node/turn_rig.mjs';
import { controlUiRoot, openaiProvider } from './openclaw.mjs';

let rig;
let browser;
let tab;

const page = () => tab.page;
const composer = () => page().getByLabel('Chat composer');
// A paragraph of the transcript; what the page announces to screen readers is not meant.
const shown = (text) => page().getByRole('paragraph').filter({ hasText: new RegExp(`^${text}$`) });

async function open(address) {
  tab = await browser.tab();
  await page().goto(rig.gateway.httpUrl + address);
  await composer().waitFor();
}

async function say(text) {
  await composer().fill(text);
  await composer().press('Enter');
}

// Requests that were refused, as {method, message}.
function refusals() {
  const asked = new Map(tab.frames.filter(({ dir, frame }) => dir === 'sent' && frame.type === 'req').map(({ frame }) => [frame.id, frame.method]));
  return tab.frames.filter(({ dir, frame }) => dir === 'received' && frame.type === 'res' && !frame.ok).map(({ frame }) => ({ method: asked.get(frame.id), message: frame.error.message }));
}

describe('the control ui', () => {
  before(async () => {
    rig = await TurnRig.start(openaiProvider, { gateway: { controlUi: { root: controlUiRoot() } } });
    browser = await Browser.start();
  });
  after(async () => {
    await browser?.dispose();
    await rig?.dispose();
  });

  test('`#token=` signs in; the token leaves the address', async () => {
    await open(`/#token=${TOKEN}`);
    assert.ok(!page().url().includes(TOKEN));
    await page().getByText('Connected').first().waitFor();
  });

  test('a turn is answered', async () => {
    await say('#echo hello from the control ui');
    await shown('hello from the control ui').waitFor();
  });

  test('a turn with a tool shows the tool and its result', async () => {
    await say('#tool read {"path":"notes.md"}');
    await shown('the tool says: remember the milk').waitFor();
    await page().getByLabel('Read notes.md').waitFor();
  });

  test('an answer is stopped in its middle, and what was said stays', async () => {
    await say('#slow 120000 one two three four five six seven eight nine ten eleven twelve');
    await page().getByText(/^fake reply to/).waitFor();
    await page().getByRole('button', { name: 'Stop generating' }).click();
    await page().getByRole('button', { name: 'Stop generating' }).waitFor({ state: 'hidden' });
    await say('#echo after the stop');
    await shown('after the stop').waitFor();
    const { messages } = await rig.client.request('chat.history', { sessionKey: 'main' });
    assert.deepEqual(messages.filter(({ role }) => role === 'user').map(({ content }) => content.split(' ')[0]), ['#echo', '#tool', '#slow', '#echo']);
  });

  test('after a reload all of it is there again, once', async () => {
    await page().reload();
    for (const text of ['hello from the control ui', 'the tool says: remember the milk', 'after the stop']) {
      await shown(text).waitFor();
      assert.equal(await shown(text).count(), 1, text);
    }
    await page().getByLabel('Read notes.md').waitFor();
    await page().getByText(/^fake reply to/).waitFor();
  });

  test('another tab follows a turn as it happens', async () => {
    const first = tab;
    await open('/chat/main');
    await shown('after the stop').waitFor();
    const second = tab;
    tab = first;
    await say('#echo seen in both');
    await shown('seen in both').waitFor();
    tab = second;
    await shown('seen in both').waitFor();
    await page().close();
    tab = first;
  });

  test('what it asks for and the gateway lacks is unknown and was never advertised', () => {
    const hello = tab.frames.find(({ frame }) => frame.payload?.type === 'hello-ok').frame.payload;
    for (const { method, message } of refusals()) {
      assert.equal(message, `unknown method: ${method}`);
      assert.ok(!hello.features.methods.includes(method), method);
    }
  });

  test('it runs under the policy that it is served with', async () => {
    assert.deepEqual(tab.complaints.filter((text) => /Content Security Policy|Uncaught|Error:/.test(text)), []);
    // The bundle's files come out of the installed folder, its facts with the browser's own token.
    const served = tab.requests.filter((url) => url.startsWith(rig.gateway.httpUrl));
    assert.ok(served.some((url) => url.includes('/assets/')));
    assert.ok(served.some((url) => url.endsWith('/control-ui-config.json')));
    assert.deepEqual(tab.sockets.filter((url) => !url.startsWith(rig.gateway.url)), []);
  });

  test('a link that names another gateway carries nothing there by itself', async () => {
    const heard = [];
    const canary = createServer((socket) => {
      heard.push(socket.remotePort);
      socket.destroy();
    });
    await new Promise((resolve) => canary.listen(0, '127.0.0.1', resolve));
    canary.unref();
    const host = `127.0.0.1:${canary.address().port}`;
    const other = encodeURIComponent(`ws://${host}`);
    await page().close();
    for (const address of [`/?gatewayUrl=${other}#token=${TOKEN}`, `/#token=${TOKEN}&gatewayUrl=${other}`]) {
      tab = await browser.tab();
      await page().goto(rig.gateway.httpUrl + address);
      await page().getByRole('button', { name: `Switch to ${host}` }).waitFor();
      await page().getByRole('button', { name: 'Keep current Gateway' }).click();
      await page().getByRole('button', { name: `Switch to ${host}` }).waitFor({ state: 'hidden' });
      assert.deepEqual(tab.sockets.filter((url) => new URL(url).host === host), []);
      await page().close();
    }
    assert.deepEqual(heard, []);
    canary.close();
  });
});
