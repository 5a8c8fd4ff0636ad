#include "core/reason.h"

#include <array>

namespace rastro {
namespace {

constexpr std::array<std::string_view, kReasonCount> kNames = {
    "",
    "greylisted",
    "rate_limited",
    "too_many_connections",
    "reputation",
    "spam_content",
    "virus_or_attachment",
    "auth_policy",
    "tls",
    "sender_rejected",
    "relay_denied",
    "auth_required",
    "user_unknown",
    "mailbox_full",
    "mailbox_disabled",
    "domain_not_found",
    "dns_temporary",
    "connection_timeout",
    "connection_refused",
    "connection_lost",
    "network_unreachable",
    "remote_error",
    "too_large",
    "too_many_recipients",
    "loop",
    "syntax",
    "expired",
    "local_disk_full",
    "local_config",
    "local_policy",
    "other",
    "unknown",
};

}  // namespace

std::string_view reason_name(Reason reason) {
  const auto index = static_cast<std::size_t>(reason);
  return index < kNames.size() ? kNames[index] : std::string_view{};
}

std::optional<Reason> parse_reason(std::string_view name) {
  for (std::size_t i = 1; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Reason>(i);
  }
  return std::nullopt;
}

}  // namespace rastro
