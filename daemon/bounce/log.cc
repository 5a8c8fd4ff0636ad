#include "daemon/bounce/log.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/address.h"
#include "core/ascii.h"
#include "daemon/bounce/address.h"
#include "daemon/bounce/cause.h"
#include "daemon/bounce/lines.h"

namespace rastro {
namespace {

constexpr std::string_view kFromLog = "a line of a log";
constexpr std::string_view kFromQueue = "a queue's listing";
constexpr std::size_t kLogTextMax = 256 * 1024;
constexpr std::size_t kLogLineMax = 8'000;

// One recipient of one line.
struct LogEntry {
  std::string id;
  std::string address;
  std::string original;
  std::string action;
  std::string status;
  std::string host;
  std::string text;  // why
  std::string_view from = kFromLog;
};

std::string_view view_of(const re2::StringPiece& piece) { return {piece.data(), piece.size()}; }

// What opens a line of a log, behind what a ticket, grep or a quotation put in front.
bool begins_log_line(std::string_view line) {
  static const RE2 form(
      R"(^(?:[>|*\s"'`-]|\S{1,80}?:\d+:|\S{1,80}log\S{0,20}?:)*\[?(?:[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d|\d{1,2}[./ -](?:\d{1,2}|[A-Z][a-z]{2})[./ -]\d{4}[ :]\d\d:\d\d))");
  static const RE2 bare(
      R"(^[>|*\s"'`-]*(?:\w[\w./-]{0,40}\[\d+\]: )?(?:[0-9A-Za-z]{6,20}: to=<|[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4} (?:\*\*|==|[=-]>|<=) ))");
  return RE2::PartialMatch(line, form) || RE2::PartialMatch(line, bare);
}

// Whether a line may be one that a mail program wrapped: nothing else ends there.
bool is_wrapped_line(std::string_view line) {
  constexpr std::size_t kWrapMin = 44, kWrapMax = 82;
  return line.size() >= kWrapMin && line.size() <= kWrapMax;
}

bool is_closed(std::string_view line) {
  return line.ends_with(')') && line.find(", status=") != std::string_view::npos &&
         std::ranges::count(line, '(') == std::ranges::count(line, ')');
}

// The log lines of the text, each whole.
std::vector<std::string> log_lines(std::string_view text) {
  constexpr std::size_t kLinesMax = 2'000;
  std::vector<std::string> out;
  bool open = false;
  for (const auto& line : split_lines(text)) {
    if (begins_log_line(line.text)) {
      if (out.size() >= kLinesMax) break;
      out.emplace_back(line.text.substr(0, kLogLineMax));
    } else if (open && !line.text.empty() && out.back().size() < kLogLineMax) {
      auto rest = line.text;
      while (rest.starts_with('>')) rest = trim(rest.substr(1));
      out.back().append(" ").append(rest);
    } else {
      open = false;
      continue;
    }
    open = is_wrapped_line(line.text) && !is_closed(out.back());
  }
  return out;
}

bool was_sent(std::string_view action) { return action == "delivered" || action == "relayed"; }

// Another server's address behind the relay: what it took is not in a mailbox yet. What speaks LMTP
// has the mailboxes.
bool is_other_server(std::string_view relay, std::string_view line) {
  static const RE2 address(R"(\[(?:\d+\.\d+\.\d+\.\d+|[0-9a-fA-F:]*:[0-9a-fA-F:.]+)\])");
  return RE2::PartialMatch(re2::StringPiece(relay.data(), relay.size()), address) &&
         line.find("/lmtp[") == std::string_view::npos;
}

std::string action_of_postfix(std::string_view status, bool other_server) {
  if (status == "sent" || status == "deliverable") return other_server ? "relayed" : "delivered";
  return status == "bounced" || status == "expired" || status == "undeliverable" ? "failed"
                                                                                 : "delayed";
}

// The text in the parentheses that open at the beginning, as far as they go.
std::string in_parentheses(std::string_view text) {
  if (!text.starts_with('(')) return {};
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
    if (depth == 0) return std::string(text.substr(1, i - 1));
  }
  return std::string(text.substr(1));
}

// Postfix quotes texts with parentheses of their own that need not agree: to the end of the line,
// where that is one.
std::string postfix_text(std::string_view text) {
  text = trim(text);
  if (text.starts_with('(') && text.ends_with(')'))
    return std::string(text.substr(1, text.size() - 2));
  return in_parentheses(text);
}

// "...: 4Jfc...: to=<a@b>, orig_to=<c@d>, relay=..., dsn=5.1.1, status=bounced (host ...)"
std::optional<LogEntry> postfix_entry(const std::string& line) {
  static const RE2 form(
      R"((?:^|[\s>]|: ?)([0-9A-Za-z]{5,20}): to=<([^>]*)>,(?: orig_to=<([^>]*)>,)? relay=([^,]*), (?:[a-z_]+=[^,]*, )*?dsn=([245]\.\d{1,3}\.\d{1,3}), status=(\w+)\s*(.*)$)");
  LogEntry out;
  std::string relay;
  std::string status;
  re2::StringPiece text;
  if (!RE2::PartialMatch(line, form, &out.id, &out.address, &out.original, &relay, &out.status,
                         &status, &text))
    return std::nullopt;
  out.action = action_of_postfix(status, is_other_server(relay, line));
  out.text = postfix_text(view_of(text));
  if (relay != "none") out.host = relay.substr(0, relay.find('['));
  return out;
}

// "NOQUEUE: reject: RCPT from client[192.0.2.7]: 550 5.1.1 why; from=<a@b> to=<c@d> proto=ESMTP":
// that server refused its client. What is refused for now comes again.
std::optional<LogEntry> refusal_entry(const std::string& line) {
  static const RE2 form(
      R"(: (?:NOQUEUE|[0-9A-Za-z]{5,20}): (?:milter-)?reject: \S+ from [^\s\[]*\[[^\]\s]*\](?::\d+)?: (([245])\d\d .*?); (?:from=<[^>]*> )?to=<([^>\s]+@[^>\s]+)>)");
  LogEntry out;
  std::string first;
  if (!RE2::PartialMatch(line, form, &out.text, &first, &out.address)) return std::nullopt;
  out.action = first == "4" ? "delayed" : "failed";
  out.from = kFromRefusal;
  return out;
}

std::string action_of_sendmail(std::string_view stat, std::string_view dsn) {
  if (stat.starts_with("Sent")) return "delivered";
  if (stat.starts_with("Deferred") || stat.starts_with("queued") || dsn.starts_with('4'))
    return "delayed";
  return "failed";
}

// "sendmail[123]: 0B1A...: to=<a@b>,<c@d>, ctladdr=<e@f> (1000/1000), ..., dsn=5.1.1, stat=..."
std::vector<LogEntry> sendmail_entries(const std::string& line) {
  static const RE2 form(
      R"((?:\]: |^|\s)([0-9A-Za-z]{8,20}): to=([^=]*), (?:ctladdr=[^=]*, )?(?:[a-z_]+=[^=]*, )*?stat=(.*)$)");
  static const RE2 dsn(R"(, dsn=([245]\.\d{1,3}\.\d{1,3}), )");
  static const RE2 relay(R"(, relay=\[?([A-Za-z0-9.-]+?)\.?\]?(?:[, ]|$))");
  static const RE2 reply(R"(, reply=([245]\d\d [^=]*), stat=)");
  LogEntry entry;
  std::string to;
  std::string stat;
  if (!RE2::PartialMatch(line, form, &entry.id, &to, &stat)) return {};
  RE2::PartialMatch(line, dsn, &entry.status);
  RE2::PartialMatch(line, relay, &entry.host);
  entry.action = action_of_sendmail(stat, entry.status);
  std::string said;
  if (RE2::PartialMatch(line, reply, &said)) stat = said;
  static const RE2 label(R"(^Deferred: )");
  RE2::Replace(&stat, label, "");
  entry.text = stat;
  std::vector<LogEntry> out;
  for (auto& address : addresses_in(to, 50)) {
    out.push_back(entry);
    out.back().address = std::move(address);
  }
  return out;
}

std::string action_of_exim(std::string_view flag, std::string_view rest) {
  static const RE2 lmtp(R"((?i)\sT=\S*lmtp)");
  if (flag == "**") return "failed";
  if (flag == "==") return "delayed";
  const bool other_server = rest.find(" H=") != std::string_view::npos &&
                            !RE2::PartialMatch(re2::StringPiece(rest.data(), rest.size()), lmtp);
  return other_server ? "relayed" : "delivered";
}

// What stands behind the fields of a line: the first ": " that no field holds.
std::string exim_text(std::string_view rest) {
  static const RE2 cause(
      R"(^.*? ?defer \(-?\d+\)(?: DT=\S+)?(?: H=\S+(?: \[[^\]]*\](?::\d+)?)?)?(?: DT=\S+)?: ?(.*)$)");
  static const RE2 fields(
      R"(^(?: ?(?:[A-Za-z]{1,4}=(?:<[^>]*>|"[^"]*"|\S+?)(?: \[[^\]]*\](?::\d+)?)?))*\s?: (.*)$)");
  std::string text;
  if (RE2::FullMatch(rest, cause, &text) || RE2::FullMatch(rest, fields, &text)) return text;
  return std::string(trim(rest));
}

