// The gateway's own page: signs in, shows the gateway's state, and talks.
// It speaks the gateway's WebSocket protocol (version 4) to the server that it came from, and to no
// other: nothing in an address can send a token elsewhere. Text is shown as text, never as HTML.

const PROTOCOL = 4;
const CLIENT = { id: 'webchat-ui', displayName: 'Troupe page', version: '1', platform: 'web', mode: 'webchat' };
const SCOPES = ['operator.read', 'operator.write'];
const REQUEST_MS_MAX = 30_000;
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 30_000;
const APPROVAL_POLL_MS = 3_000;
const MESSAGES_SHOWN = 200;
const SESSIONS_SHOWN = 100;

const element = (id) => document.getElementById(id);
const views = ['login', 'notice', 'desk'];
const show = (view) => views.forEach((id) => (element(id).hidden = id !== view));

// --- The browser as a device -----------------------------------------------------------------------

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

// What this browser keeps: its key, whose private half no script can read, and the token that the
// gateway gave it. The secret that was typed in is never kept.
const keeper = {
  open: () =>
    new Promise((resolve, reject) => {
      const asked = indexedDB.open('troupe', 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore('device');
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    }),
  async with(mode, act) {
    const database = await keeper.open();
    try {
      return await new Promise((resolve, reject) => {
        const asked = act(database.transaction('device', mode).objectStore('device'));
        asked.onsuccess = () => resolve(asked.result);
        asked.onerror = () => reject(asked.error);
      });
    } finally {
      database.close();
    }
  },
  get: (name) => keeper.with('readonly', (store) => store.get(name)),
  put: (name, value) => keeper.with('readwrite', (store) => store.put(value, name)),
  remove: (name) => keeper.with('readwrite', (store) => store.delete(name)),
};

async function deviceKeys() {
  let keys = await keeper.get('keys');
  if (!keys) {
    keys = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
    await keeper.put('keys', keys);
  }
  return keys;
}

async function signedDevice(nonce, token) {
  const { privateKey, publicKey } = await deviceKeys();
  const raw = await crypto.subtle.exportKey('raw', publicKey);
  const id = hex(await crypto.subtle.digest('SHA-256', raw));
  const signedAt = Date.now();
  const payload = ['v3', id, CLIENT.id, CLIENT.mode, 'operator', SCOPES.join(','), signedAt, token, nonce, CLIENT.platform, ''].join('|');
  const signature = await crypto.subtle.sign('Ed25519', privateKey, new TextEncoder().encode(payload));
  return { id, publicKey: base64url(raw), signature: base64url(signature), signedAt, nonce };
}

// --- The connection --------------------------------------------------------------------------------

class Refused extends Error {
  constructor({ message, details, code }) {
    super(message);
    this.code = details?.code ?? code;
    this.details = details ?? {};
  }
}

// One WebSocket, from its challenge to its close.
class Connection {
  #socket;
  #waiting = new Map();
  #requests = 0;
  #lastSeq = 0;

  // `on`: {challenge(nonce), event(frame), gap(), closed(code)}.
  constructor(on) {
    this.on = on;
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#socket = new WebSocket(`${scheme}//${location.host}${location.pathname}`);
    this.#socket.onmessage = ({ data }) => this.#read(JSON.parse(data));
    this.#socket.onclose = ({ code }) => {
      for (const { fail } of this.#waiting.values()) fail(new Error('The connection was lost.'));
      this.#waiting.clear();
      on.closed(code);
    };
  }

  close() {
    this.#socket.close();
  }

  request(method, params = {}) {
    const id = String(++this.#requests);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(reject)(new Error(`${method}: no answer.`)), REQUEST_MS_MAX);
      const settle = (how) => (value) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        how(value);
      };
      this.#waiting.set(id, { done: settle(resolve), fail: settle(reject) });
      if (this.#socket.readyState !== WebSocket.OPEN) return this.#waiting.get(id).fail(new Error('Not connected.'));
      this.#socket.send(JSON.stringify({ type: 'req', id, method, params }));
    });
  }

  #read(frame) {
    if (frame.type === 'res') {
      const asked = this.#waiting.get(frame.id);
      if (frame.ok) asked?.done(frame.payload);
      else asked?.fail(new Refused(frame.error ?? {}));
    } else if (frame.event === 'connect.challenge') {
      this.on.challenge(frame.payload.nonce);
    } else if (frame.type === 'event') {
      if (frame.seq > this.#lastSeq + 1 && this.#lastSeq > 0) this.on.gap();
      this.#lastSeq = frame.seq ?? this.#lastSeq;
      this.on.event(frame);
    }
  }
}

