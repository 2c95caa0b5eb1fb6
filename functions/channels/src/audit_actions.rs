//! The audit actions of channels.

use shared::audit::AuditAction;

/// A person started to connect an account.
pub static CHANNEL_CONNECTION_STARTED: AuditAction = AuditAction::named("channel.connection_started");

/// A person authorised the use of an account; none is connected yet.
pub static CHANNEL_AUTHORISED: AuditAction = AuditAction::named("channel.authorised");

/// A channel was connected.
pub static CHANNEL_CONNECTED: AuditAction = AuditAction::named("channel.connected");

/// A channel was disconnected.
pub static CHANNEL_DISCONNECTED: AuditAction = AuditAction::named("channel.disconnected");

/// A channel needs a new sign-in.
pub static CHANNEL_REAUTHORISATION_NEEDED: AuditAction = AuditAction::named("channel.reauthorisation_needed");

/// A channel was connected again.
pub static CHANNEL_RECONNECTED: AuditAction = AuditAction::named("channel.reconnected");