// "2026-11-30 10:00:01 1aBcDe-... == a@b <c@d> R=dnslookup T=remote_smtp defer (-44): why"
std::optional<LogEntry> exim_entry(const std::string& line) {
  static const RE2 form(
      R"((?:^|\s)([0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}) (\*\*|==|[=*-]>|>>) (\S+?)(?: <([^<>\s]+)>)?(:? .*)$)");
  static const RE2 host(R"(\sH=([A-Za-z0-9.-]+) \[)");
  LogEntry out;
  std::string flag;
  std::string rest;
  if (!RE2::PartialMatch(line, form, &out.id, &flag, &out.address, &out.original, &rest))
    return std::nullopt;
  if (out.address.ends_with(':')) out.address.pop_back();
  if (out.address.find('@') == std::string::npos) out.address = std::exchange(out.original, {});
  out.action = action_of_exim(flag, rest);
  out.text = exim_text(rest);
  RE2::PartialMatch(rest, host, &out.host);
  return out;
}

// "4JfcC62DS0z1c1C*   2412 Tue Dec  1 09:00:00  ana@example.org", and below it "(why)" and for
// whom.
class QueueListing {
 public:
  explicit QueueListing(std::string_view text) {
    for (const auto& line : split_lines(text)) add(trim_marks(line.text));
  }
  std::vector<LogEntry> entries;
  std::vector<std::string> senders;

