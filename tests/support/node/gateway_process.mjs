// Starts the real gateway as its user does and reads the port from its own words.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const READY_MS_MAX = 20_000;
const STOP_MS_MAX = 15_000;
const READY_LINE = /listening on http:\/\/127\.0\.0\.1:(\d+)/;

export const TOKEN = 'conformance-token-0123456789abcdef';

export function gatewayBinary() {
  const root = path.resolve(import.meta.dirname, '../../..');
  const binary = process.env.TROUPE_BINARY ?? path.join(root, 'build/release/troupe');
  if (!existsSync(binary)) {
    throw new Error(`the gateway is not built: ${binary} is missing; run scripts/build.sh`);
  }
  return binary;
}

// A gateway with its own state directory. `restart()` keeps the directory, `dispose()` removes it.
export class Gateway {
  #child;
  #output = '';
  #exited;

  constructor({ env = {}, options = [], ready = READY_LINE } = {}) {
    this.ready = ready;
    this.stateDir = mkdtempSync(path.join(tmpdir(), 'troupe-conformance-'));
    this.env = env;
    this.options = options;
  }

  // From the next start on it listens where it listens now, so that others find it again.
  keepPort() {
    this.fixedPort = this.port;
  }

  get url() {
    return `ws://127.0.0.1:${this.port}`;
  }

  get httpUrl() {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid() {
    return this.#child?.pid;
  }

  // Everything it wrote, for the report of a failure.
  get output() {
    return this.#output;
  }

  async start() {
    const child = spawn(
      gatewayBinary(),
      ['gateway', 'run', '--port', String(this.fixedPort ?? 0), '--state-dir', this.stateDir, ...this.options],
      {
        // Nothing of the developer's own setup reaches it.
        env: { PATH: process.env.PATH, HOME: this.stateDir, TROUPE_GATEWAY_TOKEN: TOKEN, ...this.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.on('exit', (code, signal) => {
        this.ended = { code, signal };
        resolve(this.ended);
      });
    });
    this.ended = undefined;
    this.port = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => fail(`not ready within ${READY_MS_MAX} ms`), READY_MS_MAX);
      const fail = (why) => {
        clearTimeout(timer);
        child.kill('SIGKILL');
        reject(new Error(`the gateway is ${why}; it wrote:\n${this.#output}`));
      };
      // The line may come in pieces, so the whole of stdout is searched.
      this.stdout = '';
      child.stdout.on('data', (bytes) => {
        this.#output += bytes;
        this.stdout += bytes;
        const match = this.ready.exec(this.stdout);
        if (match) {
          clearTimeout(timer);
          resolve(Number(match[1]));
        }
      });
      child.stderr.on('data', (bytes) => (this.#output += bytes));
      child.on('error', (error) => fail(`not startable: ${error.message}`));
      child.on('exit', (code, signal) => fail(`gone (code ${code}, signal ${signal})`));
    });
    return this;
  }

  // Throws what is known when it has ended by itself: waiting for it would only hide that.
  mustRun() {
    if (this.#child && this.ended) {
      const { code, signal } = this.ended;
      throw new Error(`the gateway has ended by itself (code ${code}, signal ${signal}); it wrote:\n${this.#output}`);
    }
  }

  // As Kubernetes and systemd do. Returns {code, signal}.
  async stop(signal = 'SIGTERM') {
    if (!this.#child) {
      return undefined;
    }
    const child = this.#child;
    this.#child = undefined;
    child.kill(signal);
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => {
        child.kill('SIGKILL');
        resolve({ code: null, signal: 'still running after SIGTERM' });
      }, STOP_MS_MAX);
    });
    const ended = await Promise.race([this.#exited, late]);
    clearTimeout(timer);
    return ended;
  }

  async restart(signal = 'SIGKILL') {
    await this.stop(signal);
    return this.start();
  }

  async dispose() {
    const ended = await this.stop();
    rmSync(this.stateDir, { recursive: true, force: true });
    return ended;
  }
}
