// A gateway with the HTTP APIs on, its model the provider fake, and a caller of it.
import { TOKEN } from '../../support/node/gateway_process.mjs';
import { TurnRig } from '../../support/node/turn_rig.mjs';

export const WEATHER = { name: 'get_weather', description: 'the weather of a city', parameters: { type: 'object', properties: { city: { type: 'string' } } } };
export const CALL_WEATHER = '#tool get_weather {"city":"Vienna"}';

export async function startRig() {
  const rig = await TurnRig.start(
    (port) => ({
      baseUrl: `http://127.0.0.1:${port}/v1`,
      apiKey: 'sk-canary-0123456789',
      api: 'openai-completions',
      models: [{ id: 'fake', name: 'fake' }, { id: 'fake-zero', name: 'fake-zero' }],
    }),
    { gateway: { http: { endpoints: { chatCompletions: { enabled: true }, responses: { enabled: true } } } } },
  );
  return Object.assign(rig, { call: (...how) => call(rig.gateway.httpUrl, ...how) });
}

// `token: null` sends none. A body that is no string goes as JSON.
export async function call(base, method, path, { token = TOKEN, headers = {}, body, signal } = {}) {
  const response = await fetch(base + path, {
    method,
    headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    signal,
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, headers: response.headers, type, text, json: type.startsWith('application/json') ? JSON.parse(text) : undefined };
}

// The events of a stream: [{event?, data}], where data is JSON or "[DONE]". Comments are left out.
export function events(text) {
  return text
    .split('\n\n')
    .filter((block) => block !== '' && !block.startsWith(':'))
    .map((block) => {
      const fields = Object.fromEntries(block.split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]));
      return { ...(fields.event ? { event: fields.event } : {}), data: fields.data === '[DONE]' ? fields.data : JSON.parse(fields.data) };
    });
}
