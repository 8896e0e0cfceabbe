// The gateway's own page as a person uses it: sign in, talk, watch a tool, stop an answer, come back.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';

import { Browser } from '../support/node/browser.mjs';
import { TOKEN } from '../support/node/gateway_process.mjs';
import { TurnRig } from '../support/node/turn_rig.mjs';

const openai = (port) => ({ baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: 'sk-canary-0123456789', api: 'openai-completions' });

let rig;
let browser;
let tab;

const page = () => tab.page;
const log = () => page().getByRole('log', { name: 'Messages' });
const message = () => page().getByRole('textbox', { name: 'Message' });
const answer = () => log().locator('.message.assistant').last();
const idle = () => page().getByRole('button', { name: /^Stop/ }).waitFor({ state: 'hidden' });
const waitForText = (locator, text) => locator.filter({ hasText: text }).first().waitFor();

async function say(text) {
  await message().fill(text);
  await message().press('Enter');
}

async function open(address = '/') {
  tab = await browser.tab();
  await page().goto(rig.gateway.httpUrl + address);
}

describe('the own page', () => {
  before(async () => {
    rig = await TurnRig.start(openai);
    browser = await Browser.start();
  });
  after(async () => {
    await browser?.dispose();
    await rig?.dispose();
  });

  test('a stranger is asked for the token; a wrong one is told so, and is nowhere kept', async () => {
    await open();
    await page().getByRole('heading', { name: 'Sign in' }).waitFor();
    const field = page().getByLabel('Token or password');
    assert.ok(await field.evaluate((element) => element === document.activeElement), 'the field has the focus');
    await field.fill('wrong-token');
    await field.press('Enter');
    await page().getByRole('alert').filter({ hasText: 'not the gateway’s token' }).waitFor();
    assert.equal(await field.inputValue(), '');
  });

  test('the token signs in, with the keyboard alone', async () => {
    const field = page().getByLabel('Token or password');
    await field.fill(TOKEN);
    await page().keyboard.press('Tab');
    await page().keyboard.press('Enter');
    await page().getByRole('status').filter({ hasText: 'Connected' }).waitFor();
    assert.ok(await message().evaluate((element) => element === document.activeElement), 'one can write at once');
    await waitForText(page().locator('#status'), 'fake/fake');
    assert.match(await page().locator('#status').innerText(), /Health\s+Good/);
  });

  test('an answer comes, and stays', async () => {
    await say('#echo hello from the page');
    await waitForText(log(), '#echo hello from the page');
    await waitForText(answer(), /^Assistant\s*hello from the page$/);
    await idle();
    await page().reload();
    await waitForText(answer(), /^Assistant\s*hello from the page$/);
    assert.equal(await log().locator('.message').count(), 2, 'each message is there once');
  });

  test('a tool is shown with what it was asked and what it said', async () => {
    await say('#tool read {"path":"notes.md"}');
    await waitForText(answer(), 'the tool says: remember the milk');
    await idle();
    const card = log().locator('details.tool');
    assert.match(await card.locator('summary').innerText(), /Tool: read\s+\(done\)/);
    await card.locator('summary').press('Enter');
    assert.match(await card.innerText(), /"path": "notes\.md"[^]*remember the milk/);
    await page().reload();
    await waitForText(log().locator('details.tool summary'), '(done)');
    assert.equal(await log().locator('.message').count(), 5, 'each message is there once');
  });

  test('an answer comes piece by piece, and Escape stops it', async () => {
    await say('#slow 30000 one two three four five six seven eight nine ten eleven twelve');
    await waitForText(answer(), 'two');
    assert.ok(!(await answer().innerText()).includes('twelve'), 'it has only begun');
    await message().press('Escape');
    await waitForText(page().locator('#activity'), 'Stopped.');
    await idle();
    await waitForText(answer(), 'one two');
    await say('#echo still here');
    await waitForText(answer(), 'still here');
    await idle();
  });

  test('a new conversation is empty, and the list leads back', async () => {
    await page().getByRole('button', { name: 'New conversation' }).first().click();
    await waitForText(page().locator('#chat-title'), 'New conversation');
    assert.equal(await log().locator('.message').count(), 0);
    await say('#echo elsewhere');
    await waitForText(answer(), /^Assistant\s*elsewhere$/);
    await idle();
    const list = page().getByRole('navigation', { name: 'Conversations' }).getByRole('listitem').getByRole('button');
    await list.filter({ hasText: 'hello from the page' }).click();
    await waitForText(answer(), 'still here');
    assert.equal(await list.filter({ hasText: 'hello from the page' }).getAttribute('aria-current'), 'true');
  });

  test('what is said is shown as text, whatever it looks like', async () => {
    const markup = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
    await say(`#echo ${markup}`);
    await waitForText(answer(), markup);
    await idle();
    assert.equal(await log().locator('img, script').count(), 0);
    assert.equal(await page().title(), 'Troupe');
  });

  test('a failed answer says why', async () => {
    await say('#error 401 9');
    await waitForText(log().locator('.message.failed'), 'refused');
    await idle();
    assert.equal(await log().locator('.message.failed').count(), 1);
    await page().reload();
    await waitForText(log().locator('.message.failed'), 'refused');
    assert.ok(!(await log().innerText()).includes('canary'));
  });

  test('a gateway that is killed in the middle of an answer: the page goes on by itself', async () => {
    await say('#slow 4000 alpha beta gamma delta epsilon zeta eta theta iota kappa');
    await waitForText(answer(), 'beta');
    rig.gateway.keepPort();
    await rig.crash();
    await page().getByRole('status').filter({ hasText: 'Connected' }).waitFor();
    await waitForText(answer(), 'kappa');
    await idle();
    const said = await log().locator('.message.assistant').filter({ hasText: 'kappa' }).allInnerTexts();
    assert.equal(said.length, 1, 'the answer is there once');
  });

  test('`#token=` signs in at once and leaves the address; the secret is kept nowhere', async () => {
    await page().getByRole('button', { name: 'Sign out' }).click();
    await page().getByRole('heading', { name: 'Sign in' }).waitFor();
    await page().close();
    await open(`/#token=${TOKEN}`);
    await page().getByRole('status').filter({ hasText: 'Connected' }).waitFor();
    assert.equal(page().url(), `${rig.gateway.httpUrl}/`);
    const kept = await page().evaluate(async () => {
      const database = await new Promise((resolve) => (indexedDB.open('troupe').onsuccess = ({ target }) => resolve(target.result)));
      const all = await new Promise((resolve) => (database.transaction('device').objectStore('device').getAll().onsuccess = ({ target }) => resolve(target.result)));
      const keys = all.find((each) => each.privateKey);
      return { text: JSON.stringify([all, { ...localStorage }, { ...sessionStorage }, document.cookie]), extractable: keys.privateKey.extractable };
    });
    assert.ok(!kept.text.includes(TOKEN));
    assert.equal(kept.extractable, false, 'no script can read the key');
  });

  test('no address makes the page connect elsewhere', async () => {
    const heard = [];
    const canary = createServer((socket) => {
      heard.push(socket.remotePort);
      socket.destroy();
    });
    await new Promise((resolve) => canary.listen(0, '127.0.0.1', resolve));
    const other = `ws://127.0.0.1:${canary.address().port}`;
    await page().close();
    await open(`/?gatewayUrl=${encodeURIComponent(other)}&url=${encodeURIComponent(other)}#token=${TOKEN}&gatewayUrl=${encodeURIComponent(other)}`);
    await page().getByRole('status').filter({ hasText: 'Connected' }).waitFor();
    assert.deepEqual(tab.sockets, [`${rig.gateway.url}/`]);
    // Nor may a script that got in.
    const refused = await page().evaluate((url) => {
      return new Promise((resolve) => {
        document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective));
        try {
          new WebSocket(url).onopen = () => resolve('connected');
        } catch (error) {
          resolve(error.name);
        }
      });
    }, other);
    assert.equal(refused, 'connect-src');
    assert.deepEqual(heard, []);
    canary.close();
  });
});
