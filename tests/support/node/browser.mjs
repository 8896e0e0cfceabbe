// Debian's Chromium, driven without a screen. Every page's complaints are kept: a test says which
// ones it takes.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { chromium } from 'playwright-core';

const CHROMIUM = process.env.TROUPE_CHROMIUM ?? '/usr/bin/chromium';
// A page that loads three hundred modules on a busy machine with two cores.
const ACTION_MS_MAX = 60_000;

export class Browser {
  // A browser with a profile of its own: what it stores stays until `dispose`.
  static async start(options = {}) {
    if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing; run scripts/setup.sh --tests`);
    const browser = new Browser();
    browser.profile = mkdtempSync(path.join(tmpdir(), 'troupe-browser-'));
    browser.context = await chromium.launchPersistentContext(browser.profile, {
      executablePath: CHROMIUM,
      headless: true,
      // In a container there is no second sandbox to be had; what is opened is our own.
      chromiumSandbox: false,
      args: ['--disable-gpu', '--disable-dev-shm-usage'],
      // Nothing is fetched from other servers in a test.
      serviceWorkers: 'allow',
      ...options,
    });
    browser.context.setDefaultTimeout(ACTION_MS_MAX);
    return browser;
  }

  // A new tab: {page, complaints, requests, sockets, frames}. `frames`: what its WebSockets carried.
  async tab() {
    const page = await this.context.newPage();
    const seen = { page, complaints: [], requests: [], sockets: [], frames: [] };
    page.on('console', (message) => message.type() === 'error' && seen.complaints.push(message.text()));
    page.on('pageerror', (error) => seen.complaints.push(String(error)));
    page.on('request', (request) => seen.requests.push(request.url()));
    page.on('websocket', (socket) => {
      seen.sockets.push(socket.url());
      const keep = (dir) => ({ payload }) => seen.frames.push({ dir, frame: JSON.parse(payload.toString()) });
      socket.on('framesent', keep('sent'));
      socket.on('framereceived', keep('received'));
    });
    return seen;
  }

  async dispose() {
    await this.context.close();
    rmSync(this.profile, { recursive: true, force: true });
  }
}