// --- Signing in ------------------------------------------------------------------------------------

let connection;
let secret = secretFromAddress();
let retries = 0;
let retryTimer;

// `#token=…` signs in; it leaves the address at once, so that it is in no history and no bookmark.
function secretFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const found = given.get('token') ?? given.get('password') ?? '';
  if (found) history.replaceState(null, '', location.pathname);
  return found;
}

function setState(state, text) {
  element('state').dataset.state = state;
  element('state-text').textContent = text;
}

function notice(title, text, command = '') {
  element('notice-title').textContent = title;
  element('notice-text').textContent = text;
  element('notice-command').textContent = command;
  element('notice-command').hidden = !command;
  show('notice');
}

function askForSecret(why = '') {
  setState('refused', 'Signed out');
  element('login-error').textContent = why;
  show('login');
  element('token').focus();
}

async function credentials() {
  if (secret) return { signedWith: secret, auth: { token: secret, password: secret } };
  const deviceToken = await keeper.get('token');
  return deviceToken ? { signedWith: deviceToken, auth: { deviceToken } } : { signedWith: '' };
}

function connect() {
  clearTimeout(retryTimer);
  setState('connecting', 'Connecting …');
  let settled = false; // The handshake has ended, well or badly.
  const opened = (connection = new Connection({
    async challenge(nonce) {
      try {
        const { signedWith, auth } = await credentials();
        const device = await signedDevice(nonce, signedWith);
        const hello = await opened.request('connect', { minProtocol: PROTOCOL, maxProtocol: PROTOCOL, client: CLIENT, role: 'operator', scopes: SCOPES, caps: ['tool-events'], device, ...(auth ? { auth } : {}) });
        settled = true;
        await welcome(hello);
      } catch (error) {
        if (error instanceof Refused && !settled) {
          settled = true;
          await refused(error);
        } else {
          opened.close();
        }
      }
    },
    event: (frame) => onEvent(frame),
    gap: () => openSession(current.key).catch(report),
    closed() {
      if (opened !== connection || (settled && !signedIn)) return;
      signedIn = false;
      retry();
    },
  }));
}

let signedIn = false;

function retry() {
  const most = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** retries++);
  setState('connecting', 'Connection lost, trying again …');
  retryTimer = setTimeout(connect, most / 2 + (Math.random() * most) / 2);
}

async function welcome(hello) {
  signedIn = true;
  retries = 0;
  secret = '';
  if (hello.auth?.deviceToken) await keeper.put('token', hello.auth.deviceToken);
  setState('connected', 'Connected');
  element('sign-out').hidden = hello.auth?.method === 'none';
  show('desk');
  facts.begin(hello);
  await connection.request('sessions.subscribe');
  await Promise.all([facts.readModel(), listSessions(), openSession(current.key ?? lastSession() ?? hello.snapshot.sessionDefaults.mainSessionKey)]);
  element('message').focus();
}

