// iRedAPD (libs/utils.py log_policy_request()): what a restriction asked it and what it answered.
#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

constexpr KnownForm kIgnored[] = {
    {"Starting iRedAPD (version: {}, backend: {}), listening on {}.", "iredapd.py"},
    {"Loading plugin (priority: {}): {}", "libs/utils.py"},
    {"Received SIG{}, shutdown.", "iredapd.py"},
};
constexpr KnownForm kTrouble[] = {
    {"<!> Error: {}", "libs/utils.py"},
    {"<!> {}", "libs/utils.py"},
    {"Error while loading plugin '{}': {}", "libs/utils.py"},
    {"Plugin {} ({}) does not exist.", "libs/utils.py"},
};

// "login => sender -> recipient", "login => recipient" where the login is the sender, or "sender ->
// recipient" of a stranger.
bool take_parties(std::string_view& rest, CompanionFact& fact) {
  const auto arrow = rest.find("-> ");
  const auto twofold = rest.find("=> ");
  if (twofold < arrow) {
    if (twofold == 0) return false;
    const auto login = rest.substr(0, twofold - 1);
    add_value(fact, "login", login);
    fact.envelope_sender = login;
    rest.remove_prefix(twofold + 3);
  }
  if (auto behind = rest; const auto sender = maybe_take_until(behind, std::string_view(" -> "))) {
    if (sender->find(", ") == std::string_view::npos) {
      fact.envelope_sender = *sender;
      rest = behind;
    }
  } else if (rest.starts_with("-> ")) {
    fact.envelope_sender = std::string_view();
    rest.remove_prefix(3);
  }
  if (!fact.envelope_sender) return false;
  const auto recipient = maybe_take_until(rest, std::string_view(", "));
  if (!recipient) return false;
  if (!recipient->empty()) fact.recipient = *recipient;
  return true;
}

}  // namespace

ParsedLine parse_iredapd(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  if (maybe_take(rest, '[')) {
    CompanionFact fact;
    fact.source = "iredapd";
    const auto ip = maybe_take_until(rest, std::string_view("] "));
    const auto state = ip ? maybe_take_until(rest, std::string_view(", ")) : std::nullopt;
    if (!ip || !state || !is_ip(*ip)) return {};
    if (*state != "RCPT" && *state != "END-OF-MESSAGE" && *state != "MAIL") return {};
    fact.client.ip = *ip;
    maybe_take(rest, ' ');  // before an empty sender
    if (!take_parties(rest, fact)) return {};
    // What a client calls itself stands behind these words only.
    auto end = rest.find(" [sasl_username=");
    if (end == std::string_view::npos) end = rest.find(" [recipient_count=");
    if (end == std::string_view::npos) end = rest.rfind(" [");
    const auto action = rest.substr(0, end);
    if (action.empty() || (end != std::string_view::npos && !rest.ends_with(']'))) return {};
    add_value(fact, "verdict", action);
    add_value(fact, "stage", *state);
    return {LineKind::policyd_verdict, fact};
  }
  auto out = parse_ignored(kIgnored, text);
  return out.kind != LineKind::unrecognised ? out : parse_trouble(kTrouble, text);
}

}  // namespace rastro::companions
