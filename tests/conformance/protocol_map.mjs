// Written by hand: which schema judges which payload. A method or event that the gateway advertises
// or sends and that is not here fails the suite, so whoever adds one decides here how it is judged.
// "protocol#/…" is OpenClaw's published schema; the others are ours (shapes/*.json), where it has no
// definition or leaves open what clients rely on.

const published = (name) => `protocol#/definitions/${name}`;
const result = (name) => `results#/definitions/${name}`;
const event = (name) => `events#/definitions/${name}`;
const schemas = (...references) => ({ schemas: references });

export const methods = {
  // The gateway that the schema describes sends auth.method only since 2026.9.6.
  connect: { ...schemas(published('HelloOk'), result('hello')), newer: [['auth', 'method']] },
  health: schemas('protocol#/definitions/Snapshot/properties/health', result('health')),
  status: schemas(result('status')),
  'chat.send': schemas(result('chat_send')),
  // With a cursor it answers what is new, else a page.
  'chat.history': (payload) =>
    payload?.kind ? schemas(published('ChatHistoryCursorResult')) : schemas(result('chat_history')),
  'chat.startup': (payload) =>
    payload?.kind ? schemas(published('ChatHistoryCursorResult')) : schemas(result('chat_history'), result('chat_startup')),
  'chat.metadata': schemas(result('chat_metadata')),
  'chat.abort': schemas(result('chat_abort')),
  // Answers twice: when it has accepted the input and when the run has ended.
  agent: (payload) => schemas(result(payload?.status === 'accepted' ? 'agent_accepted' : 'agent_final')),
  'agent.wait': schemas(result('agent_wait')),
  'agents.list': schemas(published('AgentsListResult')),
  'agent.identity.get': schemas(published('AgentIdentityResult'), result('agent_identity')),
  'models.list': schemas(published('ModelsListResult')),
  'commands.list': schemas(published('CommandsListResult')),
  'config.get': schemas(result('config_get')),
  'config.set': schemas(result('config_written')),
  'config.patch': schemas(result('config_written')),
  'config.apply': schemas(result('config_written')),
  'config.schema': schemas(published('ConfigSchemaResponse')),
  'config.schema.lookup': schemas(published('ConfigSchemaLookupResult')),
  'logs.tail': schemas(published('LogsTailResult'), result('logs_tail')),
  'system-presence': schemas(result('system_presence')),
  'system-event': schemas(result('done')),
  'last-heartbeat': schemas(result('last_heartbeat')),
  'cron.list': schemas(result('cron_list')),
  'cron.status': schemas(result('cron_status')),
  'question.list': schemas(published('QuestionListResult')),
  'sessions.list': schemas(result('sessions_list')),
  'sessions.subscribe': schemas(result('sessions_subscribe')),
  'sessions.messages.subscribe': schemas(result('messages_subscribe')),
  'sessions.messages.unsubscribe': schemas(result('messages_unsubscribe')),
  'sessions.describe': schemas(result('sessions_describe')),
  'sessions.create': schemas(published('SessionsCreateResult'), result('sessions_create')),
  'sessions.reset': schemas(result('sessions_reset')),
  'sessions.patch': schemas(result('sessions_patch')),
  'sessions.compact': schemas(result('sessions_compact')),
  'sessions.delete': schemas(published('SessionsDeleteResult')),
  'device.pair.list': schemas(result('device_pair_list')),
  'device.pair.approve': schemas(result('device_pair_approve')),
  'device.pair.reject': schemas(result('device_pair_reject')),
  'device.pair.remove': schemas(result('device_pair_remove')),
  'device.token.rotate': schemas(result('device_token_rotate')),
  'device.token.revoke': schemas(result('device_token_revoke')),
};

export const events = {
  'connect.challenge': schemas(event('connect_challenge')),
  tick: schemas(published('TickEvent')),
  shutdown: schemas(published('ShutdownEvent')),
  health: schemas('protocol#/definitions/Snapshot/properties/health', result('health')),
  presence: schemas(event('presence')),
  chat: schemas(published('ChatEvent'), event('chat')),
  // The published definition is closed but lacks the addressing that the gateway it describes sends
  // and that clients route by.
  agent: { schemas: [published('AgentEvent'), event('agent')], beyond: event('agent_addressing') },
  'sessions.changed': schemas(event('sessions_changed')),
  'session.message': schemas(event('session_message')),
  'session.tool': { schemas: [published('AgentEvent'), event('session_tool')], beyond: event('agent_addressing') },
  'session.operation': schemas(published('SessionOperationEvent')),
  'config.changed': schemas(event('config_changed')),
  'device.pair.requested': schemas(published('DevicePairRequestedEvent'), result('device_pending')),
  'device.pair.resolved': schemas(published('DevicePairResolvedEvent')),
};

const authentication = schemas(event('authentication_details'));

// error.details.code -> schema of error.details.
export const errorDetails = {
  AUTH_REQUIRED: authentication,
  AUTH_TOKEN_MISSING: authentication,
  AUTH_TOKEN_MISMATCH: authentication,
  AUTH_PASSWORD_MISSING: authentication,
  AUTH_PASSWORD_MISMATCH: authentication,
  AUTH_UNAUTHORIZED: authentication,
  AUTH_RATE_LIMITED: authentication,
  AUTH_DEVICE_TOKEN_MISMATCH: authentication,
  AUTH_SCOPE_MISMATCH: authentication,
  DEVICE_AUTH_SIGNATURE_INVALID: schemas(event('device_auth_details')),
  PAIRING_REQUIRED: schemas(event('pairing_required_details')),
  MISSING_SCOPE: schemas(published('MissingScopeErrorDetails')),
  UNKNOWN_AGENT_ID: schemas(published('UnknownAgentIdErrorDetails')),
  PROTOCOL_MISMATCH: schemas(event('protocol_mismatch_details')),
};
