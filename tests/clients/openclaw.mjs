// OpenClaw as it was installed by scripts/setup.sh --clients.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const VERSION = '2026.9.6';

// The folder of the package; throws when it is not the one that is meant.
export function openclawFolder() {
  const folder = path.join(import.meta.dirname, 'node_modules/openclaw');
  if (!existsSync(folder)) throw new Error('OpenClaw is not installed; run scripts/setup.sh --clients');
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json')));
  if (version !== VERSION) throw new Error(`OpenClaw ${version} is installed instead of ${VERSION}`);
  return folder;
}

export const controlUiRoot = () => path.join(openclawFolder(), 'dist/control-ui');

export const openaiProvider = (port) => ({ baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: 'sk-canary-0123456789', api: 'openai-completions' });
