#include "daemon/bounce/dsn.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/address.h"
#include "daemon/bounce/lines.h"
#include "daemon/bounce/original.h"
#include "daemon/bounce/reply.h"

namespace rastro {
namespace {

constexpr std::array kMessageFields = {
    "reporting-mta",     "arrival-date",       "original-envelope-id", "received-from-mta",
    "dsn-gateway",       "x-postfix-sender",   "x-yandex-sender",      "x-original-message-id",
    "x-sendgrid-sender", "original-message-id"};
constexpr std::array kRecipientFields = {"final-recipient",
                                         "original-recipient",
                                         "action",
                                         "status",
                                         "remote-mta",
                                         "diagnostic-code",
                                         "last-attempt-date",
                                         "will-retry-until",
                                         "x-actual-recipient",
                                         "final-log-id",
                                         "x-display-name",
                                         "x-supplementary-info",
                                         "x400-supplementary-info",
                                         "x-notes",
                                         "x-symas-error",
                                         "localized-diagnostic"};
// A recipient's name; a second one of the same kind starts the next recipient.
constexpr std::array kNames = {"final-recipient", "original-recipient", "x-actual-recipient"};

template <typename List>
bool is_in(const List& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

std::string_view field_of(const std::vector<DsnField>& fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &DsnField::name);
  return found == fields.end() ? std::string_view() : std::string_view(found->value);
}

// "X-Postfix-Queue-ID", "X-Exim-Queue-ID", "X-SendGrid-QueueID": each MTA puts its own name in.
bool is_queue_id(std::string_view name) {
  return name.starts_with("x-") && (name.ends_with("-queue-id") || name.ends_with("-queueid"));
}

bool names_recipient(const std::vector<DsnField>& fields) {
  return std::ranges::any_of(fields, [](const DsnField& f) { return is_in(kNames, f.name); });
}

class FieldReader {
 public:
  explicit FieldReader(std::size_t recipients_max) : recipients_max_(recipients_max) {}

  DsnFields run(std::string_view text) {
    for (const auto& line : split_lines(text)) add(line);
    return std::move(out_);
  }

 private:
  void add(const TextLine& line) {
    if (line.text.empty()) {
      last_ = nullptr;
      blank_ = true;
      return;
    }
    const auto length = header_name_length(line.text);
    if (last_ != nullptr && (line.indent > indent_ || goes_on(line.text, length))) {
      if (last_->value.size() < kValueMax) last_->value.append(" ").append(line.text);
      return;
    }
    last_ = nullptr;
    if (length == 0) return;
    auto name = ascii_lower(line.text.substr(0, length));
    const auto value = trim(line.text.substr(line.text.find(':') + 1));
    // Unknown fields keep their continuation away from the field before.
    if (is_in(kMessageFields, name) || is_queue_id(name)) {
      last_ = &out_.message.emplace_back(DsnField{std::move(name), std::string(value)});
    } else if (is_in(kRecipientFields, name)) {
      add_recipient_field(std::move(name), value);
    }
    indent_ = line.indent;
    blank_ = false;
  }

  // A reply whose further lines nobody indented: "550-mx.example.net does not", "rejected:
  // unknown".
  bool goes_on(std::string_view line, std::size_t name_length) const {
    if (last_->name != "diagnostic-code" || line.starts_with('-') || line.starts_with('>'))
      return false;
    const auto name = ascii_lower(line.substr(0, name_length));
    if (is_in(kMessageFields, name) || is_in(kRecipientFields, name)) return false;
    const char first = line.front();
    return (name_length == 0 && first >= '0' && first <= '9') || (first >= 'a' && first <= 'z');
  }

  void add_recipient_field(std::string name, std::string_view value) {
    // "Status:" and "Action:" alone are words of anybody's prose.
    if (out_.recipients.empty() && out_.message.empty() && !is_in(kNames, name) &&
        name != "diagnostic-code" && name != "action")
      return;
    if (starts_next(name)) {
      if (out_.recipients.size() >= recipients_max_) return;
      out_.recipients.emplace_back();
    }
    last_ = &out_.recipients.back().emplace_back(DsnField{std::move(name), std::string(value)});
  }

  bool starts_next(std::string_view name) const {
    if (out_.recipients.empty()) return true;
    const auto& now = out_.recipients.back();
    if (is_in(kNames, name)) {
      if (std::ranges::find(now, name, &DsnField::name) != now.end()) return true;
      return blank_ && names_recipient(now);
    }
    const bool again = std::ranges::find(now, name, &DsnField::name) != now.end();
    return blank_ && again && names_recipient(now);
  }

