// Two ways to talk to the gateway: OpenClaw's published client, and bare frames for what no client
// would send. Both wait for events with a deadline, never for time.
import { GatewayClient } from '@openclaw/gateway-client';
import WebSocket from 'ws';

const DEADLINE_MS = 15_000;

// What has arrived, in order, and those who wait for something that has not.
class Arrivals {
  items = [];
  #waiting = new Set();

  push(item) {
    this.items.push(item);
    for (const waiter of [...this.#waiting]) {
      if (waiter.wanted(item)) {
        this.#waiting.delete(waiter);
        waiter.resolve(item);
      }
    }
  }

  // The first item, old or new, for which `wanted` holds.
  find(wanted, what, deadline = DEADLINE_MS) {
    const there = this.items.find(wanted);
    if (there !== undefined) {
      return Promise.resolve(there);
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        const seen = this.items.slice(-12).map((item) => JSON.stringify(item).slice(0, 200));
        reject(new Error(`no ${what} within ${deadline} ms; the last that came:\n${seen.join('\n')}`));
      }, deadline);
      const waiter = {
        wanted,
        resolve: (item) => {
          clearTimeout(timer);
          resolve(item);
        },
      };
      this.#waiting.add(waiter);
    });
  }
}

export const ALL_SCOPES = ['operator.admin', 'operator.read', 'operator.write'];

// Connects OpenClaw's client. Rejects with what the gateway said when it refuses.
export async function connectClient(url, options = {}) {
  const events = new Arrivals();
  const gaps = [];
  const { promise, resolve, reject } = Promise.withResolvers();
  const closed = Promise.withResolvers();
  const client = new GatewayClient({
    url,
    clientName: 'gateway-client',
    mode: 'backend',
    clientVersion: '2026.9.1',
    scopes: ALL_SCOPES,
    deviceIdentity: null,
    requestTimeoutMs: DEADLINE_MS,
    ...options,
    onHelloOk: resolve,
    onConnectError: reject,
    onEvent: (event) => events.push(event),
    onGap: (gap) => gaps.push(gap),
    onClose: (code, reason) => closed.resolve({ code, reason }),
  });
  client.start();
  const timer = setTimeout(() => reject(new Error('no hello-ok before the deadline')), DEADLINE_MS);
  try {
    const hello = await promise;
    return {
      hello,
      events: events.items,
      gaps,
      closed: closed.promise,
      request: (method, params, requestOptions) => client.request(method, params, requestOptions),
      event: (wanted, what, deadline) => events.find(wanted, what, deadline),
      // The last event of a run: chat final, aborted or error.
      chatEnd: (runId, deadline) =>
        events.find(
          ({ event, payload }) =>
            event === 'chat' && payload.runId === runId && ['final', 'aborted', 'error'].includes(payload.state),
          `end of run ${runId}`,
          deadline,
        ),
      chat: (runId) =>
        events.items.filter(({ event, payload }) => event === 'chat' && payload.runId === runId).map((e) => e.payload),
      agent: (runId) =>
        events.items.filter(({ event, payload }) => event === 'agent' && payload.runId === runId).map((e) => e.payload),
      stop: () => client.stopAndWait({ timeoutMs: DEADLINE_MS }),
    };
  } catch (error) {
    await client.stopAndWait({ timeoutMs: DEADLINE_MS }).catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

// A socket that sends what it is told, well-formed or not.
export async function connectRaw(url, options = {}) {
  const frames = new Arrivals();
  const closed = Promise.withResolvers();
  const socket = new WebSocket(url, { perMessageDeflate: false, ...options });
  socket.on('message', (bytes) => frames.push(JSON.parse(bytes.toString())));
  socket.on('close', (code, reason) => closed.resolve({ code, reason: reason.toString() }));
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return {
    frames: frames.items,
    // Those that have come already, then each one as it comes.
    onFrame: (listener) => {
      frames.items.forEach(listener);
      socket.on('message', (bytes) => listener(JSON.parse(bytes.toString())));
    },
    send: (frame) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    frame: (wanted, what, deadline) => frames.find(wanted, what, deadline),
    response: (id) => frames.find((frame) => frame.type === 'res' && frame.id === id, `response to ${id}`),
    challenge: () => frames.find((frame) => frame.event === 'connect.challenge', 'connect.challenge'),
    closed: () =>
      Promise.race([
        closed.promise,
        new Promise((_, reject) => {
          setTimeout(() => reject(new Error('the gateway did not close the socket')), DEADLINE_MS).unref();
        }),
      ]),
    end: () => socket.terminate(),
  };
}

// The params of a `connect` that is accepted, with `changes` on top.
export function connectParams(token, changes = {}) {
  return {
    minProtocol: 4,
    maxProtocol: 4,
    client: { id: 'gateway-client', version: '2026.9.1', platform: 'linux', mode: 'backend' },
    role: 'operator',
    scopes: ALL_SCOPES,
    caps: [],
    auth: { token },
    ...changes,
  };
}
