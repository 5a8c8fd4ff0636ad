// Policy verdicts: smtpd(8) restrictions and proxies, milters, postscreen(8)'s own SMTP engine.
#include <array>
#include <utility>

#include "parsers/postfix/internal.h"
#include "parsers/scan.h"

namespace rastro::postfix {
namespace {

using Action = PolicyVerdict::Action;

constexpr std::size_t kCandidatesMax = 16;
constexpr std::size_t kStageBytesMax = 40;

// "<value>" whose value may hold '>' and blanks (a HELO name may): all of it when it ends the line,
// else up to the last '>' that a known field follows.
std::optional<std::string_view> maybe_take_helo(std::string_view& rest) {
  if (!rest.starts_with('<')) return std::nullopt;
  auto end = std::string_view::npos;
  if (rest.ends_with('>')) {
    end = rest.size() - 1;
  } else {
    for (const std::string_view next : {"> sasl_method=", "> sasl_username=", "> orig_"}) {
      if (const auto at = rest.find(next); at != std::string_view::npos) end = at;
      if (end != std::string_view::npos) break;
    }
  }
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  const auto value = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  return value;
}

bool begins_session_fields(std::string_view tail, bool lost) {
  return tail.starts_with(lost ? "from=" : "from=<") || tail.starts_with(lost ? "to=" : "to=<") ||
         tail.starts_with("proto=") || tail.starts_with("helo=<");
}

// Where the address or name that a reply quotes begins: in front of all that could be a field, for
// a bracket behind that may be a field's own, which a client fills as it likes.
std::optional<std::size_t> quoted_at(std::string_view text) {
  const auto open = text.find('<');
  if (open == std::string_view::npos) return std::nullopt;
  for (auto at = text.find("; "); at < open; at = text.find("; ", at + 1)) {
    if (begins_session_fields(text.substr(at + 2), false)) return std::nullopt;
  }
  return open;
}

// "550 5.1.1 <a@b>: Recipient address rejected", from its bracket on.
bool is_about(std::string_view quoted, std::optional<std::string_view> value) {
  if (quoted.empty() || !value || value->empty()) return false;
  const auto inside = quoted.substr(1);
  return inside.size() > value->size() && inside.starts_with(*value) &&
         inside[value->size()] == '>';
}

// "550 5.1.1 <"a; to=<b>"@c>: text; from=<...": behind the address that the reply begins with,
// quotes followed, and with that same address in the fields: no quoted local part can be taken for
// them.
bool split_behind_address(std::string_view text, PolicyVerdict& out) {
  const auto open = quoted_at(text);
  if (!open) return false;
  auto rest = text.substr(*open);
  const auto address = maybe_take_address(rest);
  if (!address || address->empty()) return false;
  std::size_t tried = 0;
  for (auto at = text.find("; ", text.size() - rest.size());
       at != std::string_view::npos && tried < kCandidatesMax; at = text.find("; ", at + 1)) {
    const auto tail = text.substr(at + 2);
    if (!begins_session_fields(tail, false)) continue;
    ++tried;
    auto candidate = out;
    candidate.reply_text = text.substr(0, at);
    if (!take_session_fields(tail, candidate, Brackets::there)) continue;
    if (candidate.recipient != address && candidate.envelope_sender != address &&
        candidate.helo != address) {
      continue;
    }
    out = candidate;
    return true;
  }
  return false;
}

// Splits "text; from=<a> to=<b> proto=ESMTP helo=<h>". Both the text and the fields quote what a
// client said, so a forged "; from=<" may stand before or behind the true one: what agrees with the
// address in the text wins, else the first place where all the rest is fields, which is all there
// is to go by where the text quotes nothing.
bool split_reply_and_fields(std::string_view text, PolicyVerdict& out, Brackets brackets) {
  const bool lost = brackets == Brackets::lost;
  const auto open = quoted_at(text);
  std::optional<PolicyVerdict> first;
  std::size_t tried = 0;
  for (auto at = text.find("; "); at != std::string_view::npos; at = text.find("; ", at + 1)) {
    const auto tail = text.substr(at + 2);
    if (!begins_session_fields(tail, lost)) continue;
    if (++tried > kCandidatesMax) break;
    auto candidate = out;
    candidate.reply_text = text.substr(0, at);
    if (!take_session_fields(tail, candidate, brackets)) continue;
    const auto quoted = open && *open < at ? text.substr(*open, at - *open) : std::string_view();
    if (is_about(quoted, candidate.recipient) || is_about(quoted, candidate.envelope_sender) ||
        is_about(quoted, candidate.helo)) {
      out = candidate;
      return true;
    }
    if (!first) first = candidate;
  }
  // So many are somebody's doing: the true one may be behind them, unless the reply quotes nothing.
  if (!first || (tried > kCandidatesMax && open)) return false;
  out = *first;
  return true;
}

bool split_reply_and_fields(std::string_view text, PolicyVerdict& out) {
  return split_behind_address(text, out) || split_reply_and_fields(text, out, Brackets::there) ||
         split_reply_and_fields(text, out, Brackets::lost);
}

// "<a>: Sender address triggers REDIRECT b@c": where to.
void read_target(PolicyVerdict& out) {
  constexpr std::pair<Action, std::string_view> kMarks[] = {
      {Action::redirect, " triggers REDIRECT "},
      {Action::filter, " triggers FILTER "},
      {Action::bcc, " triggers BCC "}};
  for (const auto& [action, mark] : kMarks) {
    if (out.action != action) continue;
    const auto at = out.reply_text.rfind(mark);
    if (at != std::string_view::npos) out.target = out.reply_text.substr(at + mark.size());
  }
}

// "553 5.7.1 <a>: Sender address rejected: not owned by user ana" (smtpd_check.c): who had logged
// in, which the fields behind it do not say before 3.10.
void read_login(PolicyVerdict& out) {
  if (out.action != Action::reject || out.login) return;
  auto text = out.reply_text;
  if (!maybe_take_until(text, std::string_view(" <"))) return;
  text = out.reply_text.substr(out.reply_text.size() - text.size() - 1);
  if (!maybe_take_address(text)) return;
  if (maybe_take(text, ": Sender address rejected: not owned by user ") && !text.empty()) {
    out.login = text;
  }
}

// A line that was cut before its fields says in its reply whom it is about (smtpd_check.c). Not
// where there is more than one bracket: a client may have written the first.
void read_quoted_address(PolicyVerdict& out) {
  auto text = out.reply_text;
  if (text.find('>') != text.rfind('>')) return;
  if (!maybe_take_until(text, std::string_view(" <"))) return;
  text = out.reply_text.substr(out.reply_text.size() - text.size() - 1);
  const auto address = maybe_take_address(text);
  if (!address || address->find('@') == std::string_view::npos) return;
  if (text.starts_with(": Recipient address rejected") ||
      text.starts_with(": Relay access denied")) {
    out.recipient = *address;
  } else if (text.starts_with(": Sender address rejected")) {
    out.envelope_sender = *address;
  }
}

LineKind kind_of(Action action) {
  switch (action) {
    case Action::reject:
      return LineKind::postfix_reject;
    case Action::proxy_accept:
    case Action::proxy_reject:
    case Action::client_accepted:
      return LineKind::postfix_proxy;
    default:
      return LineKind::postfix_policy;
  }
}

LineKind finish(PolicyVerdict& out) {
  const auto codes = reply_codes_of(out.reply_text);
  out.reply_code = codes.code;
  out.enhanced_status = codes.enhanced_status;
  if (!out.enhanced_status) {  // a milter's text may have the enhanced code alone
    auto text = out.reply_text;
    out.enhanced_status = maybe_take_enhanced_status(text);
  }
  read_target(out);
  read_login(out);
  return kind_of(out.action);
}

}  // namespace

std::optional<Action> policy_action_of(std::string_view word) {
  constexpr std::pair<std::string_view, Action> kActions[] = {
      {"reject", Action::reject},     {"reject_warning", Action::reject_warning},
      {"hold", Action::hold},         {"discard", Action::discard},
      {"redirect", Action::redirect}, {"filter", Action::filter},
      {"warn", Action::warn},         {"warning", Action::warn},
      {"info", Action::info},         {"prepend", Action::prepend},
      {"replace", Action::replace},   {"strip", Action::replace},
      {"pass", Action::info},         {"bcc", Action::bcc},
      {"permit", Action::permit},     {"delay", Action::info},
  };
  // "milter-reject" (src/smtpd/smtpd_milter.c, src/cleanup/cleanup_milter.c),
  // "milter-header-filter" (milter_header_checks).
  if (maybe_take(word, "milter-")) {
    if (word == "header-add" || word == "header-delete") return Action::replace;
    if (word == "quarantine") return Action::hold;
    for (const std::string_view where : {"header-", "mime-header-", "nested-header-", "body-"}) {
      if (maybe_take(word, where)) break;
    }
  }
  for (const auto& [name, action] : kActions) {
    if (name == word) return action;
  }
  return std::nullopt;
}

namespace {

// A word without brackets, or nothing. What a client said has its brackets where it said it, so
// that none of it passes for a field that lost them.
std::optional<std::string_view> maybe_take_bare_value(std::string_view& rest) {
  const auto value = rest.substr(0, rest.find_first_of(" ,"));
  if (value.find_first_of("<>") != std::string_view::npos) return std::nullopt;
  rest.remove_prefix(value.size());
  return value;
}

// The value of from= or to=, nothing where it was lost with its brackets.
bool take_address_field(std::string_view& rest, Brackets brackets,
                        std::optional<std::string_view>& out) {
  if (brackets == Brackets::there || rest.starts_with('<')) {
    out = maybe_take_address(rest);
    return out.has_value();
  }
  const auto value = maybe_take_bare_value(rest);
  if (value && !value->empty()) out = *value;
  return value.has_value();
}

}  // namespace

bool take_session_fields(std::string_view tail, PolicyVerdict& out, Brackets brackets) {
  bool any = false;
  while (!tail.empty()) {
    const auto name = maybe_take_until(tail, '=');
    if (!name) return false;
    if (*name == "from" || *name == "to") {
      auto& address = *name == "from" ? out.envelope_sender : out.recipient;
      if (!take_address_field(tail, brackets, address)) return false;
    } else if (*name == "helo") {
      const bool bare = brackets == Brackets::lost && !tail.starts_with('<');
      const auto value = bare ? maybe_take_bare_value(tail) : maybe_take_helo(tail);
      if (!value) return false;
      if (!bare || !value->empty()) out.helo = *value;
    } else if (*name == "proto") {
      const auto value = maybe_take_word(tail);
      if (!value) return false;
      out.protocol = *value;
      if (out.protocol.ends_with(',')) out.protocol.remove_suffix(1);  // postscreen(8)
    } else if (*name == "sasl_username") {  // since 3.10; may hold blanks
      out.login = tail.substr(0, tail.find(" sasl_sender="));
      tail.remove_prefix(out.login->size());
    } else if (*name == "sasl_method" || *name == "sasl_sender" || *name == "orig_client" ||
               *name == "orig_queue_id") {
      if (!maybe_take_word(tail)) return false;
    } else {
      return false;
    }
    any = true;
    if (!tail.empty() && !maybe_take(tail, ", ") && !maybe_take(tail, ' ')) {
      return false;
    }
  }
  return any;
}

namespace {

LineKind read_verdict(std::string_view text, PolicyVerdict& out) {
  const auto word = maybe_take_until(text, std::string_view(": "));
  if (!word) return LineKind::unrecognised;
  const bool proxied = *word == "proxy-accept" || *word == "proxy-reject";
  if (proxied) {
    out.action = *word == "proxy-accept" ? Action::proxy_accept : Action::proxy_reject;
    const auto stage = maybe_take_until(text, std::string_view(": "));
    if (!stage || stage->size() > kStageBytesMax) return LineKind::unrecognised;
    out.stage = *stage;
    if (!split_reply_and_fields(text, out)) return LineKind::unrecognised;
    return finish(out);
  }
  const auto action = policy_action_of(*word);
  if (!action) return LineKind::unrecognised;
  out.action = *action;
  // Where a log has lost the stage and the client: "reject: 451 4.3.5 Server configuration error".
  if (reply_codes_of(text).code != 0) {
    if (!split_reply_and_fields(text, out)) out.reply_text = text;
    return finish(out);
  }
  const auto stage = maybe_take_until(text, std::string_view(" from "));
  if (!stage || stage->size() > kStageBytesMax) return LineKind::unrecognised;
  out.stage = *stage;
  if (!maybe_take_peer(text, out.client) || !maybe_take(text, ": ")) return LineKind::unrecognised;
  if (!split_reply_and_fields(text, out)) {
    out.reply_text = text;
    if (out.reply_text.ends_with(';')) out.reply_text.remove_suffix(1);
    if (out.action == Action::reject) read_quoted_address(out);
  }
  return finish(out);
}

}  // namespace

ParsedLine parse_verdict(std::string_view id, std::string_view text) {
  return read_event<PolicyVerdict>(id, [&](PolicyVerdict& out) { return read_verdict(text, out); });
}

}  // namespace rastro::postfix