  static constexpr std::size_t kValueMax = 8'000;
  DsnFields out_;
  DsnField* last_ = nullptr;
  std::size_t indent_ = 0;
  std::size_t recipients_max_;
  bool blank_ = false;
};

// What stands behind "smtp;" or "rfc822;".
std::string_view without_type(std::string_view value) {
  constexpr std::size_t kTypeMax = 30;
  const auto end = value.substr(0, kTypeMax).find(';');
  if (end == std::string_view::npos) return trim(value);
  const auto type = trim(value.substr(0, end));
  const bool token = std::ranges::all_of(type, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
  });
  return token ? trim(value.substr(end + 1)) : trim(value);
}

// RFC 6533: "\x{f1}" in a utf-8-addr-xtext address.
std::string without_escapes(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto close = text.starts_with("\\x{") ? text.find('}') : std::string_view::npos;
    std::uint32_t code = 0;
    if (close != std::string_view::npos &&
        std::from_chars(text.data() + 3, text.data() + close, code, 16).ptr ==
            text.data() + close &&
        code > ' ' && code <= 0xffff) {
      if (code < 0x80) {
        out.push_back(static_cast<char>(code));
      } else if (code < 0x800) {
        out.push_back(static_cast<char>(0xc0U | (code >> 6U)));
        out.push_back(static_cast<char>(0x80U | (code & 0x3fU)));
      } else {
        out.push_back(static_cast<char>(0xe0U | (code >> 12U)));
        out.push_back(static_cast<char>(0x80U | ((code >> 6U) & 0x3fU)));
        out.push_back(static_cast<char>(0x80U | (code & 0x3fU)));
      }
      text.remove_prefix(close + 1);
      continue;
    }
    out.push_back(text.front());
    text.remove_prefix(1);
  }
  return out;
}

void set(Found& into, std::string_view value, std::string_view from, std::size_t bytes_max) {
  if (!into && !trim(value).empty()) into = {tidy(value, bytes_max), from};
}

void apply_recipient(const std::vector<DsnField>& fields, const BounceLimits& limits,
                     BounceRecipient& out) {
  const auto max = limits.value_bytes_max;
  const auto final_name = dsn_address(field_of(fields, "final-recipient"));
  const auto original = dsn_address(field_of(fields, "original-recipient"));
  const auto actual = dsn_address(field_of(fields, "x-actual-recipient"));
  // An X.400 name, the name of a local user, a route ("@host.lmtp:2525@daemon") or a channel's
  // ("juan@ims-daemon"); the address that was written to says more.
  const auto domain = split_address(final_name).domain;
  const bool is_address =
      !final_name.starts_with('@') && domain.find_first_of(".[:") != std::string_view::npos;
  if (!is_address && original.find('@') != std::string::npos)
    set(out.recipient, original, "delivery-status Original-Recipient", max);
  set(out.recipient, final_name, "delivery-status Final-Recipient", max);
  set(out.recipient, actual, "delivery-status X-Actual-Recipient", max);
  set(out.recipient, original, "delivery-status Original-Recipient", max);
  if (!equal_ignoring_case(original, out.recipient.value))
    set(out.original_recipient, original, "delivery-status Original-Recipient", max);
  set(out.action, dsn_action(field_of(fields, "action")), "delivery-status Action", max);
  set(out.remote_mta, dsn_host(field_of(fields, "remote-mta")), "delivery-status Remote-MTA", max);
  set(out.last_attempt_at, field_of(fields, "last-attempt-date"),
      "delivery-status Last-Attempt-Date", max);
  set(out.will_retry_until, field_of(fields, "will-retry-until"),
      "delivery-status Will-Retry-Until", max);
  set(out.diagnostic, without_type(field_of(fields, "diagnostic-code")),
      "delivery-status Diagnostic-Code", max);
  // X.400: "Reason 1 (Unable-To-Transfer); Diagnostic -1 (Unknown)", and what the other MTA said in
  // a field of its own.
  auto supplement = field_of(fields, "x400-supplementary-info");
  if (supplement.empty()) supplement = field_of(fields, "x-supplementary-info");
  while (supplement.starts_with('"')) supplement.remove_prefix(1);
  while (supplement.ends_with('"')) supplement.remove_suffix(1);
  if (!supplement.empty() && out.diagnostic.value.ends_with("(Unknown)"))
    out.diagnostic = {tidy(supplement, max), "delivery-status Diagnostic-Code"};
  const auto reply = best_reply(out.diagnostic.value);
  if (reply.code != 0)
    out.reply_code = {std::to_string(reply.code), "delivery-status Diagnostic-Code"};
  const auto status = first_status(field_of(fields, "status"));
  // x.0.0 says nothing; AOL says 2.0.0 of what failed.
  const bool wrong = status && status->klass == 2 && out.action.value == "failed";
  const bool vague = !status || wrong || (status->subject == 0 && status->detail == 0);
  if (status) out.enhanced_status = {to_string(*status), "delivery-status Status"};
  if (vague && reply.status && reply.status->subject + reply.status->detail != 0)
    out.enhanced_status = {to_string(*reply.status), "delivery-status Diagnostic-Code"};
  if (!out.diagnostic) {
    // "Status: 5.1.1 (bad destination mailbox address)"
    const auto value = field_of(fields, "status");
    const auto open = value.find('(');
    if (open != std::string_view::npos)
      set(out.diagnostic, value.substr(open + 1, value.rfind(')') - open - 1),
          "delivery-status Status", max);
  }
}

