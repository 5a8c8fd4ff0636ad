// SPF policy servers: policyd-spf in Python (spf-engine, policyd_spf.py) and
// postfix-policyd-spf-perl. Neither knows a queue id: client, sender and recipient are the keys.
#include <algorithm>
#include <iterator>

#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

// "identity=mailfrom; client-ip=192.0.2.1; helo=h; envelope-from=a@x; receiver=b@y": HELO name and
// addresses are strangers'.
bool read_fields(std::string_view text, CompanionFact& fact) {
  bool any = false;
  while (!text.empty()) {
    const auto name = maybe_take_until(text, '=');
    if (!name) return any;
    // A quoted local part may hold the next field's name; the receiver stands last.
    const auto last = *name == "envelope-from" ? text.rfind("; receiver=") : std::string_view::npos;
    const auto end = last != std::string_view::npos ? last : std::min(text.find(';'), text.size());
    const auto value = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (maybe_take(text, ' ')) {
    }
    if (*name == "client-ip" && fact.client.ip.empty()) {
      fact.client.ip = value;
      if (!is_ip(value)) return false;
    } else if (*name == "envelope-from" && !fact.envelope_sender) {
      fact.envelope_sender = unbracketed(value);
    } else if (*name == "receiver" && !fact.recipient) {
      const auto trimmed = value.substr(0, value.find_last_not_of(' ') + 1);
      if (trimmed != "<UNKNOWN>") fact.recipient = trimmed;
    } else if (*name == "identity" || *name == "helo") {
      add_value(fact, *name, value);
    }
    any = true;
  }
  return any;
}

constexpr std::string_view kResults[] = {
    "Pass", "Fail", "Softfail", "Neutral", "None", "Temperror", "Permerror",
    "pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"};

std::string_view maybe_take_result(std::string_view& text) {
  for (const auto result : kResults) {
    if (maybe_take(text, result)) return result;
  }
  return {};
}

// "Received-SPF: Pass (mailfrom) identity=mailfrom; ..."
bool read_header(std::string_view text, CompanionFact& fact) {
  const auto result = maybe_take_result(text);
  if (result.empty()) return false;
  add_value(fact, "verdict", result);
  if (maybe_take(text, " (")) {
    // The remark may hold parentheses; fields begin with "identity=".
    const auto at = text.find(") identity=");
    if (at == std::string_view::npos) return false;
    add_value(fact, "detail", text.substr(0, at));
    text.remove_prefix(at + 2);
  } else if (!maybe_take(text, ' ')) {
    return false;
  }
  return read_fields(text, fact);
}

bool is_action(std::string_view word) {
  constexpr std::string_view kActions[] = {"prepend", "reject", "defer", "dunno", "okay", "none"};
  return std::ranges::find(kActions, word) != std::end(kActions);
}

ParsedLine parse_python(std::string_view text) {
  CompanionFact fact;
  fact.source = "policyd-spf";
  if (maybe_take(text, "Action: ")) {
    // 2.9 leaves ": Text:" out: "Action: prepend Received-SPF: ...".
    auto action = maybe_take_until(text, std::string_view(": Text: "));
    if (!action) action = maybe_take_until(text, ' ');
    if (!action || !is_action(*action)) return {};
    add_value(fact, "action", *action);
    if (const auto at = text.rfind(" Reject action: "); at != std::string_view::npos) {
      text = text.substr(0, at);
    }
  } else if (maybe_take(text, "prepend ") || maybe_take(text, "PREPEND ")) {
    add_value(fact, "action", "prepend");
  }
  if (maybe_take(text, "Received-SPF: ")) {
    return read_header(text, fact) ? ParsedLine{LineKind::policyd_spf_verdict, fact} : ParsedLine{};
  }
  if (maybe_take(text, "X-Comment: ")) {
    const auto at = text.find(" - client-ip=");
    if (at == std::string_view::npos) return {};
    add_value(fact, "verdict", text.substr(0, at));
    text.remove_prefix(at + 3);
    return read_fields(text, fact) ? ParsedLine{LineKind::policyd_spf_verdict, fact} : ParsedLine{};
  }
  // "Pass; identity=mailfrom; ..."
  const auto result = maybe_take_result(text);
  if (result.empty() || !maybe_take(text, "; ")) return {};
  add_value(fact, "verdict", result);
  return read_fields(text, fact) ? ParsedLine{LineKind::policyd_spf_verdict, fact} : ParsedLine{};
}

