// What a connection saw, told in short words, and what one request caused: the same words for what was
// recorded and for what our gateway does.

const isCut = (value) => typeof value === 'string' && value.startsWith('__truncated');

// One event as a token: "chat final", "agent lifecycle end", "sessions.changed patch", … What a trace
// has cut out is "?".
export function tokenOf(event, payload) {
  switch (event) {
    case 'chat':
      return ['chat', payload.state].join(' ');
    case 'agent':
    case 'session.tool':
      return [event, payload.stream, isCut(payload.data) ? '?' : payload.data?.phase].filter(Boolean).join(' ');
    case 'sessions.changed':
      return [event, payload.reason ?? payload.phase].filter(Boolean).join(' ');
    case 'session.message':
      return [event, isCut(payload.message) ? '?' : payload.message?.role].filter(Boolean).join(' ');
    case 'session.operation':
      return [event, payload.phase].filter(Boolean).join(' ');
    case 'task':
    case 'cron':
      return [event, payload.action].filter(Boolean).join(' ');
    default:
      return event;
  }
}

// Which of several answers a method has it is.
export function variantOf(method, payload) {
  if (method === 'agent') {
    return payload?.status === 'accepted' ? 'agent accepted' : 'agent final';
  }
  if (typeof payload?.kind === 'string' && method.startsWith('chat.')) {
    return `${method} ${payload.kind}`;
  }
  if (method === 'sessions.subscribe' && payload?.sessions) {
    return 'sessions.subscribe listed';
  }
  return payload?.noop === true ? `${method} noop` : method;
}

// The events that a request brings about which starts no run.
const CAUSED = {
  'sessions.create': ['sessions.changed'],
  'sessions.patch': ['sessions.changed'],
  'sessions.reset': ['sessions.changed'],
  'sessions.compact': ['sessions.changed', 'session.operation'],
  'sessions.delete': ['sessions.changed'],
  'device.pair.approve': ['device.pair.resolved'],
  'device.pair.reject': ['device.pair.resolved'],
  'device.pair.remove': ['device.pair.resolved'],
  'config.patch': ['config.changed'],
  'system-event': ['presence'],
};
export const RUNS = ['agent', 'chat.send'];

const collapsed = (tokens) => tokens.filter((token, i) => token !== tokens[i - 1]);

// Of one connection's frames, in order of arrival, with the requests in between, each request that
// causes something: [{request: index, method, tokens}]. A frame: {send: {id, method, params}} |
// {answer: {id, ok, payload}} | {event, payload}.
export function stories(frames) {
  const methods = new Map(frames.filter(({ send }) => send).map(({ send }) => [send.id, send]));
  const starts = frames.flatMap(({ send }, index) => (send && (RUNS.includes(send.method) || CAUSED[send.method]) ? [index] : []));
  return starts
    .map((start) => {
      const { send } = frames[start];
      const isRun = RUNS.includes(send.method);
      const belongs = isRun ? runEvents(frames, start, starts) : causedEvents(frames, start, starts);
      const tokens = frames.slice(start + 1).flatMap((frame, i) => {
        if (frame.answer) {
          const asked = methods.get(frame.answer.id);
          const mine = frame.answer.id === send.id || (isRun && asked?.method === 'chat.abort' && frame.answer.payload?.runIds?.includes(send.params?.idempotencyKey));
          return mine ? [`answer ${frame.answer.ok ? variantOf(asked.method, frame.answer.payload) : `error ${asked.method}`}`] : [];
        }
        return frame.event && belongs(frame, start + 1 + i) ? [tokenOf(frame.event, frame.payload)] : [];
      });
      const refused = isRefused(frames, send);
      const subscribed = frames.slice(0, start).some(({ send: earlier }) => earlier?.method === 'sessions.subscribe');
      return { id: send.id, method: send.method, subscribed, tokens: refused ? tokens.filter((token) => token.startsWith('answer error')) : collapsed(tokens) };
    })
    .filter(({ tokens }) => tokens.length > 0);
}

function runEvents(frames, start, starts) {
  const { params } = frames[start].send;
  const runId = params?.idempotencyKey;
  // Sent again, it is the same run, which the first one tells.
  if (starts.some((index) => index < start && frames[index].send.params?.idempotencyKey === runId)) {
    return () => false;
  }
  const key = frames.find(({ event, payload }) => event && payload?.runId === runId)?.payload.sessionKey ?? params?.sessionKey;
  // What names the session and no run belongs to the last request about that session, from where it is
  // said that somebody has sent.
  const next = starts.find((index) => index > start && RUNS.includes(frames[index].send.method)) ?? frames.length;
  const isSent = ({ event, payload }) => event === 'sessions.changed' && payload.reason === 'send' && payload.sessionKey === key;
  const sent = frames.findIndex((frame, index) => index > start && index < next && isSent(frame));
  return ({ payload }, index) =>
    payload?.runId === runId || (index >= sent && index < next && key && !payload?.runId && payload?.sessionKey === key);
}