 private:
  static std::string_view trim_marks(std::string_view line) {
    while (line.starts_with('>')) line = trim(line.substr(1));
    return line;
  }

  void add(std::string_view line) {
    static const RE2 head(
        R"(^([0-9A-Za-z]{8,20})[*!#-]{0,2}\s+\d+ [A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2} \d\d:\d\d(?::\d\d)?\s+(<?[^\s<>]+>?|<>)(?:\s+([(<\w].*))?$)");
    // Exim's -bp: age, size, id, sender; "D" marks who has it already.
    static const RE2 exim(
        R"(^(?:\d+[smhdw]){1,2}\s+[\d.]+[KMG]?\s+([0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4})\s+<([^>\s]*)>(?: .*)?$)");
    std::string sender;
    re2::StringPiece rest;
    if (RE2::FullMatch(line, exim, &id_, &sender)) {
      why_.clear();
      if (!sender.empty()) senders.push_back(clean_address(sender));
    } else if (RE2::FullMatch(line, head, &id_, &sender, &rest)) {
      why_.clear();
      senders.push_back(clean_address(sender));
      read(view_of(rest));
    } else if (line.empty() || line.starts_with("--")) {
      id_.clear();
    } else if (!id_.empty() && !line.starts_with("D ")) {
      read(line);
    }
  }

  // A cause, which may be wrapped, and whom it is of.
  void read(std::string_view line) {
    const bool open = !why_.empty() && why_.front() == '(' && !is_whole();
    if (open || line.starts_with('(')) {
      if (!open) why_.clear();
      if (open) why_.push_back(' ');
      why_.append(line.substr(0, kLogLineMax));
      if (!is_whole() && why_.size() < kLogLineMax) return;
      // A paste without line ends has the recipient behind it.
      const auto own = in_parentheses(why_);
      const auto behind = std::string_view(why_).substr(std::min(own.size() + 2, why_.size()));
      line = line.substr(line.size() - std::min(behind.size(), line.size()));
      why_.resize(std::min(own.size() + 2, why_.size()));
    }
    for (auto& address : addresses_in(line, 50)) {
      LogEntry entry;
      entry.id = id_;
      entry.address = std::move(address);
      entry.action = "delayed";
      static const RE2 label(R"(^Deferred: )");
      entry.text = in_parentheses(why_);
      RE2::Replace(&entry.text, label, "");
      entry.from = kFromQueue;
      entries.push_back(std::move(entry));
    }
  }

  bool is_whole() const { return std::ranges::count(why_, '(') <= std::ranges::count(why_, ')'); }

  std::string id_;
  std::string why_;
};

// The sender of "from=<a@b>, size=" and "<= a@b ".
void add_sender(const std::string& line, std::vector<std::string>& out) {
  static const RE2 form(
      R"((?:[:;] from=<?|[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4} <= |ctladdr=<?)([^\s<>,]+@[^\s<>,]+))");
  std::string address;
  if (RE2::PartialMatch(line, form, &address)) out.push_back(clean_address(address));
}

class LogReader {
 public:
  explicit LogReader(const BounceLimits& limits) : limits_(limits) {}