async function refused(error) {
  const { code, details } = error;
  if (code === 'PAIRING_REQUIRED') {
    setState('connecting', 'Waiting for approval');
    notice('This browser waits for approval', 'Approve it on the gateway’s machine; this page goes on by itself.', `troupe devices approve ${details.requestId ?? ''}`);
    retryTimer = setTimeout(connect, APPROVAL_POLL_MS);
  } else if (code?.startsWith('AUTH_')) {
    if (!secret) await keeper.remove('token');
    const typed = Boolean(secret);
    secret = '';
    const locked = code === 'AUTH_RATE_LIMITED';
    askForSecret(locked ? 'Too many failed attempts; wait a few minutes.' : typed ? 'This is not the gateway’s token.' : '');
  } else if (code === 'UNAVAILABLE') {
    retry();
  } else {
    setState('refused', 'Refused');
    notice('The gateway refuses this page', error.message);
  }
}

element('login-form').addEventListener('submit', (event) => {
  event.preventDefault();
  secret = element('token').value.trim();
  element('token').value = '';
  connect();
});

element('sign-out').addEventListener('click', async () => {
  signedIn = false;
  const old = connection;
  connection = undefined;
  old.close();
  await keeper.remove('token');
  sessionStorage.clear();
  askForSecret();
});

// --- The state of the gateway ----------------------------------------------------------------------

const facts = {
  rows: new Map(),
  startedAt: 0,
  begin({ server, snapshot }) {
    this.rows.clear();
    this.startedAt = Date.now() - snapshot.uptimeMs;
    this.set('Version', server.version);
    this.set('Agent', snapshot.sessionDefaults.defaultAgentId);
    this.health(snapshot.health);
    this.presence(snapshot.presence);
    this.tick();
  },
  async readModel() {
    const { agents, defaultId } = await connection.request('agents.list');
    this.set('Model', agents.find(({ id }) => id === defaultId)?.model?.primary ?? 'none');
  },
  health(health) {
    this.set('Health', health?.ok === false ? 'Failing' : 'Good');
  },
  presence(list) {
    this.set('Clients', String((list ?? []).filter(({ reason }) => reason !== 'self').length));
  },
  tick() {
    const minutes = Math.floor((Date.now() - this.startedAt) / 60_000);
    const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
    this.set('Up', days ? `${days} d ${hours} h` : hours ? `${hours} h ${minutes % 60} min` : `${minutes} min`);
  },
  set(name, value) {
    this.rows.set(name, value);
    element('status').replaceChildren(...[...this.rows].flatMap(([term, text]) => [make('dt', '', term), make('dd', '', text)]));
  },
};
setInterval(() => signedIn && facts.tick(), 30_000);

// --- Conversations ---------------------------------------------------------------------------------

const current = { key: undefined, messages: new Map(), tools: new Map(), run: undefined };
const ended = new Set(); // Runs, so that a late receipt does not bring one back.
let listing;

const lastSession = () => sessionStorage.getItem('session') ?? undefined;

function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

const titleOf = ({ key, label, displayName, derivedTitle, isMain }) => label || derivedTitle || displayName || (isMain ? 'Main conversation' : key);

async function listSessions() {
  const { sessions, totalCount } = await connection.request('sessions.list', { limit: SESSIONS_SHOWN, includeDerivedTitles: true });
  facts.set('Conversations', String(totalCount));
  const rows = sessions.some(({ key }) => key === current.key) || !current.key ? sessions : [{ key: current.key, label: 'New conversation' }, ...sessions];
  element('sessions').replaceChildren(
    ...rows.map((row) => {
      const button = make('button', '', titleOf(row));
      button.type = 'button';
      button.title = row.key;
      button.dataset.key = row.key;
      button.addEventListener('click', () => openSession(row.key).catch(report));
      const item = make('li');
      item.append(button);
      return item;
    }),
  );
  markOpen();
}

function markOpen() {
  for (const button of element('sessions').querySelectorAll('button')) {
    const open = button.dataset.key === current.key;
    button.setAttribute('aria-current', String(open));
    if (open) element('chat-title').textContent = button.textContent;
  }
}

// Many changes at once are one look at the list.
function listSoon() {
  clearTimeout(listing);
  listing = setTimeout(() => signedIn && listSessions().catch(report), 200);
}