function causedEvents(frames, start, starts) {
  const { send } = frames[start];
  const { method } = send;
  if (method.startsWith('sessions.') && method !== 'sessions.compact') {
    // One event each, in the order of the requests, which may have been sent before the first was told.
    const told = frames.flatMap((frame, index) => (CAUSED[method].includes(frame.event) && aboutIt(send, frame.event, frame.payload) ? [index] : []));
    const isLikeThis = (index) => frames[index].send.method === method && keyOf(frames[index].send) === keyOf(send) && !isRefused(frames, frames[index].send);
    const mine = told[starts.filter((index) => index < start && isLikeThis(index)).length];
    return (_, index) => index === mine;
  }
  const next = starts.find((index) => index > start && frames[index].send.method === method) ?? frames.length;
  return ({ event, payload }, index) => index < next && CAUSED[method].includes(event) && !payload?.runId && aboutIt(frames[start].send, event, payload);
}

const keyOf = ({ params }) => params?.key ?? '';
const isRefused = (frames, send) => frames.find(({ answer }) => answer?.id === send.id)?.answer.ok === false;

function aboutIt({ method, params }, event, payload) {
  switch (event) {
    case 'sessions.changed':
      return payload.reason === method.slice('sessions.'.length) && payload.sessionKey?.endsWith(keyOf({ params })) === true;
    case 'session.operation':
      return payload.sessionKey === params?.key;
    case 'device.pair.resolved':
      return payload.requestId === params?.requestId || payload.deviceId === params?.deviceId;
    default:
      return true;
  }
}

const isLike = (token, recorded) => token === recorded || (recorded.endsWith(' ?') && token.startsWith(recorded.slice(0, -1)));

// The order that all of several tellings keep: pairs [a, b] where a's first comes before b's first in
// each that has both.
export function precedence(tellings) {
  const after = new Map();
  for (const tokens of tellings) {
    const first = firsts(tokens);
    for (const [a, i] of first) {
      for (const [b, j] of first) {
        if (a !== b) {
          const pair = JSON.stringify([a, b]);
          after.set(pair, (after.get(pair) ?? true) && i < j);
        }
      }
    }
  }
  tellings.forEach((tokens) => withdraw(after, tokens));
  return [...after].filter(([, holds]) => holds).map(([pair]) => JSON.parse(pair));
}

// What a trace has cut out may have been any of its kind, so it speaks against all orders that it breaks.
function withdraw(after, tokens) {
  const first = firsts(tokens);
  for (const [cut, i] of [...first].filter(([token]) => token.endsWith(' ?'))) {
    for (const pair of after.keys()) {
      const [a, b] = JSON.parse(pair);
      const breaks = (isLike(a, cut) && first.get(b) < i) || (isLike(b, cut) && i < first.get(a));
      breaks && after.set(pair, false);
    }
  }
}

function firsts(tokens) {
  const first = new Map();
  tokens.forEach((token, i) => first.has(token) || first.set(token, i));
  return first;
}

// What is said of a run after its abort was answered comes from work that was cut off: it need not be
// said, and may be.
const untilAborted = (tokens) => {
  const aborted = tokens.indexOf('answer chat.abort');
  return aborted < 0 ? tokens : tokens.slice(0, aborted + 1);
};

// What of the recorded story has not been told.
export function untold(recorded, ours) {
  return [...new Set(untilAborted(recorded))].filter((wanted) => !ours.some((token) => isLike(token, wanted)));
}

// What is unlike the recorded in ours: [{kind: 'absent'|'strange'|'order', token}]. `known`: every token
// that was ever recorded of this method.
export function storyDifferences(recorded, ours, known, order) {
  const first = firsts(ours);
  const strange = [...new Set(untilAborted(ours))].filter((token) => !token.startsWith('answer ') && ![...known].some((wanted) => isLike(token, wanted)));
  // What came behind the answer to an abort may come before it, too: whoever stops a run knows more then.
  const swapped = order.filter(([a, b]) => a !== 'answer chat.abort' && first.has(a) && first.has(b) && first.get(a) > first.get(b));
  return [
    ...untold(recorded, ours).map((token) => ({ kind: 'absent', token })),
    ...strange.map((token) => ({ kind: 'strange', token })),
    ...swapped.map(([a, b]) => ({ kind: 'order', token: `${a} before ${b}` })),
  ];
}