// Several blocks about one address: the first that failed, else the first.
void add_recipient(BounceRecipient&& recipient, const BounceLimits& limits, BounceReport& report) {
  for (auto& known : report.recipients) {
    if (!equal_ignoring_case(known.recipient.value, recipient.recipient.value)) continue;
    if (known.action.value != "failed" && recipient.action.value == "failed")
      known = std::move(recipient);
    return;
  }
  if (report.recipients.size() >= limits.recipients_max) {
    ++report.cuts.recipients;
    return;
  }
  report.recipients.push_back(std::move(recipient));
}

}  // namespace

DsnFields find_dsn_fields(std::string_view text, std::size_t recipients_max) {
  auto fields = FieldReader(recipients_max).run(text);
  // A block that names nobody belongs to the one before it, else it was no block.
  std::erase_if(fields.recipients, [](const auto& block) { return !names_recipient(block); });
  return fields;
}

void apply_dsn(const DsnFields& fields, const BounceLimits& limits, BounceReport& report) {
  const auto max = limits.value_bytes_max;
  set(report.reporting_mta, dsn_host(field_of(fields.message, "reporting-mta")),
      "delivery-status Reporting-MTA", max);
  set(report.arrival_date, field_of(fields.message, "arrival-date"), "delivery-status Arrival-Date",
      max);
  set(report.envelope_id, field_of(fields.message, "original-envelope-id"),
      "delivery-status Original-Envelope-Id", max);
  for (const auto name : {"x-original-message-id", "original-message-id"})
    set(report.message_id, field_of(fields.message, name), "delivery-status X-Original-Message-ID",
        max);
  for (const auto name : {"x-postfix-sender", "x-yandex-sender", "x-sendgrid-sender"}) {
    const auto sender = dsn_address(field_of(fields.message, name));
    // Whom the headers name is not who stood on the envelope.
    if (!sender.empty() && report.original_sender.from == kOriginalFrom)
      report.original_sender = {};
    set(report.original_sender, sender, "delivery-status X-Postfix-Sender", max);
  }
  for (const auto& [name, id] : fields.message) {
    if (!is_queue_id(name) || id.empty()) continue;
    std::erase_if(report.queue_ids, [&](const Found& known) { return known.value == id; });
    report.queue_ids.push_back(
        {tidy(std::string_view(id).substr(0, id.find(' ')), max), "delivery-status queue id"});
  }
  for (const auto& block : fields.recipients) {
    BounceRecipient recipient;
    apply_recipient(block, limits, recipient);
    if (recipient.recipient) add_recipient(std::move(recipient), limits, report);
  }
}

std::string dsn_address(std::string_view value) {
  auto address = without_type(without_type(value));  // XWall writes the type twice
  const auto open = address.rfind('<');
  if (open != std::string_view::npos && address.ends_with('>'))
    address = address.substr(open + 1, address.size() - open - 2);
  if (address.starts_with("mailto:")) address.remove_prefix(7);
  // Fields that lost their line ends: "rfc822;a@b smtp_code: 554".
  const auto blank = address.find(' ');
  if (blank != std::string_view::npos && !address.starts_with('"') &&
      address.substr(0, blank).find('@') != std::string_view::npos)
    address = address.substr(0, blank);
  return without_escapes(trim(address));
}

std::string dsn_host(std::string_view value) {
  auto host = without_type(value);
  if (host.starts_with("mta ")) host = trim(host.substr(4));  // "x400; mta a.b in /PRMD=C/ADMD= /"
  if (host.starts_with('<')) host.remove_prefix(1);           // MailMarshal
  host = trim(host.substr(0, host.find_first_of("(|>")));
  const auto blank = host.find(' ');
  if (blank != std::string_view::npos) host = host.substr(0, blank);
  while (host.ends_with('.')) host.remove_suffix(1);
  return std::string(host);
}

std::string_view dsn_action(std::string_view value) {
  const auto word = ascii_lower(value.substr(0, value.find_first_of(" (;")));
  if (word.starts_with("fail") || word == "error" || word == "expired") return "failed";
  if (word.starts_with("delay") || word.starts_with("defer")) return "delayed";
  if (word.starts_with("deliver")) return "delivered";
  if (word.starts_with("relay")) return "relayed";
  if (word.starts_with("expand")) return "expanded";
  return "";
}

}  // namespace rastro