async function openSession(key) {
  if (!key) return;
  const before = current.key;
  if (before && before !== key) connection.request('sessions.messages.unsubscribe', { key: before }).catch(() => {});
  current.key = key;
  sessionStorage.setItem('session', key);
  markOpen();
  await connection.request('sessions.messages.subscribe', { key });
  const history = await connection.request('chat.history', { sessionKey: key, limit: MESSAGES_SHOWN });
  if (current.key !== key) return; // Another one was chosen meanwhile.
  current.messages.clear();
  current.tools.clear();
  setRun(undefined);
  element('log').replaceChildren();
  history.messages.forEach(addMessage);
  const running = history.inFlightRun;
  if (running) {
    setRun(running.runId);
    showStream(running.text);
  }
  listSoon();
  scrollDown(true);
}

element('new-chat').addEventListener('click', () => {
  const agent = facts.rows.get('Agent');
  openSession(`agent:${agent}:dashboard:${crypto.randomUUID()}`).then(() => element('message').focus(), report);
});

// --- Messages --------------------------------------------------------------------------------------

const blocksOf = (content) => (typeof content === 'string' ? [{ type: 'text', text: content }] : content ?? []);
const textOf = (content) => blocksOf(content).filter(({ type }) => type === 'text').map(({ text }) => text).join('\n');

function scrollDown(always = false) {
  const log = element('log');
  if (always || log.scrollHeight - log.scrollTop - log.clientHeight < 160) log.scrollTop = log.scrollHeight;
}

function bubble(role, text) {
  const made = make('article', `message ${role}`);
  made.append(make('div', 'who', role === 'user' ? 'You' : 'Assistant'), make('div', 'text', text));
  element('log').append(made);
  return made;
}

function toolCard(id, name, args) {
  if (current.tools.has(id)) return current.tools.get(id);
  const card = make('details', 'tool');
  const summary = make('summary', '', `Tool: ${name} `);
  summary.append(make('span', 'outcome', '(running)'));
  card.append(summary);
  if (args !== undefined) card.append(make('pre', '', JSON.stringify(args, null, 2)));
  current.tools.set(id, card);
  return card;
}

function finishTool(id, name, isError, text) {
  const card = toolCard(id, name);
  if (!card.isConnected) element('log').append(card);
  const outcome = card.querySelector('.outcome');
  outcome.textContent = isError ? '(failed)' : '(done)';
  outcome.classList.toggle('bad', Boolean(isError));
  if (!card.querySelector('.result')) card.append(make('pre', 'result', text));
}

// A message of the transcript; one that is shown already is not shown twice.
function addMessage(message) {
  const id = message.__openclaw?.id;
  if (id && current.messages.has(id)) return;
  if (message.role === 'toolResult') {
    finishTool(message.toolCallId, message.toolName, message.isError, textOf(message.content));
  } else if (message.role === 'user' || message.role === 'assistant') {
    if (message.role === 'assistant') endStream();
    else dropEcho(message.idempotencyKey);
    const made = bubble(message.role, textOf(message.content));
    for (const { type, id: callId, name, arguments: args } of blocksOf(message.content)) if (type === 'toolCall') made.append(toolCard(callId, name, args));
    if (message.errorMessage) fail(made, message.errorMessage);
    if (!made.querySelector('.text').textContent) made.querySelector('.text').remove();
  }
  if (id) current.messages.set(id, true);
  scrollDown();
}

// What was just typed stands there at once, until the gateway tells it back.
function echo(runId, text) {
  bubble('user', text).dataset.echo = `${runId}:user`;
  scrollDown(true);
}
function dropEcho(key) {
  if (key) [...element('log').children].find(({ dataset }) => dataset.echo === key)?.remove();
}

// --- The answer as it comes ------------------------------------------------------------------------

let stream; // {made, text}

