#include "daemon/correlate/own_words.h"

#include <string>

#include "core/address.h"
#include "core/ip_networks.h"
#include "core/unfinished_check.h"

namespace rastro {
namespace {

// Whose cause stands in the line before it.
bool is_about_sender_check(std::string_view text) {
  return text == "Sender verify failed" || text == "Could not complete sender verify" ||
         text == "Could not complete sender verify callout";
}

}  // namespace

Reason reason_of_unrouteable(Reason reason, const LegRecipient& recipient, std::string_view sender,
                             bool from_outside) {
  if (reason != Reason::domain_not_found || recipient.reply_text != "Unrouteable address") {
    return reason;
  }
  const auto domain = split_address(recipient.recipient).domain;
  const auto is_of = [domain](std::string_view address) {
    return equal_ignoring_case(split_address(address).domain, domain);
  };
  // An alias may point anywhere.
  const bool ours =
      domain.empty() || (recipient.original_recipient ? is_of(*recipient.original_recipient)
                                                      : from_outside || is_of(sender));
  return ours ? Reason::user_unknown : reason;
}

Reason reason_of_own_trouble(Reason reason, const std::optional<EnhancedStatus>& status,
                             std::string_view reply_text) {
  // Nothing is known to be wrong with the sender.
  if (reason == Reason::sender_rejected && is_check_unfinished(reply_text))
    return Reason::remote_error;
  const auto says = [reply_text](std::string_view words) {
    return reply_text.find(words) != std::string_view::npos;
  };
  // Exim asked the recipient's server, which refused that recipient in words of its own.
  if (reason == Reason::sender_rejected && !reply_text.starts_with("Sender verify failed") &&
      says("response to \"RCPT TO:<"))
    return Reason::user_unknown;
  if (says(" said: ")) return reason;
  if (says("Insufficient system storage") || says("No space left on device"))
    return Reason::local_disk_full;
  if (says("map lookup problem") || is_scanner_trouble(reply_text)) return Reason::local_config;
  if (reason != Reason::remote_error || !status || status->subject != 3) return reason;
  if (status->detail == 1) return Reason::local_disk_full;
  const bool set_up = status->detail == 5 || reply_text.ends_with("Temporary lookup failure");
  return set_up ? Reason::local_config : reason;
}

std::string with_cause(const LegRecord& leg, std::string_view refusal, std::string_view cause) {
  std::string out(refusal);
  if (!is_about_sender_check(refusal)) return out;
  if (cause.starts_with(refusal)) return std::string(cause);  // since 4.91, of a callout
  if (!cause.empty()) return out.append(": ").append(cause);
  out.append(": ");
  for (const auto& known : leg.recipients) {
    if (known.reply_text.starts_with(out)) return known.reply_text;
  }
  return std::string(refusal);
}

Reason reason_of_putting_off(std::string_view text) {
  return text.starts_with("Error in system filter") ? Reason::local_config : Reason::local_policy;
}

std::string_view cause_of_unfinished_check(std::string_view text) {
  constexpr std::string_view kWords = "Could not complete sender verify: ";
  return text.starts_with(kWords) ? text.substr(kWords.size()) : std::string_view();
}

bool is_scanner_trouble(std::string_view text) {
  return text.starts_with("malware acl condition: ") || text.starts_with("spam acl condition: ");
}

Reason reason_of_own_table(Reason reason, std::string_view agent, std::string_view reply_text) {
  const bool says_so = agent == "error" || agent == "retry";
  if (!says_so || reply_text.starts_with("delivery temporarily suspended: ")) return reason;
  const bool names_nothing = reason == Reason::remote_error || reason == Reason::other ||
                             reason == Reason::unknown || reason == Reason::none;
  return names_nothing ? Reason::local_policy : reason;
}

Reason reason_of_their_trouble(Reason reason, std::string_view relay_ip) {
  const bool theirs = !relay_ip.empty() && !is_loopback(relay_ip);
  return theirs && reason == Reason::local_config ? Reason::remote_error : reason;
}

bool answers_by_itself(std::string_view transport, std::string_view command) {
  const auto is_so_called = [](std::string_view called) {
    const auto name = ascii_lower(called);
    for (const std::string_view word :
         {"vacation", "autoreply", "auto_reply", "autorespon", "auto_respon", "autowhitelist"}) {
      if (name.find(word) != std::string::npos) return true;
    }
    return name == "address_reply";
  };
  if (command.starts_with('|')) {
    command = command.substr(1, command.find(' ') - 1);
    if (is_so_called(command.substr(command.rfind('/') + 1))) return true;
  }
  return is_so_called(transport);
}

bool asks_for_login(std::string_view program, std::string_view reply_text) {
  const auto says = [](std::string_view text, std::string_view word) {
    return text.find(word) != std::string_view::npos;
  };
  const bool for_logins = says(program, "submission") || says(program, "/smtps/") ||
                          says(program, "/465/") || says(program, "/587/");
  return for_logins && (reply_text.ends_with("Client host rejected: Access denied") ||
                        reply_text.ends_with("Recipient address rejected: Access denied"));
}

}  // namespace rastro
