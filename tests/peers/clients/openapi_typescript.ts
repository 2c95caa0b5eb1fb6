// openapi-typescript with openapi-fetch: a call of each list, creation and paged route.
import createClient from 'openapi-fetch';

import { body, facts, check, tell } from './facts';
import type { components, paths } from './generated/schema';

tell(async () => {
  const { base_url, access_token, passkey, bluesky, mastodon, sha256 } = facts();
  const api = createClient<paths>({ baseUrl: base_url, headers: { authorization: `Bearer ${access_token}` } });
  const credential = passkey.credential as components['schemas']['PasskeyRegistration'];

  const added = body('register_passkey', await api.POST('/me/passkeys', { body: { ceremony: passkey.ceremony, name: 'Key', credential } }));
  const passkeys = body('list_passkeys', await api.GET('/me/passkeys'));
  check('the passkey is listed', passkeys.items.some(({ id }) => id === added.id));
  check('an app is begun', body('enrol_totp', await api.POST('/me/totp')).secret.length > 0);
  check('codes are given', body('regenerate_recovery_codes', await api.POST('/me/recovery-codes')).recovery_codes.length > 0);
  const token = body('create_access_token', await api.POST('/me/access-tokens', { body: { name: 'Program', scopes: ['posts:read'] } }));
  const tokens = body('list_access_tokens', await api.GET('/me/access-tokens'));
  check('the token is listed', tokens.items.some(({ id }) => id === token.id));
  check('the session is listed', body('list_sessions', await api.GET('/me/sessions')).items.length === 1);
  const signIns = body('list_sign_ins', await api.GET('/me/sign-ins', { params: { query: { limit: 1 } } }));
  check('the sign-in is listed', signIns.items.length === 1);

  const { id: workspace_id } = body('create_workspace', await api.POST('/workspaces', { body: { name: 'Studio' } }));
  const workspaces = body('list_workspaces', await api.GET('/workspaces'));
  check('the workspace is listed', workspaces.items.some(({ id }) => id === workspace_id));
  const path = { workspace_id };
  const invite = { email: `invited.${workspace_id}@example.com`, role: 'member' as const };
  const invited = body('invite_member', await api.POST('/workspaces/{workspace_id}/invitations', { params: { path }, body: invite }));
  const invitations = body(
    'list_invitations',
    await api.GET('/workspaces/{workspace_id}/invitations', { params: { path, query: { limit: 10 } } }),
  );
  check('the invitation is listed', invitations.items[0]?.id === invited.id && invitations.next_cursor === null);
  const program = { name: 'Program', scopes: ['posts:write' as const] };
  const machine = body('create_workspace_token', await api.POST('/workspaces/{workspace_id}/tokens', { params: { path }, body: program }));
  const machines = body(
    'list_workspace_tokens',
    await api.GET('/workspaces/{workspace_id}/tokens', { params: { path, query: { limit: 10 } } }),
  );
  check('the workspace token is listed', machine.token !== null && machines.items[0]?.id === machine.id && machines.next_cursor === null);
  const members = body('list_members', await api.GET('/workspaces/{workspace_id}/members', { params: { path, query: { limit: 10 } } }));
  check('the owner is listed', members.items.length === 1 && members.items[0]?.role === 'owner');
  const offers = body('list_ownership_offers', await api.GET('/workspaces/{workspace_id}/ownership-offers', { params: { path } }));
  check('no ownership is offered', offers.items.length === 0);
  const sessions = body('list_override_sessions', await api.GET('/workspaces/{workspace_id}/override-sessions', { params: { path } }));
  check('no session of the staff is open', sessions.items.length === 0);
  const entitlements = body('get_entitlements', await api.GET('/workspaces/{workspace_id}/entitlements', { params: { path } }));
  check('the audit log is included', entitlements.features.some(({ name, included }) => name === 'AuditLog' && included));
  const usage = body('get_usage', await api.GET('/workspaces/{workspace_id}/usage', { params: { path } }));
  check('the invitation is counted', usage.items.some(({ name, current }) => name === 'members' && current === 2));
  const channel = body(
    'connect_bluesky',
    await api.POST('/workspaces/{workspace_id}/channels/bluesky', { params: { path }, body: bluesky }),
  );
  const start = { platform: 'mastodon' as const, service: mastodon.service };
  const connection = body(
    'start_connection',
    await api.POST('/workspaces/{workspace_id}/channels/connections', { params: { path }, body: start }),
  );
  const of_connection = { workspace_id, connection_id: connection.id };
  const state = new URL(connection.authorization_url!).searchParams.get('state')!;
  const agreed = { code: mastodon.code, state };
  const completing = { params: { path: of_connection }, body: agreed };
  const offered = body(
    'complete_connection',
    await api.POST('/workspaces/{workspace_id}/channels/connections/{connection_id}/complete', completing),
  );
  check('the account is offered', offered.accounts[0]?.account_id === mastodon.account_id);
  const choosing = { params: { path: of_connection }, body: { account_id: mastodon.account_id } };
  const other = body(
    'choose_account',
    await api.POST('/workspaces/{workspace_id}/channels/connections/{connection_id}/choose', choosing),
  );
  check('the account is connected', other.platform === 'mastodon' && other.state === 'connected');
  const channels = body('list_channels', await api.GET('/workspaces/{workspace_id}/channels', { params: { path, query: { limit: 10 } } }));
  check('the channels are listed', channels.items.length === 2 && channels.next_cursor === null);
  const platforms = body('list_platforms', await api.GET('/workspaces/{workspace_id}/platforms', { params: { path } }));
  check('the platforms are listed', platforms.items.some(({ platform, connected_by }) => platform === 'mastodon' && connected_by === 'oauth'));
  const upload = body(
    'create_upload',
    await api.POST('/workspaces/{workspace_id}/media', { params: { path }, body: { size_bytes: 3, sha256, alt_text: 'A dot' } }),
  );
  check('the upload is signed', upload.upload?.method === 'PUT' && upload.media.state === 'awaiting_upload');
  const posts = [];
  for (const text of ['One', 'Two']) {
    const draft = { text, channel_ids: [channel.id], media_ids: [] };
    posts.push(body('create_post', await api.POST('/workspaces/{workspace_id}/posts', { params: { path }, body: draft })));
  }
  const variants = [{ channel_id: other.id, text: 'Toot', options: { platform: 'mastodon' as const, visibility: 'unlisted' as const } }];
  const previewing = { params: { path }, body: { text: 'One', channel_ids: [channel.id, other.id], variants } };
  const shown = body('preview_post', await api.POST('/workspaces/{workspace_id}/posts/preview', previewing));
  check('the preview shows each channel', shown.items[0]?.text === 'One' && shown.items[1]?.text === 'Toot');
  const first = body('list_posts', await api.GET('/workspaces/{workspace_id}/posts', { params: { path, query: { limit: 1 } } }));
  const cursor = first.next_cursor ?? undefined;
  const second = body('list_posts', await api.GET('/workspaces/{workspace_id}/posts', { params: { path, query: { limit: 1, cursor } } }));
  check('pages hold one post each', first.items[0]?.id === posts[1]?.id && second.items[0]?.id === posts[0]?.id);
  const of_post = { workspace_id, post_id: posts[0]!.id };
  const deliveries = body(
    'list_deliveries',
    await api.GET('/workspaces/{workspace_id}/posts/{post_id}/deliveries', { params: { path: of_post, query: { limit: 5 } } }),
  );
  check('a draft has no deliveries', deliveries.items.length === 0 && deliveries.next_cursor === null);
  const entries = body(
    'list_audit_entries',
    await api.GET('/workspaces/{workspace_id}/audit-entries', { params: { path, query: { limit: 1 } } }),
  );
  check('the last entry is listed', entries.items[0]?.action === 'post.created' && entries.next_cursor !== null);

  const read = await api.GET('/workspaces/{workspace_id}/posts/{post_id}', { params: { path: of_post } });
  const tag = read.response.headers.get('etag') ?? '';
  const change = (text: string) =>
    api.PATCH('/workspaces/{workspace_id}/posts/{post_id}', { params: { path: of_post, header: { 'If-Match': tag } }, body: { text } });
  const changed = body('update_post', await change('Three'));
  check('what is left out stays', changed.text === 'Three' && changed.channel_ids.length === 1);
  const refused = await change('Four');
  check('another version is refused', refused.error?.code === 'precondition_failed');
});
