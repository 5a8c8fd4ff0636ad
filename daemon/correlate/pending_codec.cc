#include "daemon/correlate/pending_codec.h"

#include <cstdint>

#include "core/varint.h"

namespace rastro {
namespace {

constexpr char kVersion = 8;
constexpr char kVersionOfPlainCount = 7;  // had a number of refused commands always
constexpr std::uint64_t kNotKnownThen = std::uint64_t{1} << 30;
constexpr char kVersionBefore = 6;  // did not count refused commands
constexpr std::size_t kItemsMax = 1000;
constexpr std::size_t kBytesUsual = 160;  // with the text of a client and some lines

void put(std::string& out, std::uint64_t value) { append_varint(out, value); }
void put(std::string& out, std::string_view text) {
  put(out, text.size());
  out.append(text);
}
void put(std::string& out, const Endpoint& endpoint) {
  put(out, std::string_view(endpoint.host));
  put(out, std::string_view(endpoint.ip));
  put(out, std::uint64_t{endpoint.port});
}
void put(std::string& out, LineRef line) {
  put(out, std::uint64_t{line.source});
  put(out, line.offset);
  put(out, std::uint64_t{line.length});
}
// 0: none, else its size + 1.
template <typename Text>
void put_maybe(std::string& out, const Text& text) {
  put(out, text ? std::uint64_t{text->size()} + 1 : 0);
  if (text) out.append(*text);
}
void put(std::string& out, const std::optional<std::string>& text) { put_maybe(out, text); }
void put(std::string& out, const MaybeText& text) { put_maybe(out, text); }
void put(std::string& out, Time at) {
  put(out, static_cast<std::uint64_t>(at.time_since_epoch().count()));
}
void put(std::string& out, const EarlyVerdict& verdict) {
  put(out, static_cast<std::uint64_t>(verdict.action));
  put(out, verdict.at);
  put(out, std::string_view(verdict.stage));
  put(out, verdict.envelope_sender);
  put(out, verdict.recipient);
  put(out, verdict.helo);
  put(out, std::string_view(verdict.reply_text));
  put(out, std::string_view(verdict.target));
  put(out, verdict.line);
}
void put(std::string& out, const MailboxNote& note) {
  put(out, static_cast<std::uint64_t>(note.what));
  put(out, note.at);
  put(out, std::string_view(note.source));
  put(out, std::string_view(note.folder));
  put(out, std::string_view(note.text));
  put(out, note.line);
  put(out, std::string_view(note.account));
  put(out, std::string_view(note.session));
}
void put(std::string& out, const std::vector<LegHandle>& legs) {
  put(out, legs.size());
  for (const auto& leg : legs) {  // any 64 bits: no smaller as a varint
    for (unsigned shift = 0; shift < 64; shift += 8) {
      out.push_back(static_cast<char>(leg.id >> shift));
    }
  }
}

struct Reader {
  std::string_view left;
  bool good = true;

