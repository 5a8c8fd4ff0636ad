#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rastro {

// Under what a line is counted (DESIGN 3.2). A kind counts as understood only if every field that
// the form carries is extracted. The names are API: `rastro scan --lines`, /v1/status, /metrics.
#define RASTRO_LINE_KINDS(X)                            \
  X(unrecognised, "unrecognised")                       \
  X(foreign, "foreign")                                 \
  X(known_ignored, "known.ignored")                     \
  X(log_loss, "log.loss")                               \
  X(postfix_connect, "postfix.connect")                 \
  X(postfix_disconnect, "postfix.disconnect")           \
  X(postfix_session_trouble, "postfix.session_trouble") \
  X(postfix_tls, "postfix.tls")                         \
  X(postfix_client, "postfix.client")                   \
  X(postfix_pickup, "postfix.pickup")                   \
  X(postfix_message_id, "postfix.message_id")           \
  X(postfix_queue_active, "postfix.queue_active")       \
  X(postfix_delivery, "postfix.delivery")               \
  X(postfix_removed, "postfix.removed")                 \
  X(postfix_expired, "postfix.expired")                 \
  X(postfix_queue_action, "postfix.queue_action")       \
  X(postfix_notification, "postfix.notification")       \
  X(postfix_policy, "postfix.policy")                   \
  X(postfix_reject, "postfix.reject")                   \
  X(postfix_proxy, "postfix.proxy")                     \
  X(postfix_host_failure, "postfix.host_failure")       \
  X(postfix_login_failed, "postfix.login_failed")       \
  X(postfix_postscreen, "postfix.postscreen")           \
  X(postfix_verify, "postfix.verify")                   \
  X(postfix_note, "postfix.note")                       \
  X(postfix_warning, "postfix.warning")                 \
  X(exim_arrival, "exim.arrival")                       \
  X(exim_delivery, "exim.delivery")                     \
  X(exim_deferral, "exim.deferral")                     \
  X(exim_failure, "exim.failure")                       \
  X(exim_completed, "exim.completed")                   \
  X(exim_queue_action, "exim.queue_action")             \
  X(exim_reject, "exim.reject")                         \
  X(exim_policy, "exim.policy")                         \
  X(exim_host_failure, "exim.host_failure")             \
  X(exim_session_trouble, "exim.session_trouble")       \
  X(exim_connection, "exim.connection")                 \
  X(exim_tls_failure, "exim.tls_failure")               \
  X(exim_login_failed, "exim.login_failed")             \
  X(exim_invocation, "exim.invocation")                 \
  X(exim_verification, "exim.verification")             \
  X(exim_note, "exim.note")                             \
  X(exim_queue_run, "exim.queue_run")                   \
  X(exim_reject_header, "exim.reject_header")           \
  X(exim_warning, "exim.warning")                       \
  X(dovecot_delivery, "dovecot.delivery")               \
  X(dovecot_login, "dovecot.login")                     \
  X(dovecot_auth, "dovecot.auth")                       \
  X(saslauthd_login, "saslauthd.login")                 \
  X(amavis_verdict, "amavis.verdict")                   \
  X(rspamd_verdict, "rspamd.verdict")                   \
  X(spamd_verdict, "spamd.verdict")                     \
  X(opendkim_verdict, "opendkim.verdict")               \
  X(opendmarc_verdict, "opendmarc.verdict")             \
  X(postgrey_verdict, "postgrey.verdict")               \
  X(policyd_spf_verdict, "policyd_spf.verdict")         \
  X(clamav_verdict, "clamav.verdict")                   \
  X(postsrsd_rewrite, "postsrsd.rewrite")               \
  X(dovecot_session, "dovecot.session")                 \
  X(greylist_verdict, "greylist.verdict")               \
  X(policyd_verdict, "policyd.verdict")                 \
  X(companion_warning, "companion.warning")             \
  X(pmg_verdict, "pmg.verdict")                         \
  X(postfix_debug, "postfix.debug")                     \
  X(mailscanner_verdict, "mailscanner.verdict")         \
  X(mimedefang_verdict, "mimedefang.verdict")           \
  X(filter_verdict, "filter.verdict")                   \
  X(cyrus_delivery, "cyrus.delivery")                   \
  X(openarc_verdict, "openarc.verdict")                 \
  X(courier_login, "courier.login")                     \
  X(plesk_verdict, "plesk.verdict")                     \
  X(cyrus_login, "cyrus.login")                         \
  X(dovecot_debug, "dovecot.debug")                     \
  X(log_restart, "log.restart")

enum class LineKind : std::uint16_t {
#define RASTRO_KIND(name, text) name,
  RASTRO_LINE_KINDS(RASTRO_KIND)
#undef RASTRO_KIND
      count_  // NOLINT(readability-identifier-naming): no kind, the number of them
};
inline constexpr std::size_t kLineKindCount = static_cast<std::size_t>(LineKind::count_);

std::string_view line_kind_name(LineKind kind);

}  // namespace rastro
