#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rastro {

// Why a recipient is not (yet) delivered. A closed list; the names are API (docs/reasons.md).
enum class Reason : std::uint8_t {
  none,  // nothing to explain: delivered, or not tried yet
  greylisted,
  rate_limited,
  too_many_connections,
  reputation,
  spam_content,
  virus_or_attachment,
  auth_policy,
  tls,
  sender_rejected,
  relay_denied,
  auth_required,
  user_unknown,
  mailbox_full,
  mailbox_disabled,
  domain_not_found,
  dns_temporary,
  connection_timeout,
  connection_refused,
  connection_lost,
  network_unreachable,
  remote_error,
  too_large,
  too_many_recipients,
  loop,
  syntax,
  expired,
  local_disk_full,
  local_config,
  local_policy,
  other,    // a text that no rule knows
  unknown,  // no text and no code
};
inline constexpr std::size_t kReasonCount = static_cast<std::size_t>(Reason::unknown) + 1;

// "" for Reason::none, else the name above.
std::string_view reason_name(Reason reason);
std::optional<Reason> parse_reason(std::string_view name);

}  // namespace rastro