  std::uint64_t number() {
    const auto value = take_varint(left);
    if (!value) good = false;
    return value.value_or(0);
  }
  std::uint64_t leg_id() {
    std::uint64_t id = 0;
    if (left.size() < sizeof id) {
      good = false;
      return 0;
    }
    for (unsigned i = 0; i < sizeof id; ++i) {
      id |= static_cast<std::uint64_t>(static_cast<unsigned char>(left[i])) << (8 * i);
    }
    left.remove_prefix(sizeof id);
    return id;
  }
  std::string text() { return text_of_size(number()); }
  std::string text_of_size(std::uint64_t size) {
    if (size > left.size()) {
      good = false;
      return {};
    }
    std::string value(left.substr(0, size));
    left.remove_prefix(size);
    return value;
  }
  std::uint64_t count() {
    const auto value = number();
    if (value > kItemsMax) good = false;
    return good ? value : 0;
  }
  Endpoint endpoint() {
    Endpoint out;
    out.host = text();
    out.ip = text();
    out.port = static_cast<std::uint16_t>(number());
    return out;
  }
  LineRef line() {
    LineRef out;
    out.source = static_cast<std::uint32_t>(number());
    out.offset = number();
    out.length = static_cast<std::uint32_t>(number());
    return out;
  }
  Time time() { return Time(Duration(static_cast<std::int64_t>(number()))); }
  std::optional<std::string> maybe_text() {
    const auto size = number();
    return size == 0 ? std::nullopt : std::optional(text_of_size(size - 1));
  }
  EarlyVerdict verdict() {
    EarlyVerdict out;
    const auto action = number();
    if (action > static_cast<std::uint64_t>(PolicyVerdict::Action::proxy_reject)) good = false;
    out.action = static_cast<PolicyVerdict::Action>(action);
    out.at = time();
    out.stage = text();
    out.envelope_sender = maybe_text();
    out.recipient = maybe_text();
    out.helo = maybe_text();
    out.reply_text = text();
    out.target = text();
    out.line = line();
    return out;
  }
  EarlyFact fact() {
    EarlyFact out;
    out.fact.source = text();
    out.fact.name = text();
    out.fact.value = text();
    out.line = line();
    return out;
  }
  MailboxNote mailbox() {
    MailboxNote out;
    const auto what = number();
    if (what > static_cast<std::uint64_t>(MailboxResult::What::deferred)) good = false;
    out.what = static_cast<MailboxResult::What>(what);
    out.at = time();
    out.source = text();
    out.folder = text();
    out.text = text();
    out.line = line();
    out.account = text();
    out.session = text();
    return out;
  }
  std::vector<LegHandle> legs() {
    std::vector<LegHandle> out(count());
    for (auto& leg : out) leg.id = leg_id();
    return out;
  }
};

}  // namespace

std::string encode_session(const Session& session) {
  std::string out;
  out.reserve(kBytesUsual);
  out.push_back(kVersion);
  put(out, session.last_at);
  put(out, session.client);
  put(out, session.tls);
  put(out, session.tls_peer);
  put(out, session.lines.size());
  for (const auto& line : session.lines) put(out, line);
  put(out, session.legs);
  put(out, session.refused);
  put(out, session.refused_before);
  put(out, session.verdicts.size());
  for (const auto& verdict : session.verdicts) put(out, verdict);
  put(out, session.unreached.size());
  for (const auto& host : session.unreached) {
    put(out, host.at);
    put(out, host.relay);
    put(out, std::string_view(host.text));
    put(out, host.line);
  }
  put(out, session.facts.size());
  for (const auto& [fact, line] : session.facts) {
    put(out, std::string_view(fact.source));
    put(out, std::string_view(fact.name));
    put(out, std::string_view(fact.value));
    put(out, line);
  }
  put(out, session.mailboxes.size());
  for (const auto& note : session.mailboxes) put(out, note);
  put(out, std::uint64_t{session.refusals});
  // 0: not known.
  put(out, session.commands_refused ? std::uint64_t{*session.commands_refused} + 1 : 0);
  return out;
}

bool decode_session(std::string_view value, Session& session) {
  if (value.empty() || value[0] < kVersionBefore || value[0] > kVersion) return false;
  Reader in{value.substr(1)};
  session.last_at = in.time();
  session.client = in.endpoint();
  session.tls = in.maybe_text();
  session.tls_peer = in.maybe_text();
  session.lines.resize(in.count());
  for (auto& line : session.lines) line = in.line();
  session.legs = in.legs();
  session.refused = in.legs();
  session.refused_before = in.legs();
  session.verdicts.resize(in.count());
  for (auto& verdict : session.verdicts) verdict = in.verdict();
  session.unreached.resize(in.count());
  for (auto& host : session.unreached) {
    host.at = in.time();
    host.relay = in.endpoint();
    host.text = in.text();
    host.line = in.line();
  }
  session.facts.resize(in.count());
  for (auto& fact : session.facts) fact = in.fact();
  session.mailboxes.resize(in.count());
  for (auto& mailbox : session.mailboxes) mailbox = in.mailbox();
  session.refusals = static_cast<std::uint32_t>(in.number());
  session.commands_refused.reset();
  if (value[0] == kVersionBefore) return in.good && in.left.empty();
  const auto commands = in.number();
  if (value[0] == kVersionOfPlainCount) {
    // What was not known then was written as a number that no session reaches.
    if (commands < kNotKnownThen) session.commands_refused = static_cast<std::uint32_t>(commands);
  } else if (commands > 0) {
    session.commands_refused = static_cast<std::uint32_t>(commands - 1);
  }
  return in.good && in.left.empty();
}

}  // namespace rastro