constexpr FactForm kForms[] = {
    {"550 {} Message rejected due to: {}. Please see {}", "enhanced detail url", "reject"},
    {"451 {} Message temporarily deferred due to: {}. Please see {}", "enhanced detail url",
     "defer"},
    {"451 {} Message temporarily rejected due to: {}", "enhanced detail", "defer"},
    {"prepend X-Comment: SPF not applicable to localhost connection - skipped check", "",
     "not checked: local client"},
    {"prepend Authentication-Results: {}", "authentication_results", ""},
    {"spfcheck: pyspf result: {}", "result", ""},
    {"SPF {}: HELO/EHLO: {?}, IP Address: {}, Recipient: {}", "verdict helo ip to", ""},
    {"SPF {}: HELO/EHLO (Null Sender): {?}, IP Address: {}, Recipient: {}", "verdict helo ip to",
     ""},
    {"SPF {}: Envelope-from: {?}, IP Address: {}, Recipient: {}", "verdict from ip to", ""},
    {"SPF not applicable to localhost connection - skipped check", "", "not checked: local client"},
    {"HELO check failed - Mail::SPF->new({?}, {?}, {?}) failed: {}", "ip from helo detail",
     "not checked: error"},
    {"HELO check failed - {}", "detail", "not checked: error"},
    {"Mail From (sender) check failed - {}", "detail", "not checked: error"},
    // Mail::SPF::Query, before postfix-policyd-spf-perl 2
    {"SPF {}: smtp_comment={}, header_comment={}", "verdict detail remark", ""},
    {"SPF {}: HELO/EHLO (Null Sender): {?}", "verdict helo", ""},
    {"SPF {}: HELO/EHLO: {?}", "verdict helo", ""},
    {"SPF {}: Envelope-from: {?}", "verdict from", ""},
    {"Policy action=PREPEND {}", "header", "pass"},
    {"Policy action={}", "action", ""},
    {"handler {}: is decisive.", "handler", ""},
    {"handler {}: {}", "handler response", ""},
    {"decided action={}", "action", ""},
    {"Attribute: {}={?}", "attribute value", "asked"},
    {"testing: stripped sender={?}, stripped rcpt={}", "from to", "asked"},
};
constexpr KnownForm kIgnored[] = {
    {"not peruser", "spf_engine/policyd_spf.py"},
    {"peruser", "spf_engine/policyd_spf.py"},
    {"Starting", "spf_engine/policyd_spf.py"},
    {"Normal exit", "spf_engine/policyd_spf.py"},
    {"Found the end of entry", "spf_engine/policyd_spf.py"},
    {"Config: {}", "spf_engine/policyd_spf.py"},
    {"Cached data for this instance: {}", "spf_engine/policyd_spf.py"},
    {"Read line: {}", "policyd-spf"},
    {"warning: ignoring garbage: {}", "postfix-policyd-spf-perl"},
    {"ERROR: Could not match line {}", "policyd-spf"},
    {"Traceback (most recent call last):", "spf_engine/policyd_spf.py"},
};

}  // namespace

ParsedLine parse_policyd_spf(const LineHeader& /*header*/, std::string_view text) {
  // Versions that print a queue id do so even where there is none.
  std::string_view id;
  for (auto rest = text; const auto word = maybe_take_until(rest, std::string_view(": "));) {
    if (!word->empty() && (!id.empty() || !is_queue_id(*word))) break;
    if (!word->empty()) id = *word;
    text = rest;
  }
  auto out = parse_python(text);
  if (out.kind == LineKind::unrecognised) {
    out = parse_fact("policyd-spf", LineKind::policyd_spf_verdict, kForms, text);
  }
  if (auto* fact = std::get_if<CompanionFact>(&out.event)) fact->queue_id = id;
  return out.kind == LineKind::unrecognised ? parse_ignored(kIgnored, text) : out;
}

}  // namespace rastro::companions
