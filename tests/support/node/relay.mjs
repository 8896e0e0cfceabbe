// A relay between a client and the gateway: it forwards every frame as it is and hands the gateway's
// frames, and which request each answers, to a judge. So clients that others wrote are watched
// without being changed.
import WebSocket, { WebSocketServer } from 'ws';

// Codes that may be seen but not sent (RFC 6455, section 7.4.1).
const NO_STATUS = 1005;
const ABNORMAL = 1006;

function close(socket, code, reason) {
  if (socket.readyState === WebSocket.CLOSED || socket.readyState === WebSocket.CLOSING) {
    return;
  }
  if (socket.readyState === WebSocket.CONNECTING || code === ABNORMAL) {
    socket.terminate();
  } else if (code === NO_STATUS) {
    socket.close();
  } else {
    socket.close(code, reason);
  }
}

export class Relay {
  #server;

  // `judge.connection()` returns an object with `request(frame)` and `answer(text)`.
  static async start(target, judge) {
    const relay = new Relay();
    relay.target = target;
    relay.#server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
    relay.#server.on('connection', (client, upgrade) => relay.#accept(client, upgrade, judge));
    await new Promise((resolve, reject) => {
      relay.#server.once('listening', resolve);
      relay.#server.once('error', reject);
    });
    relay.url = `ws://127.0.0.1:${relay.#server.address().port}`;
    return relay;
  }

  #accept(client, upgrade, judge) {
    const watch = judge.connection();
    const headers = upgrade.headers.origin ? { origin: upgrade.headers.origin } : {};
    // It offers compression, so that a gateway which takes it up is noticed.
    const gateway = new WebSocket(this.target, { perMessageDeflate: true, headers, maxPayload: 1 << 26 });
    const waiting = [];
    gateway.on('open', () => {
      watch.opened?.(gateway.extensions);
      waiting.splice(0).forEach((text) => gateway.send(text));
    });
    client.on('message', (bytes) => {
      const text = bytes.toString();
      watch.request(text);
      if (gateway.readyState === WebSocket.OPEN) {
        gateway.send(text);
      } else {
        waiting.push(text);
      }
    });
    gateway.on('message', (bytes, binary) => {
      const text = bytes.toString();
      watch.answer(text, binary);
      client.send(text);
    });
    gateway.on('close', (code, reason) => close(client, code, reason));
    client.on('close', (code, reason) => close(gateway, code, reason));
    gateway.on('error', () => client.terminate());
    client.on('error', () => gateway.terminate());
  }

  async stop() {
    this.#server.clients.forEach((client) => client.terminate());
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
