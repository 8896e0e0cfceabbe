// The provider fake as a process: {port, stop(), get(what)}.
import { spawn } from 'node:child_process';

export async function startProvider() {
  const child = spawn(process.env.TROUPE_PROVIDER_FAKE, [], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((resolve, reject) => {
    child.stdout.on('data', (bytes) => {
      const match = /port (\d+)/.exec(bytes);
      if (match) resolve(Number(match[1]));
    });
    child.on('error', reject);
    child.on('exit', () => reject(new Error('the provider fake ended')));
  });
  return { port, stop: () => child.kill('SIGTERM'), get: async (what) => (await fetch(`http://127.0.0.1:${port}/${what}`)).json() };
}