  void add(const LogEntry& entry) {
    add_id(entry.id);
    if (entry.address.find('@') == std::string::npos) return;
    const auto known = std::ranges::find_if(out.recipients, [&](const BounceRecipient& r) {
      return equal_ignoring_case(r.recipient.value, entry.address);
    });
    if (known == out.recipients.end()) {
      if (out.recipients.size() >= limits_.recipients_max) return;
      out.recipients.push_back(recipient_of(entry));
      ids_.push_back(entry.id);
      return;
    }
    // Handed on to a filter under one id, refused under another.
    auto& id = ids_[static_cast<std::size_t>(known - out.recipients.begin())];
    if (was_sent(entry.action) && !was_sent(known->action.value) && id != entry.id) return;
    id = entry.id;
    auto told = recipient_of(entry);
    // Exim's second "**" says only that it was given up.
    if (entry.text.starts_with("retry timeout exceeded") && known->diagnostic) {
      known->action = told.action;
      return;
    }
    *known = std::move(told);
  }

  PastedLog out;

 private:
  void add_id(const std::string& id) {
    const bool have =
        std::ranges::any_of(out.queue_ids, [&](const auto& q) { return q.value == id; });
    if (!have && !id.empty() && out.queue_ids.size() < limits_.recipients_max)
      out.queue_ids.push_back({id, kFromLog});
  }

  BounceRecipient recipient_of(const LogEntry& entry) const {
    BounceRecipient told;
    told.recipient = {tidy(entry.address, limits_.value_bytes_max), entry.from};
    if (!entry.original.empty())
      told.original_recipient = {tidy(entry.original, limits_.value_bytes_max), entry.from};
    told.action = {entry.action, entry.from};
    if (was_sent(entry.action)) {
      if (entry.action == "relayed") told.remote_mta = {entry.host, entry.from};
      return told;
    }
    describe(entry.text, limits_, told);
    if (!told.diagnostic && !trim(entry.text).empty())
      told.diagnostic = {tidy(entry.text, limits_.value_bytes_max), entry.from};
    if (!told.enhanced_status && !entry.status.empty())
      told.enhanced_status = {entry.status, entry.from};
    if (!told.remote_mta && !entry.host.empty())
      told.remote_mta = {tidy(entry.host, limits_.value_bytes_max), entry.from};
    return told;
  }

  const BounceLimits& limits_;
  std::vector<std::string> ids_;  // under which each recipient was told of last
};

}  // namespace

PastedLog log_in(std::string_view text, const BounceLimits& limits) {
  text = text.substr(0, kLogTextMax);
  LogReader reader(limits);
  for (const auto& line : log_lines(text)) {
    add_sender(line, reader.out.senders);
    if (const auto refused = refusal_entry(line)) {
      reader.add(*refused);
    } else if (const auto postfix = postfix_entry(line)) {
      reader.add(*postfix);
    } else if (const auto exim = exim_entry(line)) {
      reader.add(*exim);
    } else {
      for (const auto& entry : sendmail_entries(line)) reader.add(entry);
    }
  }
  QueueListing listing(text);
  for (const auto& entry : listing.entries) reader.add(entry);
  if (!listing.entries.empty())
    reader.out.senders.insert(reader.out.senders.end(), listing.senders.begin(),
                              listing.senders.end());
  return std::move(reader.out);
}

std::vector<BounceRecipient> refused_by_program(std::string_view text, const BounceLimits& limits) {
  static const RE2 form(
      R"re(u?['"]([^'"\s{}]{1,64}@[^'"\s{}]{1,255})['"]: ?\((\d{3}), ?[bu]?(?:'((?:[^'\\]|\\.)*)|"((?:[^"\\]|\\.)*)))re");
  static const RE2 line_end(R"(\s*\\[nrt]\s*)");
  static const RE2 escape(R"(\\(['"\\]))");
  std::vector<BounceRecipient> out;
  re2::StringPiece rest(text.data(), std::min(text.size(), kLogTextMax));
  std::string address;
  std::string code;
  std::string single;
  std::string both;
  while (RE2::FindAndConsume(&rest, form, &address, &code, &single, &both)) {
    if (out.size() >= limits.recipients_max) break;
    auto said = single.empty() ? std::move(both) : std::move(single);
    RE2::GlobalReplace(&said, line_end, " ");
    RE2::GlobalReplace(&said, escape, R"(\1)");
    out.emplace_back();
    auto& told = out.back();
    told.recipient = {tidy(address, limits.value_bytes_max), kFromProgram};
    told.action = {code.starts_with('4') ? "delayed" : "failed", kFromProgram};
    describe(code.append(" ").append(said), limits, told);
  }
  return out;
}

}  // namespace rastro