function showStream(text, replace = false) {
  if (!stream) {
    stream = { made: bubble('assistant', ''), text: '' };
    stream.made.setAttribute('aria-busy', 'true'); // Read out when it is whole.
  }
  stream.text = replace ? text : stream.text + text;
  stream.made.querySelector('.text').textContent = stream.text;
  scrollDown();
}
function endStream() {
  stream?.made.remove();
  stream = undefined;
}

function setRun(runId, activity = runId ? 'The assistant is working …' : '') {
  if (!runId) endStream();
  current.run = runId;
  element('activity').textContent = activity;
  element('stop').hidden = !runId;
}

function onChat({ runId, state, deltaText, replace, message, errorMessage }) {
  if (state === 'status' || state === 'delta') {
    if (current.run !== runId) setRun(runId);
    if (state === 'delta' && deltaText !== undefined) showStream(deltaText, replace);
    return;
  }
  if (ended.size > 100) ended.clear();
  ended.add(runId);
  if (current.run === runId || !current.run) setRun(undefined, state === 'aborted' ? 'Stopped.' : '');
  // What is kept of it is in the transcript; a command's answer, or why it failed, may be only here.
  syncMessages(textOf(message?.content), state === 'error' ? errorMessage ?? 'The run failed.' : '').catch(report);
}

async function syncMessages(text, failure) {
  const key = current.key;
  const { messages, inFlightRun } = await connection.request('chat.history', { sessionKey: key, limit: MESSAGES_SHOWN });
  if (key !== current.key) return;
  const before = current.messages.size;
  messages.forEach(addMessage);
  const shown = [...element('log').querySelectorAll('.message')].at(-1);
  const told = failure ? shown?.matches('.failed') : shown?.querySelector('.text')?.textContent === text;
  if (!(text || failure) || told || before !== current.messages.size || inFlightRun) return;
  const made = bubble('assistant', text);
  if (failure) fail(made, failure);
  scrollDown();
}

function fail(made, why) {
  made.classList.add('failed');
  made.append(make('div', 'error', why));
}

function onTool({ phase, toolCallId, name, args, isError, result }) {
  if (phase === 'start') {
    const card = toolCard(toolCallId, name, args);
    if (!card.isConnected) element('log').append(card);
  } else if (phase === 'result') {
    finishTool(toolCallId, name, isError, textOf(result?.content));
  }
  scrollDown();
}

function onEvent({ event, payload }) {
  if (event === 'health') facts.health(payload);
  else if (event === 'presence') facts.presence(payload.presence);
  else if (event === 'sessions.changed') listSoon();
  else if (event === 'shutdown') setState('connecting', 'The gateway is stopping …');
  else if (payload?.sessionKey !== current.key) return;
  else if (event === 'session.message') addMessage(payload.message);
  else if (event === 'chat') onChat(payload);
  else if (event === 'agent' && payload.stream === 'tool') onTool(payload.data);
}

// --- Writing ---------------------------------------------------------------------------------------

function report(error) {
  element('activity').textContent = error.message;
}

async function send() {
  const message = element('message').value.trim();
  if (!message || !signedIn) return;
  const runId = crypto.randomUUID();
  element('message').value = '';
  fitField();
  echo(runId, message);
  try {
    await connection.request('chat.send', { sessionKey: current.key, message, idempotencyKey: runId });
    if (!current.run && !ended.has(runId)) setRun(runId);
  } catch (error) {
    dropEcho(`${runId}:user`);
    element('message').value ||= message;
    report(error);
  }
}

function stop() {
  if (current.run) connection.request('chat.abort', { sessionKey: current.key, runId: current.run }).catch(report);
}

function fitField() {
  const field = element('message');
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight + 2}px`;
}

element('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  send();
});
element('message').addEventListener('input', fitField);
element('message').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
element('stop').addEventListener('click', stop);
document.addEventListener('keydown', ({ key }) => key === 'Escape' && stop());

if (globalThis.crypto?.subtle) connect();
else {
  setState('refused', 'Not connected');
  notice('This page needs a safe connection', 'Browsers make keys only over https, or when the gateway is on this machine: open it as http://localhost, or through a tunnel.');
}
